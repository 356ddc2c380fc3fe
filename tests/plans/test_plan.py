"""A plan: what it may hold, whom it asks, and when it ends before its last round."""

import random
from typing import Any

import pytest
from pydantic import ValidationError

from avengers_graph.errors import ConfigError
from avengers_graph.plans import (
    STOP_RULES,
    Ask,
    Plan,
    PlannedCall,
    PlannedRound,
    Standing,
    StopRule,
    asks_for,
    checked_plans,
    plan_is_done,
)
from avengers_graph.plans.plan import (
    ExpertRef,
    agreement_reached,
    lead_is_unbeatable,
    leader_is_safe,
)
from avengers_graph.voting import WEIGHTINGS

ROUND = {"calls": [{"samples": 2}]}


def test_the_form_of_the_yaml_is_that_of_the_state() -> None:
    stop = {"rule": "agreement", "threshold": 0.8}
    rounds = [{**ROUND, "stop": stop}, {"calls": [{"expert": "thinking", "samples": 1}]}]
    given = {"rounds": rounds, "weighting": "score"}
    plain = Plan.model_validate(given).model_dump()
    assert plain == {
        "rounds": [
            {
                "calls": [{"expert": 0, "samples": 2}],
                "temperature": None,
                "stop": stop,
                "shown": False,
            },
            {
                "calls": [{"expert": "thinking", "samples": 1}],
                "temperature": None,
                "stop": None,
                "shown": False,
            },
        ],
        "weighting": "score",
        "counted": "all",
    }
    assert Plan.model_validate(plain) == Plan.model_validate(given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": []},
        {"rounds": [{"calls": []}]},
        {"rounds": [{"calls": [{"samples": 0}]}]},
        {"rounds": [{"calls": [{"samples": 1, "expert": -1}]}]},
        {"rounds": [{"calls": [{"samples": 1, "expert": "slow"}]}]},
        {"rounds": [{**ROUND, "stop": {"rule": "luck", "threshold": 0.5}}]},
        {"rounds": [{**ROUND, "stop": {"rule": "agreement", "threshold": 1.5}}]},
        {"rounds": [ROUND], "weighting": "none"},
        {"rounds": [ROUND], "name": "mine"},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate(wrong)


def test_plans_of_ones_own_are_checked_by_name() -> None:
    plan = Plan.model_validate({"rounds": [ROUND]})
    assert checked_plans({"a": plan, "b": {"rounds": [ROUND]}}) == {"a": plan, "b": plan}
    with pytest.raises(ConfigError, match=r"^plans: b\.rounds\.0\.cals: unknown field"):
        checked_plans({"a": plan, "b": {"rounds": [{**ROUND, "cals": []}]}})


def test_every_row_of_the_registries_may_be_named() -> None:
    schema = Plan.model_json_schema()
    assert schema["properties"]["weighting"]["enum"] == list(WEIGHTINGS)
    assert schema["$defs"]["StopRule"]["properties"]["rule"]["enum"] == list(STOP_RULES)


def planned(*calls: tuple[ExpertRef, int]) -> PlannedRound:
    listed = [PlannedCall(expert=expert, samples=samples) for expert, samples in calls]
    return PlannedRound(calls=listed)


@pytest.mark.parametrize(
    ("calls", "ranked", "asks"),
    [
        ([(0, 3)], ["a", "b"], [Ask("a", 3)]),
        ([(1, 2), (0, 1)], ["a", "b"], [Ask("a", 1), Ask("b", 2)]),
        ([(0, 2), (1, 2), (2, 2)], ["a", "b"], [Ask("a", 4), Ask("b", 2)]),
        ([(0, 1), (1, 1), (2, 1)], ["a"], [Ask("a", 3)]),
        ([("fast", 2), ("thinking", 1)], ["a", "t", "b"], [Ask("a", 2), Ask("t", 1)]),
        ([("fast", 1)], ["t", "a", "b"], [Ask("a", 1)]),
        ([("thinking", 1)], ["a", "b"], [Ask("a", 1)]),
    ],
)
def test_who_is_asked(
    calls: list[tuple[ExpertRef, int]], ranked: list[str], asks: list[Ask]
) -> None:
    assert asks_for(planned(*calls), ranked, thinking=frozenset({"t"})) == asks


def standing(votes: list[int], *, agreement: float = 0.0, unbeatable: bool = False) -> Standing:
    return Standing(agreement=agreement, votes=votes, unbeatable=unbeatable)


def test_agreement() -> None:
    assert agreement_reached(standing([3, 1], agreement=0.75), 0.75)
    assert not agreement_reached(standing([3, 1], agreement=0.74), 0.75)


def test_unbeatable_looks_at_nothing_else() -> None:
    assert lead_is_unbeatable(standing([1, 1], unbeatable=True), 1.0)
    assert not lead_is_unbeatable(standing([9], agreement=1.0), 0.0)


@pytest.mark.parametrize("votes", [[4], [3, 1], [5, 5, 2], [0], [2, 2]])
def test_the_posterior_is_that_of_a_beta_distribution(votes: list[int]) -> None:
    """Against the share of draws from Beta(v1+1, v2+1) that lie above one half."""
    draw = random.Random(0)
    second = votes[1] if len(votes) > 1 else 0
    draws = [draw.betavariate(votes[0] + 1, second + 1) > 0.5 for _ in range(20000)]
    share = sum(draws) / len(draws)
    assert leader_is_safe(standing(votes), share - 0.02)
    assert not leader_is_safe(standing(votes), share + 0.02)


def test_nothing_is_safe_without_votes() -> None:
    assert not leader_is_safe(standing([]), 0.5)


def test_four_alike_are_safe_and_three_are_not() -> None:
    assert leader_is_safe(standing([4]), 0.95)
    assert not leader_is_safe(standing([3]), 0.95)


def test_when_a_plan_is_done() -> None:
    rule = StopRule(rule="agreement", threshold=0.9)
    calls = [PlannedCall(samples=1)]
    plan = Plan(rounds=[PlannedRound(calls=calls, stop=stop) for stop in (rule, None, None)])
    assert plan_is_done(plan, standing([2], agreement=1.0), finished_round=0)
    assert not plan_is_done(plan, standing([1, 1], agreement=0.5), finished_round=0)
    assert not plan_is_done(plan, standing([8], agreement=1.0), finished_round=1), "has no rule"
    assert plan_is_done(plan, standing([1, 1], agreement=0.1), finished_round=2)
