"""``ClusterIndex``: fitted clusters and scores, served from Chroma."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from avengers_graph.embedding import (
    Progress,
    embed_query,
    fingerprint,
    load_embeddings,
    same_embedder,
    spec_of,
)
from avengers_graph.errors import ClusterIndexError, ConfigError, EmbeddingError, IndexMismatchError
from avengers_graph.records import Record
from avengers_graph.routing import generations, store
from avengers_graph.routing.client import (
    check_place,
    chroma_errors,
    inherited,
    open_client,
    place_of,
    remember,
)
from avengers_graph.routing.evidence import Evidence
from avengers_graph.routing.fitting import Fitted, fit_records
from avengers_graph.routing.generations import Generation
from avengers_graph.routing.model import ExpertScore, FittedModel, Nearest, Vectors
from avengers_graph.routing.queries import StoredQueries
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.settings.config import IndexPlace
from avengers_graph.types import ClusterHit

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from langchain_core.embeddings import Embeddings


class ClusterIndex:
    """One generation of a fitted index; it stays on it whatever is fitted meanwhile.

    ``latest`` gives the generation in service now.
    """

    def __init__(self, client: "ClientAPI", place: IndexPlace, generation: str) -> None:
        """Use ``fit`` or ``open``; this reads one generation and checks it.

        Raises:
            IndexNotFoundError: there is no such generation.
            IndexDamagedError: what is stored does not add up.
        """
        self._client = client
        self.place = place
        """Where the index is."""
        self.generation = generation
        """Name of the generation; it changes with every fit."""
        with chroma_errors(place):
            self._manifest: Mapping[str, Any] = generations.manifest(client, generation)
            self.model: FittedModel = store.read_model(client, generation, self._manifest)
            """All that was fitted, but for the validation queries."""
            self.queries = StoredQueries(
                client, place, generation, self.model, count=int(self._manifest["n_stored"])
            )
            """The validation queries, which the kNN scorer searches."""
            if self.model.settings.needs("knn"):
                self.queries.check()
        self.settings: RankingSettings = self.model.settings
        """How the index was fitted, and how it ranks."""
        self.experts: tuple[str, ...] = self.model.experts
        """Names of the experts that were scored, sorted."""
        self.n_clusters: int = self.model.n_clusters
        """Clusters of the partition that ``nearest`` searches; ids go from 0."""
        self.n_queries = int(self._manifest["n_queries"])
        """Validation queries the index was fitted on."""
        self.embedding_model: str | None = self._manifest["embedder"]["model"]
        """What ``load_embeddings`` takes to load the index's embedder; None if it cannot."""
        remember(self, place, generation)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by place and generation: whoever unpickles it opens the index again.

        A forked child that inherits this very object gets that: Chroma does not survive a fork,
        and all but the kNN scorer is answered from the copy in memory.
        """
        return _reopened, (type(self), self.place.resolved(), self.generation)

    @classmethod
    def fit(
        cls,
        records: Sequence[Record],
        embeddings: "Embeddings | None",
        *,
        n_clusters: int | None = None,
        path: str | Path | IndexPlace | None = None,
        host: str | None = None,
        port: int = 8000,
        seed: int = 0,
        settings: RankingSettings | None = None,
        vectors: ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Stage I: cluster the records' queries, and score each expert in each cluster.

        The same records, seed and settings give the same centroids, scores and rankings.
        Nothing is written before all is computed, and readers see the new generation only
        when it is complete.

        Args:
            n_clusters: Overrides the settings' number of clusters.
            path: Directory of an embedded Chroma, made if missing, or any place; or else
            host: of a Chroma server, with ``port``.
            settings: How to cluster and rank; None takes defaults that do well.
            vectors: Vectors of the queries, ``(n, dim)``, where they are known already, made to
                unit length. ``embeddings`` may then be None, and the index cannot check its
                embedder.

        Raises:
            RecordsError: the records cannot be used, or are too few for the clusters.
            EmbeddingError: the embedder fails.
            IndexDamagedError: what is at ``path`` is no sound database.
            ClusterIndexError: nothing can be written there; said before anything is computed.
        """
        place = place_of(path, host, port)
        check_place(place)
        fitted = fit_records(
            records,
            embeddings,
            n_clusters=n_clusters,
            seed=seed,
            settings=settings,
            vectors=vectors,
            progress=progress,
        )
        return cls._published(fitted, embeddings, place=place, seed=seed, progress=progress)

    @classmethod
    def from_model(
        cls,
        model: FittedModel,
        embeddings: "Embeddings | None",
        *,
        path: str | Path | IndexPlace,
    ) -> Self:
        """Publish a model that was fitted elsewhere, without its validation queries.

        Raises:
            IndexMismatchError: the embedder's vectors have another length.
            IndexDamagedError: what is at ``path`` is no sound database.
        """
        fitted = Fitted.without_queries(model)
        return cls._published(fitted, embeddings, place=place_of(path), seed=0)

    @classmethod
    def open(
        cls,
        path: str | Path | IndexPlace | None = None,
        *,
        host: str | None = None,
        port: int = 8000,
        embeddings: "Embeddings | None" = None,
        generation: str | None = None,
    ) -> Self:
        """The index in service at a directory or on a Chroma server, verified.

        Args:
            embeddings: The embedder that queries will come from; it is compared with the one
                the index was fitted with.
            generation: Another one than that in service.

        Raises:
            IndexNotFoundError: there is no index, or no such generation.
            IndexDamagedError: counts, contents or search do not add up.
            IndexMismatchError: another embedder or schema version.
        """
        place = place_of(path, host, port)
        with chroma_errors(place):
            client = open_client(place, create=False)
            index = cls(client, place, generation or generations.current(client, place))
        if embeddings is not None:
            index.check_embedder(embeddings)
        return index

    @classmethod
    def _published(
        cls,
        fitted: Fitted,
        embeddings: "Embeddings | None",
        *,
        place: IndexPlace,
        seed: int,
        progress: Progress | None = None,
    ) -> Self:
        """Write a new generation, read it back, and only then move the pointer to it."""
        probes = None if embeddings is None else fingerprint(embeddings)
        if probes is not None and len(probes[0]) != fitted.model.dim:
            raise IndexMismatchError(
                f"the clusters have {fitted.model.dim} dimensions, the embedder "
                f"{spec_of(embeddings)!r} {len(probes[0])}; use the one they were fitted with"
            )
        embedder = {"model": spec_of(embeddings), "fingerprint": probes}
        with chroma_errors(place):
            client = open_client(place, create=True)
            with generations.new_generation(client) as name:
                store.write_model(
                    client, name, fitted, seed=seed, embedder=embedder, progress=progress
                )
                index = cls(client, place, name)
                generations.point_to(client, name)
        return index

    def check_embedder(self, embeddings: "Embeddings") -> None:
        """Compare an embedder with the one the index was fitted with.

        Raises:
            IndexMismatchError: it gives other vectors.
            EmbeddingError: it fails.
        """
        stored = self._manifest["embedder"]["fingerprint"]
        if stored is None:
            return
        theirs = fingerprint(embeddings)
        if not same_embedder(tuple(map(tuple, stored)), theirs):
            raise IndexMismatchError(
                f"the index at {self.place} was fitted with the embedder "
                f"{self.embedding_model!r} ({self.model.dim} dimensions), not with "
                f"{spec_of(embeddings) or type(embeddings).__name__!r} ({len(theirs[0])} "
                "dimensions); use that one, or fit again"
            )

    def load_embeddings(self) -> "Embeddings":
        """The embedder the index was fitted with, loaded and checked.

        Raises:
            EmbeddingError: it cannot be loaded by name.
            IndexMismatchError: what was loaded gives other vectors.
        """
        if self.embedding_model is None:
            raise EmbeddingError(
                f"the index at {self.place} does not know how to load its embedder, which was "
                "passed as an object; name one in the configuration"
            )
        embeddings = load_embeddings(self.embedding_model)
        self.check_embedder(embeddings)
        return embeddings

    def nearest(
        self, vector: ArrayLike, *, k: int = 1, beta: float | None = None
    ) -> list[ClusterHit]:
        """The ``k`` nearest clusters, nearest first, ties to the lower id.

        Found in the exact copy of the centroids that was read from Chroma, and checked against
        it, when this generation was opened; a generation never changes. Asking Chroma each time
        costs more than everything else between the embedding and the first call
        (``benchmarks/routing_latency.py``). The first one is what ``KMeans.predict`` says.
        Weights are softmax(-beta * distance).

        Args:
            vector: ``(dim,)``.
            k: At least 1; more than there are clusters gives all of them.
            beta: At least 0; None takes the fitted one.

        Raises:
            IndexMismatchError: the vector has another length.
            EmbeddingError: it is not finite.
        """
        query = self._query(vector)
        if k < 1:
            raise ConfigError(f"k is {k!r}; ask for 1 cluster or more")
        table, near = self.model.clusters, self.model.nearest(query[None], k=k, beta=beta)
        return [
            {
                "id": int(row),
                "label": table.labels[row],
                "distance": float(distance),
                "weight": float(weight),
                "size": int(table.sizes[row]),
            }
            for row, distance, weight in zip(
                near.rows[0], near.distances[0], near.weights[0], strict=True
            )
        ]

    def scores(self, cluster_id: int) -> dict[str, ExpertScore]:
        """Each expert's record in one cluster.

        Raises:
            ClusterIndexError: there is no such cluster.
        """
        if not 0 <= cluster_id < self.n_clusters:
            raise ClusterIndexError(
                f"no cluster {cluster_id!r}; the ids go from 0 to {self.n_clusters - 1}"
            )
        return self.model.cluster_scores(cluster_id)

    def evidence(
        self, vector: ArrayLike, hits: Sequence[ClusterHit], *, beta: float | None = None
    ) -> Evidence:
        """All that ranking needs to know about a query.

        Args:
            vector: ``(dim,)``.
            hits: The clusters to mix, as ``nearest`` gave them; their weights are used.
            beta: For the further partitions; None takes the fitted one.

        Raises:
            ClusterIndexError: there is no hit.
        """
        if not hits:
            raise ClusterIndexError("no cluster was passed; pass what nearest() returned")
        weights = np.array([[hit["weight"] for hit in hits]], dtype=np.float64)
        shown = Nearest(
            rows=np.array([[hit["id"] for hit in hits]]),
            distances=np.array([[hit["distance"] for hit in hits]], dtype=np.float64),
            weights=weights / weights.sum(),
        )
        evidence = self.model.evidence(
            self._query(vector)[None], shown=shown, beta=beta, neighbours=self.queries
        )
        return replace(evidence.first(), label=hits[0]["label"])

    def latest(self) -> "ClusterIndex":
        """The generation in service now: this very object, or a newer one.

        Raises:
            IndexNotFoundError: the index is gone.
        """
        with chroma_errors(self.place):
            name = generations.current(self._client, self.place)
            if name == self.generation:
                return self
            return ClusterIndex(self._client, self.place, name)

    def generations(self) -> list[Generation]:
        """All finished generations, oldest first."""
        with chroma_errors(self.place):
            return generations.finished(self._client)

    def rollback(self, generation: str) -> "ClusterIndex":
        """Put an older (or any) generation in service, after checking it.

        Raises:
            IndexNotFoundError: there is none of that name.
            IndexDamagedError: it is not sound; the one in service stays.
        """
        with chroma_errors(self.place):
            index = ClusterIndex(self._client, self.place, generation)
            generations.point_to(self._client, generation)
        return index

    def remove_generation(self, generation: str) -> None:
        """Delete a generation that is not in service.

        Raises:
            ClusterIndexError: it is in service.
            IndexNotFoundError: there is none of that name.
        """
        with chroma_errors(self.place):
            if generation == generations.current(self._client, self.place):
                raise ClusterIndexError(
                    f"generation {generation!r} is in service; roll back to another one first"
                )
            generations.remove(self._client, generation)

    def _query(self, vector: ArrayLike) -> Vectors:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (self.model.dim,):
            raise IndexMismatchError(
                f"the query's vector has shape {query.shape}, the index at {self.place} "
                f"({self.model.dim},); use the embedder it was fitted with: "
                f"{self.embedding_model!r}"
            )
        if not np.isfinite(query).all():
            raise EmbeddingError("the query's vector is not finite; check the embedder")
        return query


def _reopened(kind: type[ClusterIndex], place: IndexPlace, generation: str) -> ClusterIndex:
    found = inherited(place, generation)
    return found if isinstance(found, kind) else kind.open(place, generation=generation)


@dataclass(frozen=True, slots=True)
class Router:
    """An index and the embedder that it was fitted with."""

    index: ClusterIndex
    embeddings: "Embeddings"

    def vector(self, text: str) -> list[float]:
        """The unit vector of a question, (dim,), as plain numbers."""
        numbers: list[float] = embed_query(self.embeddings, text).tolist()
        return numbers


def open_index(
    place: IndexPlace, *, embedding: str | None = None
) -> "tuple[ClusterIndex, Embeddings]":
    """The index at a place with its embedder, or with the one that a configuration names.

    Args:
        embedding: What ``load_embeddings`` takes; None loads what the index was fitted with.

    Raises:
        ClusterIndexError: the index is missing, damaged, or of another embedder.
        EmbeddingError: the embedder cannot be loaded.
    """
    index = ClusterIndex.open(place)
    if embedding is None:
        return index, index.load_embeddings()
    embeddings = load_embeddings(embedding)
    index.check_embedder(embeddings)
    return index, embeddings
