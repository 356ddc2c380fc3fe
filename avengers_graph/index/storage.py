"""A fitted model to Chroma's collections and back, checked when it is read."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import ConfigError, IndexDamagedError
from avengers_graph.index import catalogue
from avengers_graph.index.fitting import Matrix
from avengers_graph.index.model import (
    ClusterTable,
    FittedModel,
    Floats,
    LinearModel,
    Queries,
    Vectors,
)
from avengers_graph.ranking import RankingSettings
from avengers_graph.records import Record

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Progress = Callable[[str, int, int], None]

QUERIES_STORED = 50_000
"""Validation queries stored at most; above, a sample of each cluster by its size."""
SEARCHED_QUERIES = 256
"""Of those, how many vectors a nearest-neighbour query looks at (HNSW's ef)."""
PROBES = 32
"""Stored vectors asked for on opening: each must find itself."""
PROBE_DISTANCE = 1e-4
"""Squared distance within which a stored vector counts as found."""
_WRITE = 2000
_TABLE = ("counts", "means", "expected", "costs", "latencies")
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
    """Write all collections of a new generation and publish it last.

    Args:
        embedder: ``{"model", "fingerprint"}`` of the embedder that gave the vectors.
    """
    model = fitted.model
    _write_clusters(client, generation, model)
    _write_vectors(client, generation, model)
    stored = stored_rows(fitted.labels, QUERIES_STORED, seed)
    _write_queries(client, generation, fitted, stored, progress)
    catalogue.publish(
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
            "distances": [model.median_distance, model.far_distance],
            **{name: plain(getattr(model, name)) for name in _GLOBALS},
        },
    )


def read_model(client: "ClientAPI", generation: str, manifest: dict[str, Any]) -> FittedModel:
    """The model of a generation.

    Raises:
        IndexDamagedError: something is missing, or does not add up to what was written.
    """
    try:
        settings = RankingSettings.from_dict(manifest["settings"])
        model = FittedModel(
            settings=settings,
            experts=tuple(manifest["experts"]),
            datasets=tuple(manifest["datasets"]),
            clusters=_read_clusters(client, generation, manifest),
            **_read_vectors(client, generation, manifest),
            global_means=array_of(manifest["global_means"]),
            global_counts=array_of(manifest["global_counts"]),
            global_costs=array_of(manifest["global_costs"]),
            global_latencies=array_of(manifest["global_latencies"]),
            median_distance=float(manifest["distances"][0]),
            far_distance=float(manifest["distances"][1]),
        )
        damaged = model.digest() != manifest["digest"]
    except (KeyError, TypeError, ValueError, IndexError, ConfigError) as error:
        raise _damaged(generation, f"{type(error).__name__}: {error}") from error
    if damaged:
        raise _damaged(generation, "its centroids or scores differ from what was written")
    return model


def read_queries(collection: "Collection", model: FittedModel) -> Queries:
    """All stored validation queries of a generation, in the order of their rows."""
    found = _by_id(collection, "query:")
    rows = [found[key] for key in sorted(found, key=lambda key: int(key.partition(":")[2]))]
    return Queries(
        np.stack([vector for vector, _, _ in rows]).astype(np.float32),
        residuals_of([metadata for _, _, metadata in rows], model),
    )


def residuals_of(rows: Sequence[Any], model: FittedModel) -> Floats:
    """Score minus prior of stored queries, from their metadata; NaN where not scored, (n, e)."""
    scores = np.stack([array_of(json.loads(str(row["scores"]))) for row in rows])
    if model.settings.prior == "global":
        return np.asarray(scores - model.global_means)
    row_of = {name: row for row, name in enumerate(model.datasets)}
    return np.asarray(scores - model.dataset_means[[row_of[str(r["dataset"])] for r in rows]])


def check_search(collection: "Collection", *, expected: int) -> None:
    """Ask for stored vectors by search; each must find itself.

    Reading records by id would not notice that the folder with the search index is gone:
    Chroma then answers searches from what is left.

    Raises:
        IndexDamagedError: the count is off or a vector is not found.
    """
    name = collection.name
    found = collection.count()
    if found != expected:
        raise _damaged(name, f"{found} vectors of {expected}")
    step = max(1, expected // PROBES)
    some = collection.get(
        limit=PROBES, offset=0 if step == 1 else expected % step, include=["embeddings"]
    )["embeddings"]
    if some is None or len(some) == 0:
        raise _damaged(name, "no vector can be read")
    answer = collection.query(query_embeddings=some, n_results=1, include=["distances"])
    nearest = answer["distances"] or []
    if len(nearest) != len(some) or any(not row or not row[0] <= PROBE_DISTANCE for row in nearest):
        raise _damaged(name, "stored vectors are not found by search")


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
        client, generation, "clusters", searched=max(100, model.n_clusters)
    )
    shown = np.flatnonzero(table.partition == 0)
    _add(collection, shown, table, _TABLE)
    rest = np.arange(len(shown), size)
    more = catalogue.create_part(client, generation, "vectors", searched=100)
    if len(rest):
        _add(more, rest, table, _TABLE)


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


def _read_clusters(client: "ClientAPI", generation: str, manifest: dict[str, Any]) -> ClusterTable:
    shown = catalogue.open_part(client, generation, "clusters")
    check_search(shown, expected=int(manifest["n_clusters"]))
    found = _by_id(shown, "cluster:") | _by_id(
        catalogue.open_part(client, generation, "vectors"), "cluster:"
    )
    rows = [found[f"cluster:{row}"] for row in range(int(manifest["n_rows"]))]
    scores = [json.loads(metadata["scores"]) for _, _, metadata in rows]
    return ClusterTable(
        centroids=np.stack([vector for vector, _, _ in rows]).astype(np.float32),
        partition=np.array([metadata["partition"] for _, _, metadata in rows], dtype=np.int64),
        labels=tuple(label for _, label, _ in rows),
        sizes=np.array([metadata["size"] for _, _, metadata in rows], dtype=np.int64),
        **{name: np.stack([array_of(item[name]) for item in scores]) for name in _TABLE},
    )


def _write_vectors(client: "ClientAPI", generation: str, model: FittedModel) -> None:
    """Weights of the linear models: one vector per data set and per expert."""
    collection = catalogue.open_part(client, generation, "vectors")
    for kind, names, linear, means in (
        ("dataset", model.datasets, model.dataset_classifier, model.dataset_means),
        ("expert", model.experts, model.ridge, None),
    ):
        collection.add(
            ids=[f"{kind}:{row}" for row in range(len(names))],
            embeddings=linear.weights,
            documents=list(names),
            metadatas=[
                {
                    "bias": float(linear.bias[row]),
                    "means": json.dumps(None if means is None else plain(means[row])),
                }
                for row in range(len(names))
            ],
        )


def _read_vectors(client: "ClientAPI", generation: str, manifest: dict[str, Any]) -> dict[str, Any]:
    collection = catalogue.open_part(client, generation, "vectors")
    models: dict[str, Any] = {}
    for kind, key, field in (
        ("dataset", "datasets", "dataset_classifier"),
        ("expert", "experts", "ridge"),
    ):
        found = _by_id(collection, f"{kind}:")
        rows = [found[f"{kind}:{row}"] for row in range(len(manifest[key]))]
        models[field] = LinearModel(
            np.stack([vector for vector, _, _ in rows]).astype(np.float32),
            np.array([metadata["bias"] for _, _, metadata in rows], dtype=np.float64),
        )
        if kind == "dataset":
            models["dataset_means"] = np.stack(
                [array_of(json.loads(metadata["means"])) for _, _, metadata in rows]
            )
    return models


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


def _by_id(collection: "Collection", prefix: str) -> dict[str, tuple[Any, str, Any]]:
    """Vector, document and metadata of the records whose id starts so."""
    found = collection.get(include=["embeddings", "documents", "metadatas"])
    columns = zip(
        found["ids"],
        found["embeddings"] if found["embeddings"] is not None else [],
        found["documents"] or [],
        found["metadatas"] or [],
        strict=True,
    )
    return {
        key: (vector, text, data) for key, vector, text, data in columns if key.startswith(prefix)
    }


def plain(values: Floats) -> list[float | None]:
    """A row of numbers as JSON has them: null for NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]


def array_of(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _damaged(what: str, why: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"the index is damaged: {what}: {why}; roll back to another generation or fit again"
    )
