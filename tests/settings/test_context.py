"""What a run may be told, and how settings lie over defaults."""

import pytest
from pydantic import ValidationError

from avengers_graph.plans import STRATEGIES
from avengers_graph.settings.context import Context

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
