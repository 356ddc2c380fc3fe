"""A generation from Chroma's collections, checked as it is read."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

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
from avengers_graph.index.writing import TABLE
from avengers_graph.ranking import RankingSettings

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


def read_training(
    collection: "Collection", model: FittedModel
) -> tuple[list[str], Matrix, Vectors]:
    """The stored validation queries as they were fitted on, without latencies."""
    found = _by_id(collection, "query:")
    rows = [found[key] for key in sorted(found, key=lambda key: int(key.partition(":")[2]))]
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
    vectors = np.stack([vector for vector, _, _ in rows]).astype(np.float32)
    return [text for _, text, _ in rows], data, vectors


def read_texts(collection: "Collection") -> list[str]:
    """The stored validation queries' texts, in no order."""
    found = collection.get(include=["documents"])
    pairs = zip(found["ids"], found["documents"] or [], strict=True)
    return [text for key, text in pairs if key.startswith("query:")]


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
    some = collection.get(limit=PROBES, include=["embeddings"])["embeddings"]
    if some is None or len(some) == 0:
        raise _damaged(name, "no vector can be read")
    answer = collection.query(query_embeddings=some, n_results=1, include=["distances"])
    nearest = answer["distances"] or []
    if len(nearest) != len(some) or any(not row or not row[0] <= PROBE_DISTANCE for row in nearest):
        raise _damaged(name, "stored vectors are not found by search")


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
        **{name: np.stack([array_of(item[name]) for item in scores]) for name in TABLE},
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


def array_of(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _damaged(what: str, why: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"the index is damaged: {what}: {why}; roll back to another generation or fit again"
    )
