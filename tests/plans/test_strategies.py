"""Strategies as plans."""

import pytest

from avengers_graph.errors import ConfigError
from avengers_graph.plans import STRATEGIES, make_plan, planned_samples
from avengers_graph.plans.strategies import split_evenly
from avengers_graph.types import Plan

Calls = list[tuple[int | str, int]]


def calls_of(plan: Plan) -> list[Calls]:
    return [[(c["expert"], c["samples"]) for c in planned["calls"]] for planned in plan["rounds"]]


@pytest.mark.parametrize(
    ("samples", "experts", "shares"),
    [(8, 1, [8]), (8, 2, [4, 4]), (8, 3, [3, 3, 2]), (2, 3, [1, 1]), (1, 5, [1])],
)
def test_what_does_not_divide_goes_to_the_better_ranked(
    samples: int, experts: int, shares: list[int]
) -> None:
    split = split_evenly(samples, experts)
    assert [(c["expert"], c["samples"]) for c in split] == list(enumerate(shares))


@pytest.mark.parametrize(
    ("strategy", "rounds"),
    [
        ("direct", [[(0, 1)]]),
        ("self-consistency", [[(0, 8)]]),
        ("multi-model", [[(0, 3), (1, 3), (2, 2)]]),
        ("model-switch", [[(0, 4)], [(1, 4)]]),
        ("fast-slow", [[("fast", 4)], [("thinking", 4)]]),
        ("slow-fast", [[("thinking", 4)], [("fast", 4)]]),
        ("adaptive", [[(0, 4)], [(0, 2)], [(0, 2)]]),
        ("boosted", [[(0, 3), (1, 3), (2, 2)]]),
        ("aggregation", [[(0, 3), (1, 3), (2, 2)], [(0, 1)]]),
        ("mixture-of-agents", [[(0, 3), (1, 3), (2, 2)], [(0, 1), (1, 1), (2, 1)], [(0, 1)]]),
    ],
)
def test_each_strategy(strategy: str, rounds: list[Calls]) -> None:
    plan = make_plan(strategy, samples=8, top_experts=3)
    assert plan["name"] == strategy
    assert calls_of(plan) == rounds
    assert planned_samples(plan) == sum(samples for calls in rounds for _, samples in calls)


def test_every_strategy_is_told_of_here() -> None:
    assert list(STRATEGIES) == [
        "direct",
        "self-consistency",
        "multi-model",
        "model-switch",
        "fast-slow",
        "slow-fast",
        "adaptive",
        "boosted",
        "aggregation",
        "mixture-of-agents",
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("samples", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("top_experts", [1, 2, 5])
def test_plans_ask_for_what_was_wanted(strategy: str, samples: int, top_experts: int) -> None:
    plan = make_plan(strategy, samples=samples, top_experts=top_experts)
    asked = [planned for planned in plan["rounds"] if not planned["shown"]]
    counted = sum(call["samples"] for planned in asked for call in planned["calls"])
    assert counted == (1 if strategy == "direct" else samples)
    assert all(call["samples"] > 0 for planned in plan["rounds"] for call in planned["calls"])


def test_an_unknown_strategy_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="unknown strategy 'best'; choose one of direct, self"):
        make_plan("best", samples=8, top_experts=1)


def test_a_plan_of_ones_own_comes_first() -> None:
    own = {**make_plan("direct", samples=1, top_experts=1), "name": "mine"}
    plans = {"mine": own, "direct": own}
    for strategy in plans:
        assert make_plan(strategy, samples=8, top_experts=1, own=plans) == own
    with pytest.raises(ConfigError, match="choose one of mine, direct, "):
        make_plan("best", samples=8, top_experts=1, own=plans)
