"""``ClusterIndex``: fitted clusters and scores, served from Chroma."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from avengers_graph.embedding import (
    fingerprint,
    load_embeddings,
    same_embedder,
    spec_of,
)
from avengers_graph.errors import (
    ClusterIndexError,
    ConfigError,
    EmbeddingError,
    IndexMismatchError,
)
from avengers_graph.records import Record
from avengers_graph.routing import catalogue
from avengers_graph.routing.client import (
    check_place,
    chroma_errors,
    open_client,
    place_name,
    place_of,
)
from avengers_graph.routing.evidence import Evidence
from avengers_graph.routing.fitting import Matrix
from avengers_graph.routing.forks import inherited, remember
from avengers_graph.routing.model import ExpertScore, FittedModel, Queries, Vectors, mean_residual
from avengers_graph.routing.nearest import nearest_clusters
from avengers_graph.routing.publishing import fit_records, publish
from avengers_graph.routing.reading import (
    check_search,
    read_model,
    read_queries,
    read_texts,
    read_training,
    residuals_of,
)
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.routing.writing import Fitted, Progress
from avengers_graph.types import ClusterHit

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from langchain_core.embeddings import Embeddings


class ClusterIndex:
    """One generation of a fitted index; it stays on it whatever is fitted meanwhile.

    ``latest`` gives the generation in service now.
    """

    def __init__(
        self, client: "ClientAPI", generation: str, manifest: Mapping[str, Any], *, where: str
    ) -> None:
        """Use ``fit`` or ``open``; this reads one generation and checks it.

        Raises:
            IndexDamagedError: what is stored does not add up.
        """
        self._client = client
        self._manifest = manifest
        self._where = where
        self.generation = generation
        """Name of the generation; it changes with every fit."""
        with chroma_errors(where):
            self.model: FittedModel = read_model(client, generation, dict(manifest))
            if self.settings.needs("knn"):
                check_search(self._queries, expected=int(manifest["n_stored"]))

        remember(self, _place_key(place_of(client), generation))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by place and generation: whoever unpickles it opens the index again.

        A forked child that inherits this very object gets that: Chroma does not survive a fork,
        and all but the kNN scorer is answered from the copy in memory.
        """
        return _reopened, (type(self), place_of(self._client), self.generation)

    @classmethod
    def fit(
        cls,
        records: Sequence[Record],
        embeddings: "Embeddings | None",
        *,
        n_clusters: int | None = None,
        path: str | Path | None = None,
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
            path: Directory of an embedded Chroma, made if missing; or else
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
        check_place(path, host=host, port=port)
        fitted = fit_records(
            records,
            embeddings,
            n_clusters=n_clusters,
            seed=seed,
            settings=settings,
            vectors=vectors,
            progress=progress,
        )
        place = (None if path is None else Path(path), host, port)
        return cls._published(fitted, embeddings, seed=seed, place=place, progress=progress)

    @classmethod
    def from_model(
        cls,
        model: FittedModel,
        embeddings: "Embeddings | None",
        *,
        path: str | Path | None = None,
        host: str | None = None,
        port: int = 8000,
    ) -> Self:
        """Publish a model that was fitted elsewhere, without its validation queries.

        Raises:
            IndexMismatchError: the embedder's vectors have another length.
            IndexDamagedError: what is at ``path`` is no sound database.
        """
        folder = None if path is None else Path(path)
        where = (folder, host, port)
        return cls._published(Fitted.without_queries(model), embeddings, seed=0, place=where)

    @classmethod
    def _published(
        cls,
        fitted: Fitted,
        embeddings: "Embeddings | None",
        *,
        seed: int,
        place: tuple[Path | None, str | None, int],
        progress: Progress | None = None,
    ) -> Self:
        where = place_name(*place)
        with chroma_errors(where):
            client, generation = publish(
                fitted, embeddings, seed=seed, place=place, progress=progress
            )
            return cls(client, generation, catalogue.manifest(client, generation), where=where)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
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
        folder = None if path is None else Path(path)
        where = place_name(folder, host, port)
        with chroma_errors(where):
            client = open_client(folder, host, port, create=False)
            name = generation or catalogue.current(client, where=where)
            index = cls(client, name, catalogue.manifest(client, name), where=where)
        if embeddings is not None:
            index.check_embedder(embeddings)
        return index

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of the experts that were scored, sorted."""
        return self.model.experts

    @property
    def n_clusters(self) -> int:
        """Clusters of the partition that ``nearest`` searches; ids go from 0."""
        return self.model.n_clusters

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return self.model.dim

    @property
    def settings(self) -> RankingSettings:
        """How the index was fitted, and how it ranks."""
        return self.model.settings

    @property
    def embedding_model(self) -> str | None:
        """What ``load_embeddings`` takes to load the index's embedder; None if it cannot."""
        spec = self._manifest["embedder"]["model"]
        return None if spec is None else str(spec)

    @property
    def n_queries(self) -> int:
        """Validation queries it was fitted on."""
        return int(self._manifest["n_queries"])

    @property
    def datasets(self) -> tuple[str, ...]:
        """Data sets of the validation queries, sorted."""
        return self.model.datasets

    @property
    def centroids(self) -> Vectors:
        """(n_clusters, dim): an exact copy of what Chroma holds."""
        return self.model.clusters.centroids[: self.n_clusters]

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
                f"the index at {self._where} was fitted with the embedder "
                f"{self.embedding_model!r} ({self.dim} dimensions), not with "
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
                f"the index at {self._where} does not know how to load its embedder, which was "
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
        beta = self.settings.beta if beta is None else beta
        return nearest_clusters(self.model, query, k=k, beta=beta)

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

    def global_scores(self) -> dict[str, ExpertScore]:
        """Each expert's record over all validation queries."""
        return self.model.global_scores()

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
        query = self._query(vector)
        model = self.model
        batch = model.evidence(query[None], top_clusters=len(hits), beta=beta)
        rows = np.array([hit["id"] for hit in hits])
        weights = np.array([hit["weight"] for hit in hits], dtype=np.float64)
        evidence = batch.first().with_partition(
            means=model.clusters.means[rows],
            counts=model.clusters.counts[rows],
            expected=model.clusters.expected[rows],
            weights=weights / weights.sum(),
        )
        predictions = dict(evidence.predictions)
        if self.settings.needs("knn"):
            predictions["knn"] = self._neighbours(query)
        return replace(
            evidence,
            costs=model.mean_costs(rows, weights / weights.sum()),
            predictions=predictions,
            label=hits[0]["label"],
        )

    def stored_queries(self) -> Queries:
        """The stored validation queries, for scoring many queries at once by kNN."""
        with chroma_errors(self._where):
            return read_queries(self._queries, self.model)

    def training_data(self) -> tuple[list[str], Matrix, Vectors]:
        """The stored validation queries, all or a sample of 50,000, to fit on them again.

        Their texts, their scores, and their vectors ``(n, dim)``.

        Raises:
            ClusterIndexError: the index was published without them.
        """
        if not self._manifest["n_stored"]:
            raise ClusterIndexError(
                f"the index at {self._where} holds no validation queries; fit it on records"
            )
        with chroma_errors(self._where):
            return read_training(self._queries, self.model)

    def fitted_on(self, queries: Sequence[str]) -> int:
        """How many of ``queries`` are among the stored validation queries, letter by letter.

        Scores on those flatter the index: it has seen the answers.
        """
        with chroma_errors(self._where):
            stored = set(read_texts(self._queries))
        return sum(query in stored for query in queries)

    def latest(self) -> "ClusterIndex":
        """The generation in service now: this very object, or a newer one.

        Raises:
            IndexNotFoundError: the index is gone.
        """
        with chroma_errors(self._where):
            name = catalogue.current(self._client, where=self._where)
            if name == self.generation:
                return self
            manifest = catalogue.manifest(self._client, name)
            return ClusterIndex(self._client, name, manifest, where=self._where)

    def generations(self) -> list[catalogue.Generation]:
        """All finished generations, oldest first."""
        with chroma_errors(self._where):
            return catalogue.generations(self._client)

    def rollback(self, generation: str) -> "ClusterIndex":
        """Put an older (or any) generation in service, after checking it.

        Raises:
            IndexNotFoundError: there is none of that name.
            IndexDamagedError: it is not sound; the one in service stays.
        """
        with chroma_errors(self._where):
            manifest = catalogue.manifest(self._client, generation)
            index = ClusterIndex(self._client, generation, manifest, where=self._where)
            catalogue.point_to(self._client, generation)
        return index

    def remove_generation(self, generation: str) -> None:
        """Delete a generation that is not in service.

        Raises:
            ClusterIndexError: it is in service.
            IndexNotFoundError: there is none of that name.
        """
        with chroma_errors(self._where):
            if generation == catalogue.current(self._client, where=self._where):
                raise ClusterIndexError(
                    f"generation {generation!r} is in service; roll back to another one first"
                )
            catalogue.remove(self._client, generation)

    @cached_property
    def _queries(self) -> "Collection":
        return catalogue.open_part(self._client, self.generation, "queries")

    def _neighbours(self, query: Vectors) -> Any:
        """Residual of the kNN scorer, ``(e,)``."""
        settings, model = self.settings, self.model
        with chroma_errors(self._where):
            found = self._queries.query(
                query_embeddings=query[None],
                n_results=min(settings.neighbours, int(self._manifest["n_stored"])),
                include=["metadatas"],
            )["metadatas"]
        residuals = residuals_of(found[0] if found else [], model)
        return mean_residual(residuals, settings.shrinkage)

    def _query(self, vector: ArrayLike) -> Vectors:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (self.dim,):
            raise IndexMismatchError(
                f"the query's vector has shape {query.shape}, the index at {self._where} "
                f"({self.dim},); use the embedder it was fitted with: {self.embedding_model!r}"
            )
        if not np.isfinite(query).all():
            raise EmbeddingError("the query's vector is not finite; check the embedder")
        return query


def _place_key(where: Mapping[str, Any], generation: str) -> str:
    return f"{sorted(where.items())} {generation}"


def _reopened(kind: type[ClusterIndex], where: dict[str, Any], generation: str) -> ClusterIndex:
    found = inherited(_place_key(where, generation))
    return found if isinstance(found, kind) else kind.open(**where, generation=generation)
