"""What ballots weigh."""

import math

import pytest

from avengers_graph.voting import WEIGHTINGS


def test_boosted_is_the_adaboost_weight_within_its_clamp() -> None:
    boosted = WEIGHTINGS["boosted"]
    assert boosted(0.8) == pytest.approx(math.log(4))
    assert boosted(1.0) == pytest.approx(boosted(0.99)) == pytest.approx(math.log(99))
    assert boosted(0.0) == pytest.approx(boosted(0.51)) == pytest.approx(math.log(51 / 49))


def test_every_weighting_is_positive_and_rises() -> None:
    for weigh in WEIGHTINGS.values():
        values = [weigh(score / 20) for score in range(21)]
        assert values == sorted(values)
        assert values[0] > 0


def test_a_score_is_its_own_weight_within_its_bounds() -> None:
    score = WEIGHTINGS["score"]
    assert score(0.7) == 0.7
    assert score(0.0) == score(0.01) == 0.01
    assert score(0.02) == 0.02
    assert score(1.2) == 1.0
