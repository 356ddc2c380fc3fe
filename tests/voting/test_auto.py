"""How ``auto`` settles on a kind, and gives one up."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.voting import KINDS, Tally, empty_tally, extract_answer, vote
from avengers_graph.voting.ballots import WEIGHTINGS

PRIME = "Is 7 prime?"
SAMPLES = [
    "\\boxed{7}", "7", "The answer is 7.", "\\boxed{x+1}", "\\boxed{1+x}", "yes", "Yes.", "no",
    "Paris", "Paris.", "I do not know.", "", "B", "1 May 2021", "Let me think.",
    {"text": "\\boxed{7} and", "finish_reason": "length", "error": None},
    {"text": "", "error": "HTTP 500", "finish_reason": None},
]  # fmt: skip
QUESTIONS = (PRIME, "How many?", "Who won?", "Which?\nA. dog\nB. cat", None)


def test_a_kind_that_most_samples_abstain_under_is_given_up() -> None:
    verdict = vote(["\\boxed{7}", "7", "8", "yes"], question="Is there a number here?")
    assert (verdict.kind, verdict.answer, verdict.tried) == ("number", "7", ["yes_no"])
    assert verdict.to_dict()["tried"] == ["yes_no"]


@pytest.mark.parametrize("kind", ["yes_no", "number"])
def test_a_kind_that_was_asked_for_is_kept(kind: str) -> None:
    verdict = vote(["Paris", "Paris"], question="Is it here?", kind=kind)
    assert (verdict.kind, verdict.answer, verdict.tried) == (kind, None, [])


def test_half_of_the_samples_keep_the_kind_of_the_question() -> None:
    verdict = vote(["yes", "yes", "7", "7"], question=PRIME)
    assert (verdict.kind, verdict.tried) == ("yes_no", [])


def test_words_are_a_second_try_only_where_two_agree() -> None:
    assert vote(["Let me think.", "Who knows?"], question="How many?").answer is None
    verdict = vote(["Mesozoic", "The Mesozoic", "Jura"], question="How many?")
    assert (verdict.kind, verdict.tried) == ("text", ["number"])
    assert extract_answer("Let me think.", question="How many?") is None


def test_the_options_of_a_question_are_all_its_answers() -> None:
    assert vote(["wolf", "wolf"], question="Which?\nA. dog\nB. cat").answer is None


def test_samples_that_say_they_do_not_know_give_nothing_up() -> None:
    verdict = vote(["I do not know.", "It depends.", "yes"], question=PRIME)
    assert (verdict.kind, verdict.answer) == ("yes_no", "yes")


def test_a_kind_that_may_still_be_given_up_is_not_decided() -> None:
    tally = Tally(question=PRIME)
    for index, text in enumerate(["yes", "yes", "yes", "7", "8"]):
        tally.add(index, text)
    assert tally.is_decided([1.0])
    assert not tally.is_decided([1.0] * 2)


@settings(max_examples=120, deadline=None)
@given(
    picks=st.lists(st.integers(0, len(SAMPLES) - 1), min_size=1, max_size=8),
    question=st.sampled_from(QUESTIONS),
    seed=st.integers(0, 10**6),
)
def test_no_order_of_arrival_changes_the_kind(
    picks: list[int], question: str | None, seed: int
) -> None:
    rng = random.Random(seed)
    samples = [SAMPLES[pick] for pick in picks]
    weights = [rng.choice([0.5, 1.0, 2.0]) for _ in samples]
    expected = vote(samples, question=question, weights=weights)
    tally = empty_tally("auto", question=question)
    for index in rng.sample(range(len(samples)), len(samples)):
        tally.add(index, samples[index], weight=weights[index])
    assert tally.verdict() == expected
    assert expected.kind in KINDS
    assert expected.kind not in expected.tried


@settings(max_examples=200, deadline=None)
@given(
    picks=st.lists(st.integers(0, len(SAMPLES) - 1), min_size=2, max_size=7),
    question=st.sampled_from(QUESTIONS),
    kind=st.sampled_from(["auto", "number", "yes_no", "choice", "text"]),
    seed=st.integers(0, 10**6),
)
def test_what_is_decided_early_stays(
    picks: list[int], question: str | None, kind: str, seed: int
) -> None:
    """Whenever the tally says that the rest cannot change the answer, the rest does not."""
    rng = random.Random(seed)
    weigh = rng.choice(list(WEIGHTINGS.values()))
    samples = [SAMPLES[pick] for pick in picks]
    weights = [weigh(rng.choice([0.2, 0.6, 0.9])) for _ in samples]
    full = vote(samples, question=question, kind=kind, weights=weights)
    if full.kind == "tool_calls":
        return
    order = rng.sample(range(len(samples)), len(samples))
    tally = Tally(question=question, kind=kind)
    for place, index in enumerate(order[:-1], start=1):
        tally.add(index, samples[index], weight=weights[index])
        if tally.is_decided([weights[late] for late in order[place:]]):
            early = tally.verdict()
            assert (early.kind, early.answer) == (full.kind, full.answer)
