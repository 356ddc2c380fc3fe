"""The online step: the centroids nearest to a query."""

import numpy as np

from avengers_graph.routing.model import FittedModel, Vectors
from avengers_graph.routing.weights import cluster_weights
from avengers_graph.types import ClusterHit

_CANDIDATES = 8
"""Clusters looked at exactly, at least: rounding to float32 cannot drop the nearest from these."""


def nearest_clusters(
    model: FittedModel, query: Vectors, *, k: int, beta: float
) -> list[ClusterHit]:
    """The ``k`` nearest clusters of the first partition, nearest first, ties to the lower id.

    Nearest by Euclidean distance, as ``KMeans.predict`` says, weighing softmax(-beta * distance).

    Args:
        query: ``(dim,)``.
        k: At least 1; more than there are clusters gives all of them.
    """
    table, size = model.clusters, model.n_clusters
    rough = ((table.centroids[:size] - query) ** 2).sum(axis=1)
    wanted = min(size, max(2 * k, _CANDIDATES))
    # Single precision finds the candidates, double precision puts them in order.
    rows = np.sort(np.argpartition(rough, wanted - 1)[:wanted])
    gaps = table.centroids[rows].astype(np.float64) - query
    distances = np.sqrt((gaps**2).sum(axis=1))
    order = np.argsort(distances, kind="stable")[:k]
    weights = cluster_weights(distances[order].tolist(), beta=beta)
    return [
        {
            "id": int(rows[at]),
            "label": table.labels[rows[at]],
            "distance": float(distances[at]),
            "weight": weight,
            "size": int(table.sizes[rows[at]]),
        }
        for at, weight in zip(order, weights, strict=True)
    ]
