"""Which samples are ballots, as what, and for how much."""

from typing import Any

import pytest

from avengers_graph.ballots import Ballots, counted_after, counted_before
from avengers_graph.plans import Plan
from avengers_graph.types import Ending, SampleRecord
from avengers_graph.voting import WEIGHTINGS
from tests.states import SCORES, answered, ended, state_of

ONE_ROUND = Plan.model_validate({"rounds": [{"calls": [{"samples": 8}]}]})


def plan(**fields: Any) -> Plan:
    return ONE_ROUND.model_copy(update=fields)


def ballots_of(*samples: SampleRecord, given: Plan = ONE_ROUND, **settings: Any) -> Ballots:
    parse = settings.pop("parse", None)
    return Ballots(state_of(*samples, **settings), given, samples, parse=parse)


@pytest.mark.parametrize(
    ("how", "counts"),
    [
        ("failed", True),
        ("replaced", False),
        ("decided", False),
        ("over_budget", False),
        ("out_of_time", False),
    ],
)
def test_only_what_nobody_took_over_is_an_abstention(how: Ending, counts: bool) -> None:
    verdict = ballots_of(answered("13", index=0), ended(how, index=1)).verdict()
    assert verdict.abstained == ([1] if counts else [])
    assert verdict.agreement == (0.5 if counts else 1.0)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_ballot_weighs_by_the_plans_weighting(weighting: str) -> None:
    samples = [answered("13", index=0), answered("14", index=1, expert="beta")]
    verdict = ballots_of(*samples, given=plan(weighting=weighting)).verdict()
    weigh = WEIGHTINGS[weighting]
    assert verdict.answer == "13", "the better-ranked expert wins the tie"
    assert [row["weight"] for row in verdict.tally] == [
        pytest.approx(weigh(SCORES[name])) for name in ("alpha", "beta")
    ]


def test_a_sample_to_come_may_weigh_as_much_as_that_of_any_expert() -> None:
    weighted = plan(weighting="score")
    samples = [answered("14", index=0, expert="beta"), answered("14", index=1, expert="beta")]
    ballots = ballots_of(*samples, given=weighted, answer_kind="number")
    assert not ballots.is_decided(1), "0.8 may be beaten by alpha's 0.9"
    ballots.add(answered("14", index=2, expert="beta"))
    assert ballots.is_decided(1)


def test_what_cannot_be_read_as_the_data_asked_for_abstains() -> None:
    samples = [answered(text, index=index) for index, text in enumerate(["a=1", "nothing", "a=1"])]

    def parse(record: SampleRecord) -> Any:
        name, found, value = record["text"].partition("=")
        return {name: int(value)} if found else None

    verdict = ballots_of(*samples, parse=parse, answer_kind="json").verdict()
    assert verdict.answer == '{"a": 1}'
    assert verdict.abstained == [1]


def test_an_answer_that_is_not_what_the_call_asked_for_abstains() -> None:
    schema = {"type": "object", "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    texts = ['{"b": 1}', '{"b": 1}', '{"a": 1}']
    samples = [answered(text, index=index) for index, text in enumerate(texts)]
    verdict = ballots_of(*samples, params={"response_format": form}).verdict()
    assert (verdict.answer, verdict.abstained) == ('{"a": 1}', [0, 1])


def test_samples_of_earlier_rounds_count_where_the_plan_says_so() -> None:
    before, now = answered("13", index=0), answered("14", index=1, round=1)
    state = state_of(before, now)
    assert counted_after(state, plan()) == [before, now]
    assert counted_after(state, plan(counted="last")) == [now]
    assert counted_before(state_of(before), plan()) == [before]
    assert counted_before(state_of(before), plan(counted="last")) == []


def test_where_nobody_sums_up_the_answers_before_count() -> None:
    before, failed = answered("13", index=0), ended("failed", index=1, round_number=1)
    assert counted_after(state_of(before, failed), plan(counted="last")) == [before, failed]
