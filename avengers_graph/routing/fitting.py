"""Stage I: from scored queries to a fitted model. Pure computation, nothing stored."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avengers_graph.embedding import Progress, embed_texts, unit_rows
from avengers_graph.errors import EmbeddingError
from avengers_graph.records import Record, check_records
from avengers_graph.routing.clustering import (
    Partition,
    cluster,
    cluster_labels,
    distinct_rows,
    few_threads,
)
from avengers_graph.routing.matrix import PSEUDO_COUNT, Matrix, dataset_means, matrix
from avengers_graph.routing.model import (
    ClusterTable,
    FittedModel,
    Floats,
    LinearModel,
    Queries,
    Vectors,
)
from avengers_graph.routing.novelty import fit_novelty, sampled_rows
from avengers_graph.routing.settings import RankingSettings

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

CLASSIFIER_STRENGTH = 10.0
"""Inverse L2 penalty of the data-set classifier."""
CLASSIFIER_SAMPLE = 50_000
"""Queries that the linear models are fitted on at most."""

_UNIT = 1e-5
"""A vector whose length differs from 1 by no more is not scaled again."""


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


def fit_records(
    records: Sequence[Record],
    embeddings: "Embeddings | None",
    *,
    n_clusters: int | None,
    seed: int,
    settings: RankingSettings | None,
    vectors: ArrayLike | None,
    progress: Progress | None,
) -> Fitted:
    """Check, embed and cluster, and write nothing. The arguments are those of ``ClusterIndex.fit``.

    Raises:
        RecordsError: the records cannot be used, or are too few for the clusters.
        EmbeddingError: the embedder fails, or there is none and no vectors either; or these are
            not one for each record, finite and not zero.
    """
    experts = check_records(records)
    chosen = settings or RankingSettings()
    if n_clusters is not None:
        chosen = replace(chosen, n_clusters=n_clusters)
    texts = [record.query for record in records]
    if vectors is not None:
        rows = np.asarray(vectors, dtype=np.float32)
        if rows.shape[:1] != (len(records),) or rows.ndim != 2:
            raise EmbeddingError(
                f"vectors have shape {rows.shape} for {len(records)} records; give one each"
            )
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        if not (np.abs(lengths - 1) <= _UNIT).all():
            rows = unit_rows(rows, expected=len(records))
    elif embeddings is not None:
        rows = embed_texts(embeddings, texts, progress=progress)
    else:
        raise EmbeddingError("neither embeddings nor vectors are given; pass one of them")
    data = matrix(records, experts)
    model, labels = fit_model(
        data, rows, settings=chosen, seed=seed, queries=texts, progress=progress
    )
    return Fitted(model, records, data, rows, labels)


def default_clusters(n_queries: int) -> int:
    """Clusters when none are asked for: the paper's 64, or 20 queries in each if that is fewer."""
    return int(min(64, max(1, n_queries // 20)))


def fit_model(
    data: Matrix,
    vectors: Vectors,
    *,
    settings: RankingSettings,
    seed: int = 0,
    queries: Sequence[str] | None = None,
    partitions: Sequence[Partition] | None = None,
    progress: Progress | None = None,
) -> tuple[FittedModel, NDArray[np.int64]]:
    """The fitted model, and each query's cluster in the first partition, shape ``(n,)``.

    Args:
        vectors: Unit vectors of the queries, ``(n, dim)``.
        queries: Their texts, for the clusters' labels; without them clusters are numbered.
        partitions: What clustering gave before on the same vectors, settings and seed.

    Raises:
        RecordsError: fewer queries or different vectors than clusters.
        ConfigError: the clustering method is unknown.
    """
    wanted = settings.n_clusters or default_clusters(len(vectors))
    if settings.n_clusters is None:
        wanted = distinct_rows(vectors, enough=wanted)
    settings = replace(settings, n_clusters=wanted)
    global_means, global_counts = _column_means(data.scores)
    means = dataset_means(data.scores, data.dataset, len(data.datasets))
    prior = (
        means.means[data.dataset]
        if settings.prior == "dataset"
        else np.broadcast_to(means.overall, data.scores.shape)
    )
    tables, first_labels = [], np.zeros(len(vectors), dtype=np.int64)
    for number in range(settings.partitions):
        if progress is not None:
            progress("clustering", number, settings.partitions)
        if partitions is None:
            centroids, labels = cluster(
                vectors, n_clusters=wanted, method=settings.method, seed=seed + number
            )
        else:
            centroids, labels = partitions[number]
        names = [""] * len(centroids)
        if number == 0:
            first_labels = labels
            names = [f"cluster {row}" for row in range(len(centroids))]
            if queries is not None:
                names = cluster_labels(queries, labels.tolist(), len(centroids))
        tables.append(_table(data, prior, centroids, labels, number, names))
    if progress is not None:
        progress("clustering", settings.partitions, settings.partitions)
    sample = sampled_rows(len(vectors), CLASSIFIER_SAMPLE, seed)
    residuals = data.scores - prior
    with few_threads():
        classifier = _dataset_classifier(vectors[sample], data.dataset[sample], data, seed)
        ridge = fit_residuals(vectors[sample], residuals[sample], penalty=settings.penalty)
    model = FittedModel(
        settings=settings,
        experts=data.experts,
        datasets=data.datasets,
        clusters=_stacked(tables),
        dataset_means=means,
        dataset_classifier=classifier,
        ridge=ridge,
        global_means=global_means,
        global_counts=global_counts,
        global_costs=_column_means(data.costs, empty=np.nan)[0],
        global_latencies=_column_means(data.latencies, empty=np.nan)[0],
        novelty=fit_novelty(vectors, seed=seed),
    )
    return model, first_labels


def knn_queries(model: FittedModel, data: Matrix, vectors: Vectors) -> Queries:
    """Validation queries with their residuals, for the kNN scorer."""
    return Queries(vectors, data.scores - model.prior_of(data.dataset))


def fit_ridge(
    vectors: Vectors, targets: Floats, *, penalty: float, zeros: float = 0.0
) -> LinearModel:
    """Ridge regression of each column of ``targets (n, e)``, over the rows where it is known.

    Args:
        penalty: of the squared weights; the level is not penalised.
        zeros: targets of 0 that are added to each column's level.
    """
    rows = vectors.astype(np.float64)
    weights = np.zeros((targets.shape[1], vectors.shape[1]))
    bias = np.zeros(targets.shape[1])
    known = np.isfinite(targets)
    for pattern in np.unique(known, axis=1).T:
        columns = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        if not pattern.any():
            continue
        x, y = rows[pattern], targets[np.ix_(pattern, columns)]
        centre, level = x.mean(axis=0), y.sum(axis=0) / (len(y) + zeros)
        gram = (x - centre).T @ (x - centre) + max(penalty, 1e-6) * np.eye(x.shape[1])
        solved = np.linalg.solve(gram, (x - centre).T @ (y - level))
        weights[columns] = solved.T
        bias[columns] = level - centre @ solved
    return LinearModel(weights.astype(np.float32), bias)


def fit_residuals(vectors: Vectors, residuals: Floats, *, penalty: float) -> LinearModel:
    """Ridge regression of what experts score over the prior: a few lucky scores change little."""
    return fit_ridge(vectors, residuals, penalty=penalty, zeros=PSEUDO_COUNT)


def _dataset_classifier(
    vectors: Vectors, dataset: NDArray[np.int64], data: Matrix, seed: int
) -> LinearModel:
    """Multinomial logistic regression of the data set; a data set not in the sample gets -inf."""
    n_datasets = len(data.datasets)
    weights = np.zeros((n_datasets, vectors.shape[1]), dtype=np.float32)
    bias = np.full(n_datasets, -50.0)
    present = np.unique(dataset)
    if len(present) == 1:
        bias[present] = 0.0
        return LinearModel(weights, bias)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=CLASSIFIER_STRENGTH, max_iter=300, random_state=seed)
    with warnings.catch_warnings():
        # Nearly as many data sets as queries are no sign that numbers were meant.
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        model.fit(vectors, dataset)
    if len(present) == 2:
        weights[present[1]], bias[present] = model.coef_[0], [0.0, float(model.intercept_[0])]
    else:
        weights[present], bias[present] = model.coef_, model.intercept_
    return LinearModel(weights, bias)


def _table(
    data: Matrix,
    prior: Floats,
    centroids: Vectors,
    labels: NDArray[np.int64],
    partition: int,
    names: Sequence[str],
) -> ClusterTable:
    size = len(centroids)
    known = np.isfinite(data.scores)
    counts = _sums(labels, known.astype(np.float64), size)
    floor = np.maximum(counts, 1.0)
    return ClusterTable(
        centroids=centroids,
        partition=np.full(size, partition, dtype=np.int64),
        labels=tuple(names),
        sizes=np.bincount(labels, minlength=size).astype(np.int64),
        counts=counts,
        means=_sums(labels, np.where(known, data.scores, 0.0), size) / floor,
        expected=_sums(labels, np.where(known, prior, 0.0), size) / floor,
        costs=_known_means(labels, data.costs, size),
        latencies=_known_means(labels, data.latencies, size),
    )


def _sums(labels: NDArray[np.int64], values: Floats, size: int) -> Floats:
    """Sum of the rows of each label, shape ``(size, e)``."""
    columns = [np.bincount(labels, weights=column, minlength=size) for column in values.T]
    return np.stack(columns, axis=1)


def _known_means(labels: NDArray[np.int64], values: Floats, size: int) -> Floats:
    known = np.isfinite(values)
    count = _sums(labels, known.astype(np.float64), size)
    total = _sums(labels, np.where(known, values, 0.0), size)
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def _column_means(values: Floats, *, empty: float = 0.0) -> tuple[Floats, Floats]:
    """Mean and count of the known values of each column."""
    known = np.isfinite(values).sum(axis=0).astype(np.float64)
    means = np.nansum(values, axis=0) / np.maximum(known, 1.0)
    return np.where(known > 0, means, empty), known


def _stacked(tables: Sequence[ClusterTable]) -> ClusterTable:
    def joined(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(table, name) for table in tables])

    return ClusterTable(
        centroids=np.concatenate([table.centroids for table in tables]),
        partition=np.concatenate([table.partition for table in tables]),
        labels=tuple(label for table in tables for label in table.labels),
        sizes=np.concatenate([table.sizes for table in tables]),
        counts=joined("counts"),
        means=joined("means"),
        expected=joined("expected"),
        costs=joined("costs"),
        latencies=joined("latencies"),
    )
