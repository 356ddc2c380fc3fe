"""What an index knows about one query: all that ranking needs, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

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

    def with_partition(
        self, *, weights: Floats, means: Floats, counts: Floats, expected: Floats
    ) -> "Evidence":
        """One query's evidence with the clusters of the first partition replaced.

        Shapes are ``(k,)`` and ``(k, e)``, ``k`` as before.
        """
        return replace(
            self,
            weights=np.concatenate([weights[None], self.weights[1:]]),
            means=np.concatenate([means[None], self.means[1:]]),
            counts=np.concatenate([counts[None], self.counts[1:]]),
            expected=np.concatenate([expected[None], self.expected[1:]]),
        )
