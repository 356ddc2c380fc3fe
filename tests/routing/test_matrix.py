"""Means of experts on data sets, where some were scored on little or nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from avengers_graph.routing.matrix import DatasetMeans, dataset_means

NAN = float("nan")


def means_of(*datasets: list[tuple[float, int]]) -> DatasetMeans:
    """One list a data set: for each expert the share of right answers, and of how many."""
    rows: list[NDArray[np.float64]] = []
    for known in datasets:
        table = np.full((max(count for _, count in known), len(known)), NAN)
        for column, (share, count) in enumerate(known):
            table[:count, column] = np.arange(count) < round(share * count)
        rows.append(table)
    which = np.repeat(np.arange(len(rows)), [len(table) for table in rows])
    return dataset_means(np.concatenate(rows), which, len(rows))


def test_many_scores_speak_for_themselves() -> None:
    found = means_of([(0.9, 400), (0.4, 400)], [(0.2, 400), (0.7, 400)])
    assert found.means == pytest.approx(np.array([[0.9, 0.4], [0.2, 0.7]]), abs=0.02)
    assert found.overall == pytest.approx([0.55, 0.55], abs=0.02)
    assert found.single == pytest.approx([0.55, 0.55])
    assert (found.counts == 400).all()


def test_being_best_somewhere_is_no_score_elsewhere() -> None:
    """It stands out on the one data set it was tried on; on the other somebody was measured."""
    found = means_of([(0.8, 100), (0.4, 100), (0.3, 100)], [(0.0, 0), (0.55, 100), (0.5, 100)])
    assert found.means[0].argmax() == 0
    assert found.means[1].argmax() == 1
    assert found.counts[1, 0] == 0


@pytest.mark.parametrize("others", [1, 4])
def test_a_lucky_score_makes_no_expert_the_best(others: int) -> None:
    found = means_of([(1.0, 1), *[(0.95, 400)] * others])
    assert found.means[0, 0] < found.means[0, 1:].min()
    assert found.overall[0] < found.overall[1:].min()
    assert np.isnan(found.single[0])


def test_nobody_right_is_nobody_expected_to_be() -> None:
    found = means_of([(0.0, 5), (0.0, 5)])
    assert (found.means == 0).all()
    assert (found.overall == 0).all()


def test_the_best_single_expert_is_told_by_plain_means() -> None:
    """Shrunk ones would put the second first, for its many scores on one data set."""
    found = means_of([(0.9, 10), (0.1, 10)], [(0.45, 120), (0.9, 120)])
    assert found.single == pytest.approx([0.675, 0.5])
