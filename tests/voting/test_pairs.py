"""Values that differ do not merge, spellings of one value do: a thousand generated pairs each."""

from random import Random

import pytest

from tests.voting.pairs import ALL, Family

PAIRS = 1000


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_different_answers_do_not_merge(family: Family) -> None:
    random = Random(family.name)
    drawn = [family.differ(random) for _ in range(PAIRS)]
    merged = [pair for pair in drawn if family.merges(*pair)]
    assert not merged, f"{len(merged)} of {PAIRS}, first {merged[:3]}"


@pytest.mark.parametrize(
    "family", [f for f in ALL if f.alike is not None], ids=lambda family: family.name
)
def test_spellings_of_one_answer_merge(family: Family) -> None:
    assert family.alike is not None
    random = Random(family.name)
    drawn = [family.alike(random) for _ in range(PAIRS)]
    split = [pair for pair in drawn if not family.merges(*pair)]
    assert not split, f"{len(split)} of {PAIRS}, first {split[:3]}"
