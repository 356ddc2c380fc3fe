"""A fitted model to the collections of a new generation, which is published last."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from avengers_graph.records import Record
from avengers_graph.routing import catalogue
from avengers_graph.routing.fitting import Matrix
from avengers_graph.routing.model import (
    ClusterTable,
    FittedModel,
    Floats,
    Vectors,
)

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Progress = Callable[[str, int, int], None]

QUERIES_STORED = 50_000
"""Validation queries stored at most; above, a sample of each cluster by its size."""
SEARCHED_QUERIES = 256
"""Of those, how many vectors a nearest-neighbour query looks at (HNSW's ef)."""
_WRITE = 2000
TABLE = ("counts", "means", "expected", "costs", "latencies")
_GLOBALS = ("global_means", "global_counts", "global_costs", "global_latencies")


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted model with the validation queries to store beside it, ``n`` of them."""

    model: FittedModel
    records: Sequence[Record]
    data: Matrix
    vectors: Vectors
    """(n, dim)"""
    labels: NDArray[np.int64]
    """(n,): cluster in the first partition."""

    @classmethod
    def without_queries(cls, model: FittedModel) -> Self:
        """A model whose validation queries are not known."""
        none = np.empty((0, len(model.experts)))
        empty = np.empty(0, dtype=np.int64)
        data = Matrix(model.experts, model.datasets, empty, none, none, none)
        return cls(model, (), data, np.empty((0, model.dim), dtype=np.float32), empty)


def write_model(
    client: "ClientAPI",
    generation: str,
    fitted: Fitted,
    *,
    seed: int,
    embedder: dict[str, Any],
    progress: Progress | None = None,
) -> None:
    """Write all collections of a new generation, and its record last.

    Args:
        embedder: ``{"model", "fingerprint"}`` of the embedder that gave the vectors.
    """
    model = fitted.model
    _write_clusters(client, generation, model)
    _write_vectors(client, generation, model)
    stored = stored_rows(fitted.labels, QUERIES_STORED, seed)
    _write_queries(client, generation, fitted, stored, progress)
    catalogue.finish(
        client,
        generation,
        {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": model.settings.to_dict(),
            "seed": seed,
            "experts": list(model.experts),
            "datasets": list(model.datasets),
            "dim": model.dim,
            "n_clusters": model.n_clusters,
            "n_rows": len(model.clusters.centroids),
            "n_queries": int(model.clusters.sizes[model.clusters.partition == 0].sum()),
            "n_stored": len(stored),
            "digest": model.digest(),
            "embedder": embedder,
            "distances": [model.novelty.near, model.novelty.far],
            "n_anchors": len(model.novelty.anchors),
            "overall": plain(model.dataset_means.overall),
            "single": plain(model.dataset_means.single),
            **{name: plain(getattr(model, name)) for name in _GLOBALS},
        },
    )


def stored_rows(labels: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Rows of the queries to store, ascending: all, or a seeded sample by cluster size."""
    if len(labels) <= most:
        return np.arange(len(labels))
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_cluster = shuffled[np.argsort(labels[shuffled], kind="stable")]
    picked = by_cluster[np.linspace(0, len(labels) - 1, most).astype(np.int64)]
    return np.sort(picked)


def _write_clusters(client: "ClientAPI", generation: str, model: FittedModel) -> None:
    table = model.clusters
    size = len(table.centroids)
    collection = catalogue.create_part(
        client, generation, "clusters", searched=max(100, model.n_clusters), links=32
    )
    shown = np.flatnonzero(table.partition == 0)
    _add(collection, shown, table, TABLE)
    rest = np.arange(len(shown), size)
    more = catalogue.create_part(client, generation, "vectors", searched=100)
    if len(rest):
        _add(more, rest, table, TABLE)


def _add(
    collection: "Collection",
    rows: NDArray[np.int64],
    table: ClusterTable,
    fields: Sequence[str],
) -> None:
    for start in range(0, len(rows), _WRITE):
        part = rows[start : start + _WRITE]
        collection.add(
            ids=[f"cluster:{row}" for row in part],
            embeddings=table.centroids[part],
            documents=[table.labels[row] or f"cluster {row}" for row in part],
            metadatas=[
                {
                    "partition": int(table.partition[row]),
                    "size": int(table.sizes[row]),
                    "scores": json.dumps(
                        {name: plain(getattr(table, name)[row]) for name in fields}
                    ),
                }
                for row in part
            ],
        )


def _write_vectors(client: "ClientAPI", generation: str, model: FittedModel) -> None:
    """Weights of the linear models, one vector per data set and per expert, and the anchors."""
    collection = catalogue.open_part(client, generation, "vectors")
    known = model.dataset_means
    collection.add(
        ids=[f"dataset:{row}" for row in range(len(model.datasets))],
        embeddings=model.dataset_classifier.weights,
        documents=list(model.datasets),
        metadatas=[
            {
                "bias": float(bias),
                "means": json.dumps(plain(known.means[row])),
                "counts": json.dumps(plain(known.counts[row])),
            }
            for row, bias in enumerate(model.dataset_classifier.bias)
        ],
    )
    collection.add(
        ids=[f"expert:{row}" for row in range(len(model.experts))],
        embeddings=model.ridge.weights,
        documents=list(model.experts),
        metadatas=[{"bias": float(bias)} for bias in model.ridge.bias],
    )
    anchors = model.novelty.anchors
    if len(anchors):
        names = [f"anchor:{row}" for row in range(len(anchors))]
        collection.add(ids=names, embeddings=anchors, documents=names)


def _write_queries(
    client: "ClientAPI",
    generation: str,
    fitted: Fitted,
    rows: NDArray[np.int64],
    progress: Progress | None,
) -> None:
    collection = catalogue.create_part(client, generation, "queries", searched=SEARCHED_QUERIES)
    for start in range(0, len(rows), _WRITE):
        part = rows[start : start + _WRITE]
        if progress is not None:
            progress("storing", start, len(rows))
        collection.add(
            ids=[f"query:{row}" for row in part],
            embeddings=fitted.vectors[part],
            documents=[fitted.records[row].query for row in part],
            metadatas=[
                {
                    "dataset": fitted.records[row].dataset,
                    "cluster": int(fitted.labels[row]),
                    "scores": json.dumps(plain(fitted.data.scores[row])),
                    "costs": json.dumps(plain(fitted.data.costs[row])),
                }
                for row in part
            ],
        )
    if progress is not None:
        progress("storing", len(rows), len(rows))


def plain(values: Floats) -> list[float | None]:
    """A row of numbers as JSON has them: null for NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]
