"""When a plan may end before its last round."""

import random

import pytest

from avengers_graph.plans import Standing, plan_is_done
from avengers_graph.plans.stopping import (
    agreement_reached,
    is_met,
    lead_is_unbeatable,
    leader_is_safe,
)
from avengers_graph.types import Plan, PlannedRound, StopRule


def _standing(votes: list[int], *, agreement: float = 0.0, unbeatable: bool = False) -> Standing:
    return Standing(agreement=agreement, votes=votes, unbeatable=unbeatable)


def test_agreement() -> None:
    assert agreement_reached(_standing([3, 1], agreement=0.75), 0.75)
    assert not agreement_reached(_standing([3, 1], agreement=0.74), 0.75)


def test_unbeatable_looks_at_nothing_else() -> None:
    assert lead_is_unbeatable(_standing([1, 1], unbeatable=True), 1.0)
    assert not lead_is_unbeatable(_standing([9], agreement=1.0), 0.0)


@pytest.mark.parametrize("votes", [[4], [3, 1], [5, 5, 2], [0], [2, 2]])
def test_the_posterior_is_that_of_a_beta_distribution(votes: list[int]) -> None:
    """Against the share of draws from Beta(v1+1, v2+1) that lie above one half."""
    draw = random.Random(0)
    second = votes[1] if len(votes) > 1 else 0
    draws = [draw.betavariate(votes[0] + 1, second + 1) > 0.5 for _ in range(20000)]
    share = sum(draws) / len(draws)
    assert leader_is_safe(_standing(votes), share - 0.02)
    assert not leader_is_safe(_standing(votes), share + 0.02)


def test_nothing_is_safe_without_votes() -> None:
    assert not leader_is_safe(_standing([]), 0.5)


def test_four_alike_are_safe_and_three_are_not() -> None:
    assert leader_is_safe(_standing([4]), 0.95)
    assert not leader_is_safe(_standing([3]), 0.95)


def test_a_round_without_a_rule_goes_on() -> None:
    assert not is_met(None, _standing([8], agreement=1.0))


def test_when_a_plan_is_done() -> None:
    rule = StopRule(rule="agreement", threshold=0.9)
    rounds = [
        PlannedRound(calls=[], temperature=None, stop=stop, shown=False) for stop in (rule, None)
    ]
    plan = Plan(name="two", weighting="uniform", counted="all", rounds=rounds)
    assert plan_is_done(plan, _standing([2], agreement=1.0), finished_round=0)
    assert not plan_is_done(plan, _standing([1, 1], agreement=0.5), finished_round=0)
    assert plan_is_done(plan, _standing([1, 1], agreement=0.1), finished_round=1)
