"""Parameters passed on to experts."""

from typing import Any

import pytest

from avengers_graph.errors import ConfigError
from avengers_graph.settings.parameters import checked_params, needed_capabilities


def test_what_was_not_given_is_left_out() -> None:
    assert checked_params({"stop": ["x"], "seed": None, "top_p": 0}) == {"stop": ["x"], "top_p": 0}


@pytest.mark.parametrize("name", ["temprature", "n", "stream", "model", "messages"])
def test_what_is_not_on_the_list_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"unknown call parameter '{name}'"):
        checked_params({name: 1, "stop": ["x"]})


@pytest.mark.parametrize(
    ("params", "needs"),
    [
        ({}, []),
        ({"tools": []}, []),
        ({"tools": [{}]}, ["tools"]),
        ({"response_format": {"type": "json_object"}}, ["json_mode"]),
        ({"response_format": {"type": "json_schema"}}, ["json_schema"]),
        ({"response_format": {"type": "text"}}, []),
        ({"logprobs": True, "tools": [{}]}, ["tools", "logprobs"]),
        ({"logprobs": False}, []),
    ],
)
def test_what_an_expert_must_support(params: dict[str, Any], needs: list[str]) -> None:
    assert needed_capabilities(params) == needs
