"""What of an index is written to Chroma."""

import numpy as np
import pytest

from avengers_graph.routing.store import stored_rows


def test_stored_queries_are_a_share_of_each_cluster() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    rows = stored_rows(labels, 100, 7)
    assert np.bincount(labels[rows]).tolist() == pytest.approx([60, 30, 10], abs=1)
    assert np.array_equal(rows, stored_rows(labels, 100, 7))
    assert np.array_equal(stored_rows(labels, 1000, 7), np.arange(1000))
