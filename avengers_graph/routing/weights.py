"""How much each nearest cluster counts, and how far a query may be before none does."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avengers_graph.errors import ConfigError

Floats = NDArray[np.float64]


def cluster_weights(distances: Sequence[float], *, beta: float) -> list[float]:
    """softmax(-beta * distance) over the nearest clusters; the weights sum to 1.

    Args:
        distances: Euclidean distances to the centroids, at least 0.
        beta: 0 weighs all alike; the larger, the more the nearest one counts.

    Raises:
        ConfigError: beta is negative or not finite.
    """
    if not 0 <= beta < float("inf"):
        raise ConfigError(f"beta is {beta!r}; it must be 0 or more")
    found: list[float] = softmax(distances, beta=beta).tolist()
    return found


def softmax(distances: ArrayLike, *, beta: float) -> Floats:
    """softmax(-beta * distance) over the last axis, shape ``(..., k)``."""
    spread = np.asarray(distances, dtype=np.float64)
    if spread.shape[-1] == 0:
        return spread
    powers = np.exp(-beta * (spread - spread.min(axis=-1, keepdims=True)))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


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
