"""Strategies as plans."""

from pathlib import Path

import pytest

from avengers_graph.errors import ConfigError
from avengers_graph.plans import (
    STOP_RULES,
    STRATEGIES,
    Peers,
    Plan,
    Standing,
    make_plan,
    plan_is_done,
    planned_samples,
)
from avengers_graph.plans.strategies import split_evenly
from avengers_graph.voting import WEIGHTINGS

CLOSE = Peers(within=0.07)

Calls = list[tuple[int | str | Peers, int]]


def calls_of(plan: Plan) -> list[Calls]:
    return [[(c.expert, c.samples) for c in planned.calls] for planned in plan.rounds]


@pytest.mark.parametrize(
    ("samples", "experts", "shares"),
    [(8, 1, [8]), (8, 2, [4, 4]), (8, 3, [3, 3, 2]), (2, 3, [1, 1]), (1, 5, [1])],
)
def test_what_does_not_divide_goes_to_the_better_ranked(
    samples: int, experts: int, shares: list[int]
) -> None:
    split = split_evenly(samples, experts)
    assert [(c.expert, c.samples) for c in split] == list(enumerate(shares))


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
        ("sequential", [[(0, 2)], [(CLOSE, 2)], [(CLOSE, 2)], [(CLOSE, 2)]]),
        ("boosted", [[(0, 3), (1, 3), (2, 2)]]),
        ("aggregation", [[(0, 3), (1, 3), (2, 2)], [(0, 1)]]),
        ("mixture-of-agents", [[(0, 3), (1, 3), (2, 2)], [(0, 1), (1, 1), (2, 1)], [(0, 1)]]),
    ],
)
def test_each_strategy(strategy: str, rounds: list[Calls]) -> None:
    plan = make_plan(strategy, samples=8, top_experts=3)
    assert calls_of(plan) == rounds
    assert planned_samples(plan) == sum(samples for calls in rounds for _, samples in calls)


def test_the_docs_tell_of_every_row() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
    rows = [*STRATEGIES, *STOP_RULES, *WEIGHTINGS]
    assert [name for name in rows if f"`{name}`" not in docs] == []


def test_every_strategy_is_told_of_here() -> None:
    assert list(STRATEGIES) == [
        "direct",
        "self-consistency",
        "multi-model",
        "model-switch",
        "fast-slow",
        "slow-fast",
        "adaptive",
        "sequential",
        "boosted",
        "aggregation",
        "mixture-of-agents",
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("samples", [1, 2, 3, 7, 64, 256])
@pytest.mark.parametrize("top_experts", [1, 2, 5])
def test_plans_ask_for_what_was_wanted(strategy: str, samples: int, top_experts: int) -> None:
    plan = make_plan(strategy, samples=samples, top_experts=top_experts)
    asked = [planned for planned in plan.rounds if not planned.shown]
    counted = sum(call.samples for planned in asked for call in planned.calls)
    assert counted == (1 if strategy == "direct" else samples)
    assert all(call.samples > 0 for planned in plan.rounds for call in planned.calls)


@pytest.mark.parametrize("strategy", ["model-switch", "fast-slow", "slow-fast"])
def test_the_second_expert_is_asked_where_the_first_agrees_with_itself_too_little(
    strategy: str,
) -> None:
    plan = make_plan(strategy, samples=10, top_experts=1)
    for agreement, done in ((0.8, True), (0.79, False), (0.6, False)):
        standing = Standing(agreement=agreement, votes=[4, 1], unbeatable=False)
        assert plan_is_done(plan, standing, finished_round=0) is done


def test_adaptive_goes_on_until_its_leader_is_safe() -> None:
    plan = make_plan("adaptive", samples=16, top_experts=1)
    for votes, done in (([4], True), ([3], False), ([5, 1], False), ([7, 1], True)):
        standing = Standing(agreement=1.0, votes=votes, unbeatable=False)
        assert plan_is_done(plan, standing, finished_round=0) is done


def test_sequential_is_content_with_two_answers_of_the_best_that_agree() -> None:
    plan = make_plan("sequential", samples=8, top_experts=1)
    for weights, done in (
        ([3.0], True),
        ([1.5, 1.5], False),
        ([4.4, 1.5], False),
        ([4.5, 1.5], True),
    ):
        standing = Standing(
            agreement=1.0, votes=[2, 1], unbeatable=False, weights=weights, best_weight=1.5
        )
        assert plan_is_done(plan, standing, finished_round=0) is done


@pytest.mark.parametrize(("samples", "sizes"), [(1, [1]), (2, [2]), (3, [2, 1]), (5, [2, 2, 1])])
def test_sequential_asks_in_twos(samples: int, sizes: list[int]) -> None:
    plan = make_plan("sequential", samples=samples, top_experts=1)
    assert [sum(count for _, count in calls) for calls in calls_of(plan)] == sizes


def test_an_unknown_strategy_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="unknown strategy 'best'; choose one of direct, self"):
        make_plan("best", samples=8, top_experts=1)


def test_a_plan_of_ones_own_comes_first() -> None:
    own = make_plan("boosted", samples=1, top_experts=1)
    plans = {"mine": own, "direct": own}
    for strategy in plans:
        assert make_plan(strategy, samples=8, top_experts=1, own=plans) == own
    with pytest.raises(ConfigError, match="choose one of mine, direct, "):
        make_plan("best", samples=8, top_experts=1, own=plans)
