"""When a plan may end before its last round."""

import random

import pytest

from avengers_graph.plans import plan_is_done
from avengers_graph.plans.stopping import agreement_reached, is_met, leader_is_safe
from avengers_graph.values import Plan, PlannedRound, StopRule


def test_agreement() -> None:
    assert agreement_reached(agreement=0.75, votes=[3, 1], threshold=0.75)
    assert not agreement_reached(agreement=0.74, votes=[3, 1], threshold=0.75)


@pytest.mark.parametrize("votes", [[4], [3, 1], [5, 5, 2], [0], [2, 2]])
def test_the_posterior_is_that_of_a_beta_distribution(votes: list[int]) -> None:
    """Against the share of draws from Beta(v1+1, v2+1) that lie above one half."""
    draw = random.Random(0)
    second = votes[1] if len(votes) > 1 else 0
    draws = [draw.betavariate(votes[0] + 1, second + 1) > 0.5 for _ in range(20000)]
    share = sum(draws) / len(draws)
    assert leader_is_safe(agreement=0, votes=votes, threshold=share - 0.02)
    assert not leader_is_safe(agreement=0, votes=votes, threshold=share + 0.02)


def test_nothing_is_safe_without_votes() -> None:
    assert not leader_is_safe(agreement=0, votes=[], threshold=0.5)


def test_four_alike_are_safe_and_three_are_not() -> None:
    assert leader_is_safe(agreement=1, votes=[4], threshold=0.95)
    assert not leader_is_safe(agreement=1, votes=[3], threshold=0.95)


def test_a_round_without_a_rule_goes_on() -> None:
    assert not is_met(None, agreement=1.0, votes=[8])


def test_when_a_plan_is_done() -> None:
    rule = StopRule(rule="agreement", threshold=0.9)
    rounds = [
        PlannedRound(calls=[], temperature=None, stop=stop, shown=False) for stop in (rule, None)
    ]
    plan = Plan(name="two", weighting="uniform", counted="all", rounds=rounds)
    assert plan_is_done(plan, finished_round=0, agreement=1.0, votes=[2])
    assert not plan_is_done(plan, finished_round=0, agreement=0.5, votes=[1, 1])
    assert plan_is_done(plan, finished_round=1, agreement=0.1, votes=[1, 1])
