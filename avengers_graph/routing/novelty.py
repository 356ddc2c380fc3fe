"""How far a query is from what is known: the distance to the nearest validation queries.

Distances to centroids do not tell: a diffuse cluster's own queries lie nearly as far from its
centroid as anything that has nothing to do with it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

ANCHORS = 2_000
"""Validation queries that others are compared with, at most."""
JUDGED = 5_000
"""Validation queries whose own distances make the scale, at most."""
NEAR = 0.5
"""A distance that is never far: a paraphrase's. Between unit vectors it means a cosine of 0.875."""
STEP = 0.05
"""Least distance over which trust halves, where the validation queries are much alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """Validation queries to compare with, and the scale of their distances."""

    anchors: Vectors
    """(a, dim); without any nothing is new."""
    near: float
    """99% of the validation queries have another one within this distance."""
    far: float
    """As much beyond that as it is beyond the distance within which 95% have one."""

    def trust(self, vectors: Vectors) -> Floats:
        """How much of the local evidence holds for ``vectors (n, dim)``, in [0, 1], ``(n,)``."""
        if not len(self.anchors):
            return np.ones(len(vectors))
        return trust(_distances(vectors, self.anchors).min(axis=1), near=self.near, far=self.far)


def trust(distance: ArrayLike, *, near: float, far: float) -> Floats:
    """How much of the local evidence holds at ``distance`` from what is known, in [0, 1].

    1 up to ``near``, one half at ``far``, and halved again with each further step as long as
    from one to the other. The rest goes to the global ranking.

    Args:
        near: at least 0.
        far: above ``near``.
    """
    beyond = np.maximum(np.asarray(distance, dtype=np.float64) - near, 0.0)
    return np.asarray(np.exp2(-beyond / (far - near)))


def _distances(vectors: Vectors, anchors: Vectors) -> Vectors:
    """Euclidean, between unit vectors, ``(n, a)``; right to 0.001.

    In single precision: in double this would take a question longer than all else of its routing.
    """
    return np.asarray(np.sqrt(np.maximum(2 - 2 * (vectors @ anchors.T), 0)))


def sampled_rows(size: int, most: int, seed: int) -> NDArray[np.int64]:
    """Up to ``most`` row numbers out of ``size``, ascending, seeded."""
    if size <= most:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, size=most, replace=False))


def fit_novelty(vectors: Vectors, *, seed: int) -> Novelty:
    """Anchors and scale from validation queries ``(n, dim)``."""
    anchors = sampled_rows(len(vectors), ANCHORS, seed)
    judged = sampled_rows(len(vectors), JUDGED, seed + 1)
    distances = _distances(vectors[judged], vectors[anchors])
    distances[judged[:, None] == anchors[None, :]] = np.inf
    nearest = distances.min(axis=1)
    known = nearest[np.isfinite(nearest)]
    usual, rare = np.quantile(known, [0.95, 0.99]) if len(known) else (0.0, 0.0)
    near = max(float(rare), NEAR)
    return Novelty(vectors[anchors], near, near + max(float(rare - usual), STEP))
