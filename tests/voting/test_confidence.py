"""The confidence of a vote."""

import itertools
import math

import pytest

from avengers_graph.voting import vote
from avengers_graph.voting.confidence import confidence_of


def test_agreement_raises_it() -> None:
    values = [confidence_of(agreement=share / 8, ballots=8) for share in range(1, 9)]
    assert all(low < high for low, high in itertools.pairwise(values))
    assert 0 < values[0] < 0.3 < 0.9 < values[-1] < 1


def test_few_ballots_say_less() -> None:
    assert confidence_of(agreement=1, ballots=2) < confidence_of(agreement=1, ballots=12)


def test_a_known_accuracy_counts() -> None:
    values = [confidence_of(agreement=0.5, ballots=8, prior=p) for p in (0.0, 0.3, 0.7, 1.0)]
    assert all(low < high for low, high in itertools.pairwise(values))
    verdict = vote(["1", "1", "2"], kind="number", prior=0.9)
    assert verdict.confidence > vote(["1", "1", "2"], kind="number", prior=0.2).confidence


def test_the_model_is_logistic_in_the_smoothed_share() -> None:
    """3 of 4 ballots: ln(3.5 / 1.5) is the logit of the share."""
    share = math.log(3.5 / 1.5)
    assert confidence_of(agreement=0.75, ballots=4) == pytest.approx(
        1 / (1 + math.exp(0.13 - 1.51 * share))
    )
    prior = math.log(0.8 / 0.2)
    assert confidence_of(agreement=0.75, ballots=4, prior=0.8) == pytest.approx(
        1 / (1 + math.exp(0.13 - 1.14 * share - 0.57 * prior))
    )


def test_accuracies_are_kept_from_0_and_1() -> None:
    for edge, kept in ((0.0, 0.02), (1.0, 0.98)):
        assert confidence_of(agreement=1, ballots=2, prior=edge) == confidence_of(
            agreement=1, ballots=2, prior=kept
        )
    assert confidence_of(agreement=1, ballots=2, prior=0.03) > confidence_of(
        agreement=1, ballots=2, prior=0.02
    )
