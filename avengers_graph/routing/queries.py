"""The validation queries that an index stores: searched by the kNN scorer, and fitted on again."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from avengers_graph.errors import ClusterIndexError
from avengers_graph.routing.client import chroma_errors
from avengers_graph.routing.generations import open_part
from avengers_graph.routing.matrix import Matrix
from avengers_graph.routing.model import FittedModel, Floats, Vectors
from avengers_graph.routing.store import Part, array_of, check_search
from avengers_graph.settings.config import IndexPlace

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

FOUND_AT_ONCE = 20_000
"""Neighbours asked for in one call, at most: SQLite takes 32,766 variables in a statement."""


class StoredQueries:
    """The validation queries of one generation: all, or a sample of 50,000.

    An object is a ``model.Neighbours``. Chroma is asked each time; nothing is read before.
    """

    def __init__(
        self,
        client: "ClientAPI",
        place: IndexPlace,
        generation: str,
        model: FittedModel,
        *,
        count: int,
    ) -> None:
        self._client = client
        self._place = place
        self._generation = generation
        self._model = model
        self._count = count

    def check(self) -> None:
        """Whether all are there, and are found by search.

        Raises:
            IndexDamagedError: they are not.
        """
        check_search(self._collection, expected=self._count)

    def __call__(self, vectors: Vectors, k: int) -> Floats:
        """Score minus prior of each expert on the ``k`` queries nearest to each vector.

        Args:
            vectors: ``(n, dim)``.
            k: More than are stored gives all of them.

        Returns:
            ``(n, k, e)``, NaN where not scored.
        """
        k = min(k, self._count)
        at_once = max(1, FOUND_AT_ONCE // k)
        rows: list[Any] = []
        with chroma_errors(self._place):
            for start in range(0, len(vectors), at_once):
                asked = vectors[start : start + at_once]
                found = self._collection.query(
                    query_embeddings=asked, n_results=k, include=["metadatas"]
                )
                rows += [row for near in found["metadatas"] or [] for row in near]
        residuals = _scores(rows) - self._model.prior_of(self._datasets(rows))
        return np.asarray(residuals.reshape(len(vectors), -1, len(self._model.experts)))

    def training_data(self) -> tuple[list[str], Matrix, Vectors]:
        """What the index was fitted on: the texts, their scores, and their vectors ``(n, dim)``.

        Latencies are not stored.

        Raises:
            ClusterIndexError: the index was published without queries.
        """
        if not self._count:
            raise ClusterIndexError(
                f"the index at {self._place} holds no validation queries; fit it on records"
            )
        with chroma_errors(self._place):
            found = Part(self._collection).all("query")
        rows = [metadata for _, _, metadata in found]
        scores = _scores(rows)
        data = Matrix(
            experts=self._model.experts,
            datasets=self._model.datasets,
            dataset=self._datasets(rows),
            scores=scores,
            costs=np.stack([array_of(json.loads(row["costs"])) for row in rows]),
            latencies=np.broadcast_to(np.nan, scores.shape),
        )
        vectors = np.stack([vector for vector, _, _ in found]).astype(np.float32)
        return [text for _, text, _ in found], data, vectors

    def count_stored(self, queries: Sequence[str]) -> int:
        """How many of ``queries`` are stored, letter by letter.

        Scores on those flatter the index: it has seen the answers.
        """
        with chroma_errors(self._place):
            stored = set(self._collection.get(include=["documents"])["documents"] or [])
        return sum(query in stored for query in queries)

    @cached_property
    def _collection(self) -> "Collection":
        return open_part(self._client, self._generation, "queries")

    def _datasets(self, rows: Sequence[Any]) -> Any:
        """Row of each query's data set, ``(n,)``."""
        row_of = {name: row for row, name in enumerate(self._model.datasets)}
        return np.array([row_of[str(row["dataset"])] for row in rows], dtype=np.int64)


def _scores(rows: Sequence[Any]) -> Floats:
    """Scores of stored queries from their metadata, ``(n, e)``, NaN where not scored."""
    return np.stack([array_of(json.loads(str(row["scores"]))) for row in rows])
