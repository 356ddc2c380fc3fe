"""Settings judged on records held out, with what they share computed once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from avengers_graph.routing import Evidence, RankingSettings, choose, order_key
from avengers_graph.routing.clustering import Partition, cluster, distinct_rows
from avengers_graph.routing.fitting import fit_model, fit_residuals, knn_queries
from avengers_graph.routing.matrix import Matrix
from avengers_graph.routing.model import (
    FittedModel,
    Queries,
    Vectors,
    mean_residual,
    nearest_queries,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NEIGHBOURHOODS = 12
"""Groups of like queries for each fold of held-out neighbourhoods."""
NEAREST_KEPT = 200
"""Neighbours computed once; kNN settings ask for as many or fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows that are fitted on, and rows that are held out."""

    train: Rows
    test: Rows


def random_folds(data: Matrix, *, n_folds: int, seed: int) -> list[Fold]:
    """Every data set dealt out evenly: what queries like the known ones would get."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(data.dataset), dtype=np.int64)
    start = 0
    for row in range(len(data.datasets)):
        here = rng.permutation(np.flatnonzero(data.dataset == row))
        fold[here] = (np.arange(len(here)) + start) % n_folds
        start += len(here)
    return _folds(fold, n_folds)


def shifted_folds(data: Matrix, vectors: Vectors, *, n_folds: int, seed: int) -> list[Fold]:
    """Whole neighbourhoods held out: what queries unlike the known ones would get.

    Queries whose vectors are all alike have none; they are dealt out at random.
    """
    size = min(NEIGHBOURHOODS * n_folds, max(n_folds, len(vectors) // 4))
    size = distinct_rows(vectors, enough=size)
    if size < 2:
        return random_folds(data, n_folds=n_folds, seed=seed)
    _, group = cluster(vectors, n_clusters=size, method="kmeans", seed=seed)
    dealt = np.random.default_rng(seed).permutation(int(group.max()) + 1) % n_folds
    return _folds(dealt[group], n_folds)


def _folds(fold: Rows, n_folds: int) -> list[Fold]:
    made = [
        Fold(np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for number in range(n_folds)
    ]
    return [item for item in made if len(item.train) and len(item.test)]


class HeldOut:
    """One fold at one number of clusters: fits once, then judges many settings."""

    def __init__(
        self, data: Matrix, vectors: Vectors, fold: Fold, *, settings: RankingSettings, seed: int
    ) -> None:
        """Cluster the fold's training rows as ``settings`` say, in all their partitions."""
        self._data = data.rows(fold.train)
        self._train = vectors[fold.train]
        self._test = vectors[fold.test]
        self._scores = data.scores[fold.test]
        self._seed = seed
        self._settings = settings
        wanted = distinct_rows(self._train, enough=settings.n_clusters or 1)
        self._clusters = wanted
        self._partitions: list[Partition] = [
            cluster(self._train, n_clusters=wanted, method=settings.method, seed=seed + number)
            for number in range(settings.partitions)
        ]
        self._models: dict[str, FittedModel] = {}
        self._evidence: dict[tuple[str, int, float], Evidence] = {}
        self._ridge: dict[tuple[str, float], Floats] = {}

    def routed(self, settings: RankingSettings) -> Floats:
        """Score of the chosen expert on each held-out row, among those scored there, ``(n,)``."""
        first = slice(0, settings.partitions)
        shared = self._shared(settings)
        evidence = replace(
            shared,
            settings=settings,
            weights=shared.weights[:, first],
            means=shared.means[:, first],
            counts=shared.counts[:, first],
            expected=shared.expected[:, first],
            predictions=self._predictions(settings),
        )
        known = np.isfinite(self._scores)
        chosen = choose(order_key(evidence), costs=evidence.costs, known=known)
        return np.asarray(self._scores[np.arange(len(chosen)), chosen])

    def _model(self, prior: str) -> FittedModel:
        if prior not in self._models:
            self._models[prior], _ = fit_model(
                self._data,
                self._train,
                settings=replace(
                    self._settings, n_clusters=self._clusters, prior=prior, scorer="cluster"
                ),
                seed=self._seed,
                partitions=self._partitions,
            )
        return self._models[prior]

    def _shared(self, settings: RankingSettings) -> Evidence:
        key = (settings.prior, settings.top_clusters, settings.beta)
        if key not in self._evidence:
            model, beta = self._model(settings.prior), settings.beta
            shown = model.nearest(self._test, k=settings.top_clusters, beta=beta)
            self._evidence[key] = model.evidence(self._test, shown=shown, beta=beta)
        return self._evidence[key]

    def _predictions(self, settings: RankingSettings) -> dict[str, Floats]:
        found: dict[str, Floats] = {}
        if settings.needs("ridge"):
            key = (settings.prior, settings.penalty)
            if key not in self._ridge:
                residuals = self._queries(settings.prior).residuals
                fitted = fit_residuals(self._train, residuals, penalty=settings.penalty)
                self._ridge[key] = fitted(self._test)
            found["ridge"] = self._ridge[key]
        if settings.needs("knn"):
            rows = self._nearest[:, : settings.neighbours]
            residuals = self._queries(settings.prior).residuals[rows]
            found["knn"] = mean_residual(residuals, settings.shrinkage)
        return found

    def _queries(self, prior: str) -> Queries:
        return knn_queries(self._model(prior), self._data, self._train)

    @cached_property
    def _nearest(self) -> Rows:
        return nearest_queries(self._test, self._train, NEAREST_KEPT)


def joined(parts: Sequence[Floats], folds: Sequence[Fold], size: int) -> Floats:
    """Held-out scores of all folds in the order of the records, ``(size,)``."""
    whole = np.full(size, np.nan)
    for part, fold in zip(parts, folds, strict=True):
        whole[fold.test] = part
    return whole
