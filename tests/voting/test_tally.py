"""The vote: winners, ties, abstentions, early decisions."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.errors import ConfigError
from avengers_graph.voting import KINDS, WEIGHTINGS, Tally, empty_tally, vote


def record(text: str, **fields: object) -> dict[str, object]:
    return {"text": text, "error": None, "finish_reason": "stop", **fields}


def test_the_heaviest_class_wins() -> None:
    verdict = vote(["18", "\\boxed{18}", "17", "I'm sorry, I can't help."], kind="number")
    assert (verdict.answer, verdict.winner, verdict.abstained) == ("18", 0, [3])
    assert verdict.tally == [
        {"answer": "18", "votes": 2, "weight": 2.0, "samples": [0, 1]},
        {"answer": "17", "votes": 1, "weight": 1.0, "samples": [2]},
    ]
    assert verdict.agreement == pytest.approx(0.5)
    assert verdict.margin == pytest.approx(0.25)
    assert 0 < verdict.confidence < 1


def test_weights_decide_then_rank_then_order() -> None:
    assert vote(["1", "2", "2"], kind="number", weights=[3, 1, 1]).answer == "1"
    assert vote(["1", "2"], kind="number", ranks=[1, 0]).answer == "2"
    assert vote(["1", "2"], kind="number").answer == "1"


def test_float_sums_tie() -> None:
    verdict = vote(["1", "1", "2"], kind="number", weights=[0.1, 0.2, 0.3], ranks=[1, 1, 0])
    assert verdict.answer == "2"


def test_the_winner_is_the_best_ranked_of_its_class() -> None:
    verdict = vote(["1", "1", "2"], kind="number", ranks=[2, 0, 1])
    assert verdict.winner == 1


def test_all_abstain() -> None:
    verdict = vote(
        [record("", error="timeout"), record("no idea"), record("none either")],
        kind="number",
        ranks=[0, 2, 1],
    )
    assert verdict.answer is None
    assert verdict.winner is None
    assert verdict.abstained == [0, 1, 2]
    assert verdict.fallback == 2
    assert verdict.confidence == 0
    assert vote([], kind="number").answer is None


def test_errors_refusals_and_cut_texts_abstain() -> None:
    samples = [
        record("5", error="HTTP 500"),
        record("we add 2 and 3 to get", finish_reason="length"),
        record("\\boxed{6}, and further", finish_reason="length"),
    ]
    verdict = vote(samples, kind="number")
    assert (verdict.answer, verdict.abstained) == ("6", [0, 1])


def test_arrival_order_does_not_matter() -> None:
    samples = ["0.667", "2/3", "0.66666", "0.7", "\\boxed{0.667}", "nothing"]
    verdicts = set()
    for order in itertools.permutations(range(len(samples))):
        tally = Tally(kind="number")
        for index in order:
            tally.add(index, samples[index])
        verdicts.add(str(tally.verdict().to_dict()))
    assert len(verdicts) == 1


def test_decided_is_exact_against_brute_force() -> None:
    """Every completion of the vote is tried; transitive kinds must match it exactly."""
    random.seed(3)
    options = ["yes", "no", "hm"]
    for _ in range(150):
        total = random.randint(2, 5)
        texts = [random.choice(options) for _ in range(total)]
        weights = [random.choice([0.5, 1.0, 2.0]) for _ in range(total)]
        ranks = [random.randint(0, 2) for _ in range(total)]
        indices = random.sample(range(total), random.randint(1, total - 1))
        rest = [i for i in range(total) if i not in indices]
        tally = Tally(kind="yes_no")
        for i in indices:
            tally.add(i, texts[i], weight=weights[i], rank=ranks[i])
        answers = set()
        for completion in itertools.product(options, repeat=len(rest)):
            full = Tally(kind="yes_no")
            for i in indices:
                full.add(i, texts[i], weight=weights[i], rank=ranks[i])
            for i, text in zip(rest, completion, strict=True):
                full.add(i, text, weight=weights[i], rank=ranks[i])
            answers.add(full.verdict().answer)
        decided = tally.is_decided([weights[i] for i in rest])
        assert not (decided and len(answers) > 1)


def test_an_unbeatable_lead_is_decided() -> None:
    tally = Tally(kind="number")
    for index in range(3):
        tally.add(index, "7")
    assert not tally.is_decided([1.0] * 3)
    assert tally.is_decided([1.0] * 2)
    assert tally.is_decided([])


def test_auto_waits_for_the_samples() -> None:
    tally = Tally(question=None)
    tally.add(0, "7")
    assert not tally.is_decided([0.1])
    assert tally.verdict().kind == "number"


def test_tool_calls_to_come_keep_the_kind_open() -> None:
    tally = Tally(question="How many?")
    for index in range(3):
        tally.add(index, "7", weight=5.0)
    assert tally.is_decided([1.0] * 2)
    assert not tally.is_decided([1.0] * 4)


def test_bad_weights_are_named() -> None:
    with pytest.raises(ConfigError, match="-1"):
        vote(["1"], kind="number", weights=[-1])
    with pytest.raises(ConfigError, match="2 weights for 1 samples"):
        vote(["1"], kind="number", weights=[1, 2])
    tally = Tally(kind="number")
    tally.add(0, "1")
    with pytest.raises(ConfigError, match="counted before"):
        tally.add(0, "1")


def test_decided_is_safe_where_equality_is_not_transitive() -> None:
    """0.667 equals 2/3 and 0.66667 equals it too; late ballots of low index may regroup."""
    random.seed(5)
    options = ["0.667", "2/3", "0.66667", "0.67", "0.66", "none"]
    decided = 0
    for _ in range(120):
        total = random.randint(3, 5)
        texts = [random.choice(options) for _ in range(total)]
        indices = random.sample(range(total), total - 1)
        rest = [index for index in range(total) if index not in indices]
        tally = Tally(kind="number")
        for index in indices:
            tally.add(index, texts[index])
        if not tally.is_decided([1.0] * len(rest)):
            continue
        decided += 1
        leader = tally.verdict().tally[0]["samples"]
        for completion in itertools.product(options, repeat=len(rest)):
            full = Tally(kind="number")
            for index in indices:
                full.add(index, texts[index])
            for index, text in zip(rest, completion, strict=True):
                full.add(index, text)
            assert set(full.verdict().tally[0]["samples"]) & set(leader)
    assert decided


TEXTS = st.sampled_from(
    ["\\boxed{1/2}", "0.5", "0.667", "2/3", "yes", "no", "(A)", "[[x]]", "[[y; z]]", "", "joy",
     '{"a": 1}', '{"a": 1, "b": 2}', "```python\nx = 1\n```", "1 May 2020", "a, b", "Paris.",
     "\\boxed{x+1}", "\\boxed{1+x}", "a rather long text that says nothing in particular"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=7),
    kind=st.sampled_from(["auto", *KINDS]),
    seed=st.integers(0, 10**6),
)
def test_any_order_of_arrival_gives_the_same_verdict(
    texts: list[str], kind: str, seed: int
) -> None:
    rng = random.Random(seed)
    weights = [rng.choice([0.1, 0.2, 0.3, 1.0]) for _ in texts]
    ranks = [rng.randrange(3) for _ in texts]
    expected = vote(texts, kind=kind, weights=weights, ranks=ranks)
    order = rng.sample(range(len(texts)), len(texts))
    tally = empty_tally(kind)
    for index in order:
        tally.add(index, texts[index], weight=weights[index], rank=ranks[index])
    assert tally.verdict() == expected
    assert 0 <= expected.margin <= expected.agreement <= 1
    assert 0 <= expected.confidence <= 1
    voted = [index for row in expected.tally for index in row["samples"]]
    assert sorted(voted + expected.abstained) == list(range(len(texts)))
    if expected.winner is None:
        assert not expected.tally
    else:
        assert expected.winner in expected.tally[0]["samples"]
        assert expected.answer == expected.tally[0]["answer"]


@settings(max_examples=80, deadline=None)
@given(
    cast=st.lists(
        st.tuples(st.sampled_from(["4", "5", "6", "no idea"]), st.floats(0, 1), st.integers(0, 2)),
        min_size=1,
        max_size=8,
    ),
    weighting=st.sampled_from(list(WEIGHTINGS)),
    score=st.floats(0, 1),
    rank=st.integers(0, 2),
)
def test_a_ballot_more_for_the_winner_never_makes_it_lose(
    cast: list[tuple[str, float, int]], weighting: str, score: float, rank: int
) -> None:
    tally = Tally(kind="number")
    weigh = WEIGHTINGS[weighting]
    for index, (text, accuracy, of) in enumerate(cast):
        tally.add(index, text, weight=weigh(accuracy), rank=of)
    before = tally.verdict()
    if before.answer is None:
        return
    tally.add(len(cast), before.answer, weight=weigh(score), rank=rank)
    assert tally.verdict().answer == before.answer
