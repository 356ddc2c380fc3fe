"""What ballots weigh."""

import math

import pytest

from avengers_graph.voting import WEIGHTINGS


@pytest.mark.parametrize(
    ("answers", "score", "weight"),
    [
        (2, 0.8, math.log(4)),
        (4, 0.8, math.log(12)),
        (5, 0.4, math.log(4 * 2 / 3)),
        (4, 1.0, math.log(3 * 0.98 / 0.02)),
        (4, 0.98, math.log(3 * 0.98 / 0.02)),
        (4, 0.25, 0.05),
        (2, 0.5, 0.05),
        (2, 0.0, 0.05),
        (100, 0.0, math.log(99 * 0.02 / 0.98)),
    ],
)
def test_log_odds_count_from_chance_on(answers: int, score: float, weight: float) -> None:
    assert WEIGHTINGS["log-odds"](score, answers=answers) == pytest.approx(weight)


def test_experts_under_one_half_still_differ() -> None:
    """The clamp of AdaBoost's weight at an error of 0.49 gave all of them 0.04."""
    weigh = WEIGHTINGS["log-odds"]
    assert weigh(0.45) > 1.3 * weigh(0.35) > 1.3 * 0.05


def test_every_weighting_is_positive_and_rises() -> None:
    for weigh in WEIGHTINGS.values():
        for answers in (2, 5, 26):
            values = [weigh(score / 20, answers=answers) for score in range(21)]
            assert values == sorted(values)
            assert values[0] > 0


def test_a_score_is_its_own_weight_within_its_bounds() -> None:
    score = WEIGHTINGS["score"]
    assert score(0.7) == 0.7
    assert score(0.0) == score(0.01) == 0.01
    assert score(0.02) == 0.02
    assert score(1.2) == 1.0
