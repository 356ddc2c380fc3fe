"""What an index knows about one query: all that ranking needs, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avengers_graph.errors import ConfigError
from avengers_graph.routing.settings import RankingSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of ``e`` experts for one query, or for many at once.

    Shapes are given for one query; a batch has one more axis in front of every field but
    those marked "shared". ``k`` clusters are mixed in each of ``p`` partitions.
    """

    experts: tuple[str, ...]
    """Shared. Columns of the arrays."""
    settings: RankingSettings
    """Shared."""
    weights: Floats
    """(p, k): weights of the nearest clusters; each partition's sum to 1."""
    means: Floats
    """(p, k, e): mean score in [0, 1]; 0 where the count is 0."""
    counts: Floats
    """(p, k, e): scores behind each mean."""
    expected: Floats
    """(p, k, e): what the prior says of the queries behind each mean."""
    prior: Floats
    """(e,): what the prior says of this query."""
    prior_counts: Floats
    """(e,): scores behind that, on data sets like this query's."""
    global_means: Floats
    """(e,), shared: mean score over all validation queries, expected where there is none."""
    global_counts: Floats
    """(e,), shared."""
    trust: Floats
    """(): share of the local evidence that holds this far out, in [0, 1]."""
    costs: Floats
    """(e,): mean USD per query near this one, else over all; NaN where unknown."""
    predictions: Mapping[str, Floats] = field(default_factory=dict)
    """Residuals over the prior, (e,), by scorers beyond the clusters: ``knn``, ``ridge``."""
    label: str = ""
    """The nearest cluster's label, for the sentence that explains a score."""

    def first(self) -> "Evidence":
        """The first query of a batch, alone."""
        return replace(
            self,
            weights=self.weights[0],
            means=self.means[0],
            counts=self.counts[0],
            expected=self.expected[0],
            prior=self.prior[0],
            prior_counts=self.prior_counts[0],
            trust=self.trust[0],
            costs=self.costs[0],
            predictions={name: values[0] for name, values in self.predictions.items()},
        )


def cluster_weights(distances: ArrayLike, *, beta: float) -> Floats:
    """softmax(-beta * distance) over the last axis, so that the weights of a query sum to 1.

    Args:
        distances: Euclidean distances to the nearest centroids, at least 0, ``(..., k)``.
        beta: 0 weighs all alike; the larger, the more the nearest one counts.

    Raises:
        ConfigError: beta is negative or not finite.
    """
    if not 0 <= beta < float("inf"):
        raise ConfigError(f"beta is {beta!r}; it must be 0 or more")
    further = np.asarray(distances, dtype=np.float64)
    if further.shape[-1]:
        further = further - further.min(axis=-1, keepdims=True)
    return softmax(-beta * further)


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis, ``(..., k)``."""
    if logits.shape[-1] == 0:
        return logits
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
