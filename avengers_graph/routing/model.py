"""A fitted index in memory: plain arrays, and the evidence they hold on a query."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.routing.clustering import squared_distances
from avengers_graph.routing.evidence import Evidence, cluster_weights, softmax
from avengers_graph.routing.matrix import DatasetMeans
from avengers_graph.routing.novelty import Novelty
from avengers_graph.routing.settings import RankingSettings

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ExpertScore:
    """One expert's record in a cluster, or over everything."""

    mean: float
    """Mean score in [0, 1]; 0 where the count is 0."""
    count: int
    """Scores behind the mean."""
    cost: float | None
    """Mean USD per query; None where unknown."""
    latency: float | None
    """Mean seconds per query; None where unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """``vectors @ weights.T + bias``, one output per row."""

    weights: Vectors
    """(n_outputs, dim)"""
    bias: Floats
    """(n_outputs,)"""

    def __call__(self, vectors: Vectors) -> Floats:
        return np.asarray(vectors.astype(np.float64) @ self.weights.T + self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTable:
    """What is known of each cluster. Rows are the clusters of all partitions, one after another.

    ``e`` experts, ``c`` rows in all.
    """

    centroids: Vectors
    """(c, dim)"""
    partition: NDArray[np.int64]
    """(c,): number of the partition, ascending from 0."""
    labels: tuple[str, ...]
    """(c,)"""
    sizes: NDArray[np.int64]
    """(c,): validation queries."""
    counts: Floats
    """(c, e): scores."""
    means: Floats
    """(c, e): mean score; 0 where the count is 0."""
    expected: Floats
    """(c, e): mean of the prior over the same scores."""
    costs: Floats
    """(c, e): mean USD per query; NaN where unknown."""
    latencies: Floats
    """(c, e): mean seconds per query; NaN where unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The ``k`` nearest clusters of ``n`` queries in one partition, nearest first."""

    rows: NDArray[np.int64]
    """(n, k): rows of the table of clusters."""
    distances: Floats
    """(n, k): Euclidean."""
    weights: Floats
    """(n, k): each query's sum to 1."""


Neighbours = Callable[[Vectors, int], Floats]
"""From ``vectors (n, dim)`` and ``k`` to the residuals (score minus prior) of the ``k`` nearest
validation queries of each, ``(n, k, e)``, NaN where not scored: what the kNN scorer asks."""


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """Validation queries in memory, as the kNN scorer sees them: a ``Neighbours``."""

    vectors: Vectors
    """(n, dim)"""
    residuals: Floats
    """(n, e): score minus the prior; NaN where not scored."""

    def __call__(self, vectors: Vectors, k: int) -> Floats:
        return np.asarray(self.residuals[nearest_queries(vectors, self.vectors, k)])


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """Everything that was fitted, but for the validation queries."""

    settings: RankingSettings
    experts: tuple[str, ...]
    datasets: tuple[str, ...]
    clusters: ClusterTable
    dataset_means: DatasetMeans
    dataset_classifier: LinearModel
    """Logits of the data sets; one output without weight where there is one data set."""
    ridge: LinearModel
    """Residual of each expert."""
    global_means: Floats
    """(e,)"""
    global_counts: Floats
    """(e,)"""
    global_costs: Floats
    """(e,): NaN where unknown."""
    global_latencies: Floats
    """(e,): NaN where unknown."""
    novelty: Novelty

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return int(self.clusters.centroids.shape[1])

    @property
    def n_clusters(self) -> int:
        """Clusters of the first partition, the one that is shown."""
        return int((self.clusters.partition == 0).sum())

    def digest(self) -> str:
        """SHA-256 over the centroids and scores, to tell a damaged index from a sound one."""
        found = hashlib.sha256()
        table = self.clusters
        for array in (table.centroids, table.means, table.counts, self.novelty.anchors):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def cluster_scores(self, row: int) -> dict[str, ExpertScore]:
        """Scores of each expert in one cluster."""
        table = self.clusters
        return self._scores(
            table.means[row], table.counts[row], table.costs[row], table.latencies[row]
        )

    def global_scores(self) -> dict[str, ExpertScore]:
        """Scores of each expert over all validation queries."""
        return self._scores(
            self.global_means, self.global_counts, self.global_costs, self.global_latencies
        )

    def _scores(
        self, means: Floats, counts: Floats, costs: Floats, latencies: Floats
    ) -> dict[str, ExpertScore]:
        return {
            name: ExpertScore(
                mean=float(means[at]),
                count=int(counts[at]),
                cost=float(costs[at]) if np.isfinite(costs[at]) else None,
                latency=float(latencies[at]) if np.isfinite(latencies[at]) else None,
            )
            for at, name in enumerate(self.experts)
        }

    def prior_of(self, dataset: NDArray[np.int64]) -> Floats:
        """What each expert scores on queries of known data sets ``(n,)``, by row; ``(n, e)``."""
        if self.settings.prior == "global":
            return np.broadcast_to(self.dataset_means.overall, (len(dataset), len(self.experts)))
        return self.dataset_means.means[dataset]

    def prior(self, vectors: Vectors) -> tuple[Floats, Floats]:
        """What each expert scores on the data sets that a query looks like, and on how many
        scores that rests; both ``(n, e)``."""
        known = self.dataset_means
        if self.settings.prior == "global":
            shape = (len(vectors), len(self.experts))
            return np.broadcast_to(known.overall, shape), np.broadcast_to(self.global_counts, shape)
        like = softmax(self.dataset_classifier(vectors))
        return like @ known.means, like @ known.counts

    def nearest(
        self, vectors: Vectors, *, k: int, beta: float | None = None, partition: int = 0
    ) -> Nearest:
        """The nearest clusters of ``vectors (n, dim)`` in one partition, ties to the lower row.

        Nearest is the least Euclidean distance, as ``KMeans.predict`` says.

        Args:
            k: More than there are clusters gives all of them.
            beta: Clusters weigh softmax(-beta * distance); None takes the fitted one.
        """
        first, last = np.searchsorted(self.clusters.partition, [partition, partition + 1])
        squares = squared_distances(vectors, self.clusters.centroids[first:last])
        order = np.argsort(squares, axis=1, kind="stable")[:, :k]
        distances = np.sqrt(np.take_along_axis(squares, order, axis=1))
        beta = self.settings.beta if beta is None else beta
        return Nearest(order + first, distances, cluster_weights(distances, beta=beta))

    def evidence(
        self,
        vectors: Vectors,
        *,
        shown: Nearest | None = None,
        beta: float | None = None,
        neighbours: Neighbours | None = None,
    ) -> Evidence:
        """Evidence on a batch of queries, ``vectors`` of shape ``(n, dim)``.

        Args:
            shown: What ``nearest`` gave in the first partition; the others mix as many clusters.
                None takes as many as fitted.
            beta: Of the other partitions; None takes the fitted one.
            neighbours: Needed by the kNN scorer only.
        """
        table = self.clusters
        if shown is None:
            shown = self.nearest(vectors, k=self.settings.top_clusters, beta=beta)
        wanted = shown.rows.shape[1]
        others = range(1, int(table.partition[-1]) + 1)
        found = [shown]
        found += [self.nearest(vectors, k=wanted, beta=beta, partition=number) for number in others]
        # Some methods make fewer clusters in one partition than in another; what is missing
        # there weighs nothing.
        rows = np.stack([_padded(item.rows, wanted) for item in found], axis=1)
        weights = np.stack([_padded(item.weights, wanted) for item in found], axis=1)
        prior, prior_counts = self.prior(vectors)
        return Evidence(
            experts=self.experts,
            settings=self.settings,
            weights=weights,
            means=table.means[rows],
            counts=table.counts[rows],
            expected=table.expected[rows],
            prior=prior,
            prior_counts=prior_counts,
            global_means=self.dataset_means.overall,
            global_counts=self.global_counts,
            trust=self.novelty.trust(vectors),
            costs=self.mean_costs(shown),
            predictions=self.predictions(vectors, neighbours),
        )

    def predictions(self, vectors: Vectors, neighbours: Neighbours | None) -> Mapping[str, Floats]:
        """Residuals of the scorers beyond the clusters, as far as the settings use them."""
        found: dict[str, Floats] = {}
        if self.settings.needs("ridge"):
            found["ridge"] = self.ridge(vectors)
        if self.settings.needs("knn") and neighbours is not None:
            near = neighbours(vectors, self.settings.neighbours)
            found["knn"] = mean_residual(near, self.settings.shrinkage)
        return found

    def mean_costs(self, near: Nearest) -> Floats:
        """Mean USD per query over the nearest clusters, else over all, ``(n, e)``."""
        costs = self.clusters.costs[near.rows]
        known = np.isfinite(costs) * near.weights[..., None]
        total = known.sum(axis=-2)
        mean = (np.nan_to_num(costs) * known).sum(axis=-2) / np.maximum(total, 1e-12)
        return np.where(total > 0, mean, self.global_costs)


def _padded(values: NDArray[Any], width: int) -> NDArray[Any]:
    """``values (n, k)`` with columns of zeros behind them, ``(n, width)``."""
    missing = width - values.shape[1]
    # np.pad would take longer than the rest of the evidence, and rarely has anything to do.
    return values if missing == 0 else np.pad(values, ((0, 0), (0, missing)))


def nearest_queries(vectors: Vectors, others: Vectors, k: int) -> NDArray[np.int64]:
    """Rows of the ``k`` nearest of ``others`` (or of as many as there are), nearest first."""
    distances = squared_distances(vectors, others)
    return np.argsort(distances, axis=1, kind="stable")[:, : min(k, len(others))]


def mean_residual(residuals: Floats, shrinkage: float) -> Floats:
    """Sum over count plus pseudo-count of ``residuals (..., k, e)``, NaN left out, ``(..., e)``."""
    count = np.isfinite(residuals).sum(axis=-2)
    return np.asarray(np.nansum(residuals, axis=-2) / np.maximum(count + shrinkage, 1e-12))
