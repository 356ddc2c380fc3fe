"""A plan: what it may hold, whom it asks, and when it ends before its last round."""

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from avengers_graph.errors import ConfigError
from avengers_graph.plans import (
    STOP_RULES,
    Ask,
    Peers,
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
    margin_reached,
)
from avengers_graph.voting import WEIGHTINGS
from avengers_graph.voting.ballots import PLACES

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
        {"rounds": [{**ROUND, "stop": {"rule": "margin", "threshold": -1}}]},
        {"rounds": [{**ROUND, "stop": {"rule": "margin", "threshold": float("inf")}}]},
        {"rounds": [{"calls": [{"samples": 1, "expert": {"within": 1.1}}]}]},
        {"rounds": [{"calls": [{"samples": 1, "expert": {"delta": 0.1}}]}]},
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


PEERS = Peers(within=0.07)
SCORES = {"a": 0.80, "b": 0.78, "c": 0.73, "d": 0.72, "e": 0.85}


@pytest.mark.parametrize(
    ("samples", "turns", "ranked", "asks"),
    [
        (2, 0, "abcd", [Ask("b", 1), Ask("c", 1)]),
        (1, 1, "abcd", [Ask("c", 1)]),
        (3, 1, "abcd", [Ask("b", 1), Ask("c", 2)]),
        (2, 0, "ad", [Ask("a", 2)]),
        (2, 7, "a", [Ask("a", 2)]),
        (2, 0, "ae", [Ask("e", 2)]),
        (2, 0, "axb", [Ask("b", 2)]),
    ],
)
def test_peers_take_turns(samples: int, turns: int, ranked: str, asks: list[Ask]) -> None:
    """c is exactly as far below a as allowed; x is an expert without a score."""
    round_ = planned((PEERS, samples))
    assert asks_for(round_, list(ranked), scores=SCORES, turns=turns) == asks


def test_turns_go_on_from_round_to_round() -> None:
    plan = Plan(rounds=[planned((0, 2)), planned((PEERS, 3)), planned((PEERS, 2))])
    turns = [plan.turns_before(number) for number in range(3)]
    assert turns == [0, 0, 3]
    asked = [
        asks_for(each, ["a", "b", "c"], scores=SCORES, turns=before)
        for each, before in zip(plan.rounds, turns, strict=True)
    ]
    assert asked == [[Ask("a", 2)], [Ask("b", 2), Ask("c", 1)], [Ask("b", 1), Ask("c", 1)]]


def test_a_call_within_one_round_goes_on_where_the_one_before_it_ended() -> None:
    asks = asks_for(planned((PEERS, 1), (0, 1), (PEERS, 1)), ["a", "b", "c"], scores=SCORES)
    assert asks == [Ask("a", 1), Ask("b", 1), Ask("c", 1)]


def standing(
    votes: list[int], *, agreement: float = 0.0, unbeatable: bool = False, **fields: Any
) -> Standing:
    return Standing(agreement=agreement, votes=votes, unbeatable=unbeatable, **fields)


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
    assert not margin_reached(standing([]), 0.0)


@settings(max_examples=100, deadline=None)
@given(
    weight=st.floats(0.05, 8.0),
    ahead=st.integers(1, 4),
    behind=st.integers(0, 4),
    others=st.lists(st.floats(0.05, 8.0), max_size=3),
)
def test_a_margin_is_reached_exactly_at_it(
    weight: float, ahead: int, behind: int, others: list[float]
) -> None:
    """Weights are sums as a tally makes them: that they are rounded plays no part."""
    second = round(math.fsum([weight] * behind), PLACES)
    first = round(math.fsum([weight] * (behind + ahead)), PLACES)
    weights = [first, second, *(min(w, second) for w in others)]
    at = standing([ahead, behind], weights=weights, best_weight=weight)
    assert margin_reached(at, ahead)
    assert not margin_reached(at, ahead + 1e-6)


def test_a_margin_need_not_be_reached_by_a_leader_that_cannot_be_beaten() -> None:
    assert margin_reached(standing([1], weights=[0.1], unbeatable=True), 2.0)


def test_a_leader_by_support_that_weighs_less_has_no_margin() -> None:
    assert not margin_reached(standing([1, 2], weights=[1.0, 2.0]), 0.0)


def test_a_rule_without_a_threshold_takes_its_usual_one() -> None:
    two = standing([2], agreement=1.0, weights=[2.0])
    assert StopRule(rule="margin").is_met(two)
    assert not StopRule(rule="margin", threshold=3).is_met(two)
    assert StopRule(rule="agreement").is_met(two)
    assert not StopRule(rule="agreement").is_met(standing([3, 1], agreement=0.75))


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
