"""What a run may be told, and what Studio shows of it."""

import pytest
from pydantic import ValidationError

from avengers_graph.plans import STRATEGIES
from avengers_graph.settings.call_params import PASSED_ON
from avengers_graph.settings.context import Context
from avengers_graph.voting import KINDS

NODES = {"embed", "retrieve_cluster", "select_experts", "sample", "vote"}


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


def test_every_answer_kind_may_be_named() -> None:
    assert Context.model_json_schema()["properties"]["answer_kind"]["enum"] == ["auto", *KINDS]


def test_the_strategies_are_named_in_the_description() -> None:
    description = Context.model_json_schema()["properties"]["strategy"]["description"]
    assert all(name in description for name in STRATEGIES)


def test_the_call_parameters_have_a_schema() -> None:
    properties = Context.model_json_schema()["properties"]["params"]["properties"]
    assert set(properties) == PASSED_ON
    assert (properties["temperature"]["minimum"], properties["temperature"]["maximum"]) == (0, 2)
    assert properties["max_tokens"]["type"] == "integer"
    assert all(schema["description"] for schema in properties.values())
