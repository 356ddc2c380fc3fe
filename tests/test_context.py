"""What a run may be told, and how settings lie over defaults."""

from typing import Any

import pytest
from pydantic import ValidationError

from avengers_graph.context import (
    Context,
    check_tool_choice,
    checked_params,
    forced_tool,
    needed_capabilities,
)
from avengers_graph.errors import ConfigError
from avengers_graph.plans import STRATEGIES


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


TOOL = {"type": "function", "function": {"name": "add"}}
ADD = {"type": "function", "function": {"name": "add"}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 2.5),
        ("temperature", True),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("top_p", -0.1),
        ("stop", [1]),
        ("tools", "add"),
        ("tools", [1]),
        ("tools", [{"type": "function", "function": {}}]),
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
    check_tool_choice({"tools": [TOOL], "tool_choice": choice})


@pytest.mark.parametrize(
    "params",
    [
        {"tool_choice": "required"},
        {"tool_choice": ADD},
        {"tools": [TOOL], "tool_choice": "add"},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "sub"}}},
    ],
)
def test_choices_that_cannot(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="tool_choice is"):
        check_tool_choice(params)


def test_which_tool_must_be_called() -> None:
    other = {"type": "function", "function": {"name": "sub"}}
    assert forced_tool({"tools": [TOOL, other], "tool_choice": ADD}) == "add"
    assert forced_tool({"tools": [TOOL], "tool_choice": "required"}) == "add"
    assert forced_tool({"tools": [TOOL, other], "tool_choice": "required"}) is None
    assert forced_tool({"tools": [TOOL], "tool_choice": "auto"}) is None
    assert forced_tool({}) is None


def test_the_body_may_not_set_what_the_engine_decides() -> None:
    with pytest.raises(ConfigError, match="extra_body may not set 'n'"):
        checked_params({"extra_body": {"n": 3, "cache_prompt": True}})


NODES = {"embed", "retrieve_cluster", "select_experts", "sample", "vote"}


def test_given_settings_lie_over_defaults() -> None:
    defaults = Context(samples=5, alpha=0.3)
    merged = Context(samples=3).over(defaults)
    assert (merged.samples, merged.alpha, merged.beta) == (3, 0.3, None)


def test_a_setting_may_be_put_back_to_its_default() -> None:
    assert Context(samples=8).over(Context(samples=5)).samples == 8
    assert Context(temperature=None).over(Context(temperature=0.2)).temperature is None


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="sample"):
        Context.model_validate({"sample": 3})


def test_assignments_are_checked() -> None:
    with pytest.raises(ValidationError):
        Context().samples = 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": 257},
        {"deadline": 0},
        {"max_cost": 0},
        {"temperature": 2.5},
        {"beta": -1},
        {"beta": float("inf")},
    ],
)
def test_ranges(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Context.model_validate(wrong)


def test_every_field_is_described_and_shown_at_a_node() -> None:
    properties = Context.model_json_schema()["properties"]
    for name, field in properties.items():
        assert field["description"].endswith("."), name
        assert set(field["langgraph_nodes"]) <= NODES, name
        assert field["langgraph_nodes"], name


def test_the_strategies_are_named_in_the_description() -> None:
    description = Context.model_json_schema()["properties"]["strategy"]["description"]
    assert all(name in description for name in STRATEGIES)
