"""One expert asked for everything, also where records lack some of its scores.

What is compared has to be about the same queries: an expert that was scored on the easy ones
alone would look better than all others, and than the oracle.
"""

import numpy as np
from numpy.typing import NDArray

from avengers_graph.routing.matrix import Matrix

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]


def asked_alone(data: Matrix) -> Columns:
    """Column whose score counts on each query when one expert is asked alone, ``(n, e)``.

    That is its own; where it has no score, that of the expert which has one and is best on the
    data set, as routing too falls back to the next best. It is -1 on a data set where the expert
    has fewer than half as many scores as the one with the most: too few to say what it is worth.
    """
    found = np.full(data.scores.shape, -1)
    for row in range(len(data.datasets)):
        here = np.flatnonzero(data.dataset == row)
        if not len(here):
            continue
        known = np.isfinite(data.scores[here])
        counts = known.sum(axis=0)
        means = np.nansum(data.scores[here], axis=0) / np.maximum(counts, 1)
        order = np.argsort(-np.where(counts > 0, means, -1.0), kind="stable")
        stand_in = order[known[:, order].argmax(axis=1)]
        columns = np.flatnonzero(2 * counts >= counts.max())
        found[np.ix_(here, columns)] = np.where(
            known[:, columns], columns[None, :], stand_in[:, None]
        )
    return found


def taken(values: Floats, columns: Columns) -> Floats:
    """``values (n, e)`` at one column of each row, ``(n,)``; NaN where the column is -1."""
    return np.where(columns >= 0, values[np.arange(len(columns)), columns], np.nan)


def best_of_each(data: Matrix, alone: Columns) -> Columns:
    """Column of the expert best on each data set in hindsight, ties to the first, ``(d,)``.

    Args:
        alone: ``asked_alone(data)``. Experts with too few scores are left out.
    """
    scores = np.stack([taken(data.scores, columns) for columns in alone.T], axis=1)
    found = np.zeros(len(data.datasets), dtype=np.int64)
    for row in range(len(data.datasets)):
        here = data.dataset == row
        if here.any():
            found[row] = np.argmax(np.nan_to_num(scores[here].mean(axis=0), nan=-1.0))
    return found
