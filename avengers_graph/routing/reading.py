"""A generation from Chroma's collections, checked as it is read."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from avengers_graph.errors import ConfigError, IndexDamagedError
from avengers_graph.routing import catalogue
from avengers_graph.routing.fitting import Matrix
from avengers_graph.routing.means import DatasetMeans
from avengers_graph.routing.model import (
    ClusterTable,
    FittedModel,
    Floats,
    LinearModel,
    Queries,
    Vectors,
)
from avengers_graph.routing.novelty import Novelty
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.routing.writing import TABLE

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

PROBES = 32
"""Stored vectors asked for on opening: each must find itself."""
PROBE_DISTANCE = 1e-4
"""Squared distance within which a stored vector counts as found."""


def read_model(client: "ClientAPI", generation: str, manifest: dict[str, Any]) -> FittedModel:
    """The model of a generation.

    Raises:
        IndexDamagedError: something is missing, or does not add up to what was written.
    """
    try:
        settings = RankingSettings.from_dict(manifest["settings"])
        vectors = _Part(catalogue.open_part(client, generation, "vectors"))
        model = FittedModel(
            settings=settings,
            experts=tuple(manifest["experts"]),
            datasets=tuple(manifest["datasets"]),
            clusters=_read_clusters(client, generation, manifest, further=vectors),
            dataset_means=_read_means(vectors, manifest),
            dataset_classifier=_read_linear(vectors, "dataset", len(manifest["datasets"])),
            ridge=_read_linear(vectors, "expert", len(manifest["experts"])),
            global_means=array_of(manifest["global_means"]),
            global_counts=array_of(manifest["global_counts"]),
            global_costs=array_of(manifest["global_costs"]),
            global_latencies=array_of(manifest["global_latencies"]),
            novelty=_read_novelty(vectors, manifest),
        )
        damaged = model.digest() != manifest["digest"]
    except (KeyError, TypeError, ValueError, IndexError, ConfigError) as error:
        raise _damaged(generation, f"{type(error).__name__}: {error}") from error
    if damaged:
        raise _damaged(generation, "its centroids or scores differ from what was written")
    return model


def read_queries(collection: "Collection", model: FittedModel) -> Queries:
    """All stored validation queries of a generation, in the order of their rows."""
    rows = _Part(collection).all("query")
    return Queries(_stacked(rows), residuals_of([metadata for _, _, metadata in rows], model))


def read_training(
    collection: "Collection", model: FittedModel
) -> tuple[list[str], Matrix, Vectors]:
    """The stored validation queries as they were fitted on, without latencies."""
    rows = _Part(collection).all("query")
    row_of = {name: row for row, name in enumerate(model.datasets)}
    scores = np.stack([array_of(json.loads(data["scores"])) for _, _, data in rows])
    data = Matrix(
        experts=model.experts,
        datasets=model.datasets,
        dataset=np.array([row_of[data["dataset"]] for _, _, data in rows], dtype=np.int64),
        scores=scores,
        costs=np.stack([array_of(json.loads(data["costs"])) for _, _, data in rows]),
        latencies=np.broadcast_to(np.nan, scores.shape),
    )
    return [text for _, text, _ in rows], data, _stacked(rows)


def read_texts(collection: "Collection") -> list[str]:
    """The stored validation queries' texts, in no order."""
    found = collection.get(include=["documents"])
    pairs = zip(found["ids"], found["documents"] or [], strict=True)
    return [text for key, text in pairs if key.startswith("query:")]


def residuals_of(rows: Sequence[Any], model: FittedModel) -> Floats:
    """Score minus prior of stored queries, from their metadata; NaN where not scored, (n, e)."""
    scores = np.stack([array_of(json.loads(str(row["scores"]))) for row in rows])
    row_of = {name: row for row, name in enumerate(model.datasets)}
    dataset = np.array([row_of[str(row["dataset"])] for row in rows], dtype=np.int64)
    return np.asarray(scores - model.prior_of(dataset))


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
    some = collection.get(limit=PROBES, include=["embeddings"])["embeddings"]
    if some is None or len(some) == 0:
        raise _damaged(name, "no vector can be read")
    answer = collection.query(query_embeddings=some, n_results=1, include=["distances"])
    nearest = answer["distances"] or []
    if len(nearest) != len(some) or any(not row or not row[0] <= PROBE_DISTANCE for row in nearest):
        raise _damaged(name, "stored vectors are not found by search")


_Row = tuple[Any, str, Any]
"""Vector, document and metadata."""


class _Part:
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
    client: "ClientAPI", generation: str, manifest: dict[str, Any], *, further: _Part
) -> ClusterTable:
    shown = catalogue.open_part(client, generation, "clusters")
    check_search(shown, expected=int(manifest["n_clusters"]))
    first = int(manifest["n_clusters"])
    rows = [
        *_Part(shown).rows("cluster", range(first)),
        *further.rows("cluster", range(first, int(manifest["n_rows"]))),
    ]
    scores = [json.loads(metadata["scores"]) for _, _, metadata in rows]
    return ClusterTable(
        centroids=_stacked(rows),
        partition=np.array([metadata["partition"] for _, _, metadata in rows], dtype=np.int64),
        labels=tuple(label for _, label, _ in rows),
        sizes=np.array([metadata["size"] for _, _, metadata in rows], dtype=np.int64),
        **{name: np.stack([array_of(item[name]) for item in scores]) for name in TABLE},
    )


def _read_linear(part: _Part, kind: str, size: int) -> LinearModel:
    rows = part.rows(kind, range(size))
    bias = np.array([metadata["bias"] for _, _, metadata in rows], dtype=np.float64)
    return LinearModel(_stacked(rows), bias)


def _read_means(part: _Part, manifest: dict[str, Any]) -> DatasetMeans:
    rows = part.rows("dataset", range(len(manifest["datasets"])))
    return DatasetMeans(
        means=np.stack([array_of(json.loads(metadata["means"])) for _, _, metadata in rows]),
        counts=np.stack([array_of(json.loads(metadata["counts"])) for _, _, metadata in rows]),
        overall=array_of(manifest["overall"]),
        single=array_of(manifest["single"]),
    )


def _read_novelty(part: _Part, manifest: dict[str, Any]) -> Novelty:
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
