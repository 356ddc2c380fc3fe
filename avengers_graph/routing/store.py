"""How a generation is stored in Chroma's collections: written, and read back with checks."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.embedding import Progress
from avengers_graph.errors import ConfigError, IndexDamagedError
from avengers_graph.routing import generations
from avengers_graph.routing.fitting import Fitted
from avengers_graph.routing.matrix import DatasetMeans
from avengers_graph.routing.model import ClusterTable, FittedModel, Floats, LinearModel, Vectors
from avengers_graph.routing.novelty import Novelty
from avengers_graph.routing.settings import RankingSettings

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

QUERIES_STORED = 50_000
"""Validation queries stored at most; above, a sample of each cluster by its size."""
SEARCHED_QUERIES = 256
"""Of those, how many vectors a nearest-neighbour query looks at (HNSW's ef)."""
_WRITE = 2000
_TABLE = ("counts", "means", "expected", "costs", "latencies")
_GLOBALS = ("global_means", "global_counts", "global_costs", "global_latencies")
PROBES = 32
"""Stored vectors asked for on opening: half of them or more must find themselves."""
PROBE_DISTANCE = 1e-4
"""Squared distance within which a stored vector counts as found."""


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
    generations.finish(
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
    collection = generations.create_part(
        client, generation, "clusters", searched=max(100, model.n_clusters), links=32
    )
    shown = np.flatnonzero(table.partition == 0)
    _add(collection, shown, table)
    rest = np.arange(len(shown), size)
    more = generations.create_part(client, generation, "vectors", searched=100)
    if len(rest):
        _add(more, rest, table)


def _add(collection: "Collection", rows: NDArray[np.int64], table: ClusterTable) -> None:
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
                        {name: plain(getattr(table, name)[row]) for name in _TABLE}
                    ),
                }
                for row in part
            ],
        )


def _write_vectors(client: "ClientAPI", generation: str, model: FittedModel) -> None:
    """Weights of the linear models, one vector per data set and per expert, and the anchors."""
    collection = generations.open_part(client, generation, "vectors")
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
    collection = generations.create_part(client, generation, "queries", searched=SEARCHED_QUERIES)
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


def read_model(client: "ClientAPI", generation: str, manifest: Mapping[str, Any]) -> FittedModel:
    """The model of a generation.

    Raises:
        IndexDamagedError: something is missing, or does not add up to what was written.
    """
    try:
        settings = RankingSettings.from_dict(manifest["settings"])
        vectors = Part(generations.open_part(client, generation, "vectors"))
        model = FittedModel(
            settings=settings,
            experts=tuple(manifest["experts"]),
            datasets=tuple(manifest["datasets"]),
            clusters=_read_clusters(client, generation, manifest, further=vectors),
            dataset_means=_read_means(vectors, manifest),
            dataset_classifier=_read_linear(vectors, "dataset", len(manifest["datasets"])),
            ridge=_read_linear(vectors, "expert", len(manifest["experts"])),
            **{name: array_of(manifest[name]) for name in _GLOBALS},
            novelty=_read_novelty(vectors, manifest),
        )
        damaged = model.digest() != manifest["digest"]
    except (KeyError, TypeError, ValueError, IndexError, ConfigError) as error:
        raise _damaged(generation, f"{type(error).__name__}: {error}") from error
    if damaged:
        raise _damaged(generation, "its centroids or scores differ from what was written")
    return model


def check_search(collection: "Collection", *, expected: int) -> None:
    """Ask for stored vectors by search; they must find themselves.

    Reading records by id would not notice that the folder with the search index is gone:
    Chroma then answers searches from what is left, and finds none of the first vectors. A sound
    index of vectors far apart from each other misses a few of them: its search is approximate.

    Raises:
        IndexDamagedError: the count is off, or most of the vectors are not found.
    """
    name = collection.name
    found = collection.count()
    if found != expected:
        raise _damaged(name, f"{found} vectors of {expected}")
    some = collection.get(limit=PROBES, include=["embeddings"])["embeddings"]
    if some is None or len(some) == 0:
        raise _damaged(name, "no vector can be read")
    answer = collection.query(query_embeddings=some, n_results=1, include=["distances"])
    nearest = answer["distances"] or []
    if 2 * sum(bool(row) and row[0] <= PROBE_DISTANCE for row in nearest) < len(some):
        raise _damaged(name, "stored vectors are not found by search")


_Row = tuple[Any, str, Any]
"""Vector, document and metadata."""


class Part:
    """A collection, read at once."""

    def __init__(self, collection: "Collection") -> None:
        found = collection.get(include=["embeddings", "documents", "metadatas"])
        columns = zip(
            found["ids"],
            found["embeddings"] if found["embeddings"] is not None else [],
            found["documents"] or [],
            found["metadatas"] or [],
            strict=True,
        )
        self._rows: dict[str, _Row] = {
            key: (vector, text, data) for key, vector, text, data in columns
        }

    def rows(self, kind: str, numbers: Iterable[int]) -> list[_Row]:
        """The rows of a kind with these numbers; KeyError when one is missing."""
        return [self._rows[f"{kind}:{number}"] for number in numbers]

    def all(self, kind: str) -> list[_Row]:
        """Every row of a kind, by number."""
        numbers = [int(key.partition(":")[2]) for key in self._rows if key.startswith(f"{kind}:")]
        return self.rows(kind, sorted(numbers))


def _read_clusters(
    client: "ClientAPI", generation: str, manifest: Mapping[str, Any], *, further: Part
) -> ClusterTable:
    shown = generations.open_part(client, generation, "clusters")
    check_search(shown, expected=int(manifest["n_clusters"]))
    first = int(manifest["n_clusters"])
    rows = [
        *Part(shown).rows("cluster", range(first)),
        *further.rows("cluster", range(first, int(manifest["n_rows"]))),
    ]
    scores = [json.loads(metadata["scores"]) for _, _, metadata in rows]
    return ClusterTable(
        centroids=_stacked(rows),
        partition=np.array([metadata["partition"] for _, _, metadata in rows], dtype=np.int64),
        labels=tuple(label for _, label, _ in rows),
        sizes=np.array([metadata["size"] for _, _, metadata in rows], dtype=np.int64),
        **{name: np.stack([array_of(item[name]) for item in scores]) for name in _TABLE},
    )


def _read_linear(part: Part, kind: str, size: int) -> LinearModel:
    rows = part.rows(kind, range(size))
    bias = np.array([metadata["bias"] for _, _, metadata in rows], dtype=np.float64)
    return LinearModel(_stacked(rows), bias)


def _read_means(part: Part, manifest: Mapping[str, Any]) -> DatasetMeans:
    rows = part.rows("dataset", range(len(manifest["datasets"])))
    return DatasetMeans(
        means=np.stack([array_of(json.loads(metadata["means"])) for _, _, metadata in rows]),
        counts=np.stack([array_of(json.loads(metadata["counts"])) for _, _, metadata in rows]),
        overall=array_of(manifest["overall"]),
        single=array_of(manifest["single"]),
    )


def _read_novelty(part: Part, manifest: Mapping[str, Any]) -> Novelty:
    near, far = map(float, manifest["distances"])
    rows = part.rows("anchor", range(int(manifest["n_anchors"])))
    anchors = _stacked(rows) if rows else np.empty((0, int(manifest["dim"])), dtype=np.float32)
    return Novelty(anchors, near, far)


def _stacked(rows: Sequence[_Row]) -> Vectors:
    return np.stack([vector for vector, _, _ in rows]).astype(np.float32)


def array_of(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _damaged(what: str, why: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"the index is damaged: {what}: {why}; roll back to another generation or fit again"
    )
