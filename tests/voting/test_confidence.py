"""The confidence of a vote."""

import itertools

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
