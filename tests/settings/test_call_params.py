"""The parameters that experts are passed: which there are, and what each may be."""

from typing import Any

import pytest

from avengers_graph.errors import ConfigError
from avengers_graph.settings.call_params import (
    check_tool_choice,
    checked_params,
    forced_tool,
    needed_capabilities,
)

ADD = {"type": "function", "function": {"name": "add"}}


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
        ({"tools": [{"type": "web_search"}]}, ["tools"]),
        ({"response_format": {"type": "json_object"}}, ["json_mode"]),
        ({"response_format": {"type": "json_schema"}}, ["json_schema"]),
        ({"response_format": {"type": "text"}}, []),
        ({"logprobs": True, "tools": [{}]}, ["tools", "logprobs"]),
        ({"logprobs": False}, []),
    ],
)
def test_what_an_expert_must_support(params: dict[str, Any], needs: list[str]) -> None:
    assert needed_capabilities(params) == needs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 2.5),
        ("temperature", True),
        ("temperature", "0.5"),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("top_p", -0.1),
        ("stop", [1]),
        ("tools", "add"),
        ("tools", [1]),
        ("tools", [{"type": "function", "function": {}}]),
        ("tool_choice", 1),
        ("response_format", {"type": "xml"}),
        ("extra_body", 3),
        ("seed", "a"),
        ("logprobs", 1),
        ("top_logprobs", 21),
    ],
)
def test_a_value_that_no_expert_can_take_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is .*; it must be"):
        checked_params({name: value})


@pytest.mark.parametrize("choice", ["auto", "none", "required", ADD, None])
def test_choices_that_can_be_met(choice: Any) -> None:
    check_tool_choice({"tools": [ADD], "tool_choice": choice})


@pytest.mark.parametrize(
    "params",
    [
        {"tool_choice": "required"},
        {"tool_choice": ADD},
        {"tools": [ADD], "tool_choice": "add"},
        {"tools": [ADD], "tool_choice": {"type": "function", "function": {"name": "sub"}}},
    ],
)
def test_choices_that_cannot(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="tool_choice is"):
        check_tool_choice(params)


def test_which_tool_must_be_called() -> None:
    other = {"type": "function", "function": {"name": "sub"}}
    assert forced_tool({"tools": [ADD, other], "tool_choice": ADD}) == "add"
    assert forced_tool({"tools": [ADD], "tool_choice": "required"}) == "add"
    assert forced_tool({"tools": [ADD, other], "tool_choice": "required"}) is None
    assert forced_tool({"tools": [ADD], "tool_choice": "auto"}) is None
    assert forced_tool({}) is None


def test_the_body_may_not_set_what_the_engine_decides() -> None:
    with pytest.raises(ConfigError, match="extra_body may not set 'n'"):
        checked_params({"extra_body": {"n": 3, "cache_prompt": True}})


def test_every_parameter_is_taken_as_it_is() -> None:
    given = {
        "extra_body": {"min_p": 0.1},
        "frequency_penalty": -2,
        "logprobs": True,
        "max_tokens": 1,
        "parallel_tool_calls": False,
        "presence_penalty": 2.0,
        "response_format": {"type": "json_schema", "json_schema": {"schema": {}}},
        "seed": -(2**62),
        "stop": "END",
        "strict": True,
        "temperature": 0,
        "tool_choice": ADD,
        "tools": [ADD, {"type": "web_search", "filters": None}],
        "top_logprobs": 20,
        "top_p": 1,
    }
    assert checked_params(given) == given


def test_parameters_are_a_mapping() -> None:
    with pytest.raises(ConfigError, match="are 3; give a mapping"):
        checked_params(3)  # type: ignore[arg-type]
