"""``fit --clusters auto``: settings chosen by cross-validation on the records alone.

Each candidate is judged twice: on queries like those it was fitted on (random folds), and on
whole neighbourhoods it has not seen (shifted folds). The mean of both decides, so that what is
chosen also serves queries that the records do not foresee. Many candidates differ by less than
the luck of one partition into folds: the best few, and the defaults, are judged again on others.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.calibration.cross_validation import (
    Fold,
    HeldOut,
    joined,
    random_folds,
    shifted_folds,
)
from avengers_graph.embedding import Progress
from avengers_graph.errors import ConfigError, RecordsError
from avengers_graph.routing import RankingSettings
from avengers_graph.routing.clustering import distinct_rows, few_threads
from avengers_graph.routing.fitting import default_clusters
from avengers_graph.routing.matrix import Matrix, dataset_means, macro_mean
from avengers_graph.routing.model import Vectors

Floats = NDArray[np.float64]

BUDGET = 600.0
"""Seconds after which no further number of clusters, and no further repeat, is begun."""
FINALISTS = 12
"""Candidates that are judged again, besides the defaults."""
REPEATS = 3
"""Further partitions into folds that the finalists are judged on."""
FOLDS = 5
PARTITIONS = 4
"""Partitions of the clustering that candidates average at most."""
BLENDS = (
    *(
        {"cluster": 1 - s, other: s}
        for other in ("ridge", "knn", "prior")
        for s in (0.25, 0.5, 0.75)
    ),
    {"cluster": 0.25, "ridge": 0.5, "prior": 0.25},
    {"cluster": 0.5, "ridge": 0.25, "prior": 0.25},
)
AUTHORS_TOP_CLUSTERS, AUTHORS_BETA = 11, 3.0
"""Defaults of the authors' released code for its reciprocal-rank fusion."""
MOST_CLUSTERS = 128
"""Clusters that are tried at most."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate and what it scored, in percent, each data set counting once."""

    settings: RankingSettings
    random: float
    """On random folds."""
    shifted: float
    """On held-out neighbourhoods."""
    repeats: int = 1
    """Partitions into folds that both are means over."""

    @property
    def score(self) -> float:
        """What decides."""
        return (self.random + self.shifted) / 2

    def to_dict(self) -> dict[str, Any]:
        """Plain form."""
        scores = {"score": self.score, "random": self.random, "shifted": self.shifted}
        return {name: round(value, 3) for name, value in scores.items()} | {
            "repeats": self.repeats,
            "settings": self.settings.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Tuning:
    """The outcome: what was chosen, all that was tried, and what there is to compare with."""

    chosen: RankingSettings
    trials: tuple[Trial, ...]
    """Those judged most often first; among these, the best first."""
    best_single: float
    """Percent of the one expert that is best on the training rows of each fold."""
    per_dataset_best: float
    """Percent of the best expert of each data set, in hindsight."""
    seconds: float
    complete: bool
    """False when the budget ended before every number of clusters and repeat was tried."""


def tune(
    data: Matrix,
    vectors: Vectors,
    *,
    seed: int = 0,
    budget: float = BUDGET,
    n_folds: int = FOLDS,
    progress: Progress | None = None,
) -> Tuning:
    """Try numbers of clusters, partitions, shrinkage, mixing and scorers on held-out records.

    Then judge the best few, and the defaults, on further partitions of the records. The same
    records and seed give the same trials as far as the budget reaches.

    Args:
        vectors: Unit vectors of the queries, ``(n, dim)``.
        budget: Seconds; the first number of clusters is always tried to the end.

    Raises:
        RecordsError: there are too few records to hold some out.
    """
    started = time.monotonic()
    if budget <= 0:
        raise ConfigError(f"the budget is {budget!r} seconds; it must be above 0")
    if len(vectors) < 2 * n_folds:
        raise RecordsError(
            f"{len(vectors)} queries are too few for cross-validation; "
            f"give {2 * n_folds} or more, or pass --clusters K"
        )
    ends = started + budget
    search = _Search(data, vectors, n_folds=n_folds, seed=seed)
    trials, all_numbers = search.first_pass(ends, progress)
    finalists, all_repeats = search.repeated(_finalists(trials), ends, progress)
    ordered = sorted(finalists, key=_rank) + sorted(
        (trial for trial in trials if trial.settings not in [f.settings for f in finalists]),
        key=_rank,
    )
    return Tuning(
        chosen=ordered[0].settings,
        trials=tuple(ordered),
        best_single=_best_single(data, random_folds(data, n_folds=n_folds, seed=seed)),
        per_dataset_best=_per_dataset_best(data),
        seconds=time.monotonic() - started,
        complete=all_numbers and all_repeats,
    )


def _rank(trial: Trial) -> float:
    return -round(trial.score, 6)


def _finalists(trials: Sequence[Trial]) -> list[Trial]:
    """The best few, and the defaults at the default number of clusters."""
    best = sorted(trials, key=_rank)[:FINALISTS]
    defaults = RankingSettings(n_clusters=trials[0].settings.n_clusters, partitions=PARTITIONS)
    return best + [t for t in trials if t.settings == defaults and t not in best]


class _Search:
    """Candidates judged on seeded partitions of the records into folds."""

    def __init__(self, data: Matrix, vectors: Vectors, *, n_folds: int, seed: int) -> None:
        self._data = data
        self._vectors = vectors
        self._n_folds = n_folds
        self._seed = seed

    def first_pass(self, ends: float, progress: Progress | None) -> tuple[list[Trial], bool]:
        """Every candidate, once; and whether the time sufficed for every number of clusters."""
        different = distinct_rows(self._vectors, enough=MOST_CLUSTERS)
        numbers = cluster_numbers(len(self._vectors), different=different)
        folds = self._folds(self._seed)
        moved = _Steps("tuning", len(numbers) * sum(map(len, folds)), progress)
        trials: list[Trial] = []
        for number in numbers:
            if trials and time.monotonic() > ends:
                return trials, False
            base = RankingSettings(n_clusters=number, partitions=PARTITIONS)
            grid = list(candidates(base, first=not trials))
            found = self._judged(grid, folds, self._seed, moved)
            trials += [Trial(s, *scores) for s, scores in zip(grid, found, strict=True)]
        moved.end()
        return trials, True

    def repeated(
        self, finalists: Sequence[Trial], ends: float, progress: Progress | None
    ) -> tuple[list[Trial], bool]:
        """The finalists with the means over repeats; and whether the time sufficed for all."""
        by_number: dict[int | None, list[Trial]] = {}
        for trial in finalists:
            by_number.setdefault(trial.settings.n_clusters, []).append(trial)
        moved = _Steps("deciding", REPEATS * len(by_number) * 2 * self._n_folds, progress)
        sums = [np.array([trial.random, trial.shifted]) for trial in finalists]
        done = 1
        for seed in range(self._seed + 1, self._seed + 1 + REPEATS):
            if time.monotonic() > ends:
                break
            folds = self._folds(seed)
            for group in by_number.values():
                found = self._judged([trial.settings for trial in group], folds, seed, moved)
                for trial, scores in zip(group, found, strict=True):
                    sums[finalists.index(trial)] += scores
            done += 1
        else:
            moved.end()
        means = [total / done for total in sums]
        again = [
            Trial(trial.settings, float(mean[0]), float(mean[1]), repeats=done)
            for trial, mean in zip(finalists, means, strict=True)
        ]
        return again, done == 1 + REPEATS

    def _folds(self, seed: int) -> tuple[list[Fold], list[Fold]]:
        return (
            random_folds(self._data, n_folds=self._n_folds, seed=seed),
            shifted_folds(self._data, self._vectors, n_folds=self._n_folds, seed=seed),
        )

    def _judged(
        self,
        grid: Sequence[RankingSettings],
        kinds: tuple[list[Fold], list[Fold]],
        seed: int,
        moved: "_Steps",
    ) -> list[tuple[float, float]]:
        """Percent on random and on shifted folds of settings that share their clusters."""
        base = RankingSettings(n_clusters=grid[0].n_clusters, partitions=PARTITIONS)
        columns: list[list[float]] = []
        for folds in kinds:
            parts: list[list[Floats]] = []
            for fold in folds:
                moved.one()
                with few_threads():
                    held = HeldOut(self._data, self._vectors, fold, settings=base, seed=seed)
                    parts.append([held.routed(settings) for settings in grid])
            columns.append(
                [
                    100 * macro_mean(joined(column, folds, len(self._vectors)), self._data)
                    for column in zip(*parts, strict=True)
                ]
            )
        return list(zip(*columns, strict=True))


class _Steps:
    """Counts steps of one kind of work, and tells of each before it begins."""

    def __init__(self, stage: str, total: int, progress: Progress | None) -> None:
        self._stage = stage
        self._total = total
        self._done = 0
        self._progress = progress

    def one(self) -> None:
        """A step begins."""
        if self._progress is not None:
            self._progress(self._stage, min(self._done, self._total), self._total)
        self._done += 1

    def end(self) -> None:
        """All is done."""
        if self._progress is not None:
            self._progress(self._stage, self._total, self._total)


def _best_single(data: Matrix, folds: Sequence[Any]) -> float:
    parts = []
    for fold in folds:
        train = data.rows(fold.train)
        known = dataset_means(train.scores, train.dataset, len(train.datasets))
        best = int(np.nanargmax(known.single))
        parts.append(data.scores[fold.test, best])
    return 100 * macro_mean(joined(parts, folds, len(data.scores)), data)


def _per_dataset_best(data: Matrix) -> float:
    return 100 * float(_dataset_means(data).max(axis=1).mean())


def _dataset_means(data: Matrix) -> Floats:
    """Mean known score of each expert on each data set, 0 where there is none."""
    means = []
    for row in range(len(data.datasets)):
        scores = data.scores[data.dataset == row]
        known = np.maximum(np.isfinite(scores).sum(axis=0), 1)
        means.append(np.nansum(scores, axis=0) / known)
    return np.stack(means)


def cluster_numbers(n_queries: int, *, different: int) -> list[int]:
    """Numbers of clusters to try, the default first, up to one for 10 queries.

    Args:
        different: Of the queries' vectors, counted up to ``MOST_CLUSTERS`` or further.
    """
    tried = [k for k in (MOST_CLUSTERS, 32, 16, 8) if k <= n_queries // 10]
    return list(dict.fromkeys(min(k, different) for k in (default_clusters(n_queries), *tried)))


def candidates(base: RankingSettings, *, first: bool) -> Iterator[RankingSettings]:
    """Settings that differ in all but the clustering; simpler ones first, as ties go to them.

    Args:
        first: Also those that do not depend on the number of clusters.
    """
    for prior in ("dataset", "global"):
        held = replace(base, prior=prior)
        if first:
            yield replace(held, scorer="prior", partitions=1)
            for penalty in (30.0, 100.0, 300.0):
                yield replace(held, scorer="ridge", penalty=penalty, partitions=1)
            for neighbours, shrinkage in product((20, 50, 150), (10.0, 50.0)):
                yield replace(
                    held, scorer="knn", neighbours=neighbours, shrinkage=shrinkage, partitions=1
                )
        mixing = ((1, 10.0), (3, 10.0), (3, 3.0))
        for (top, beta), averaged, shrinkage in product(
            mixing, (1, base.partitions), (0.0, 5.0, 20.0, 80.0)
        ):
            yield replace(
                held,
                scorer="cluster",
                top_clusters=top,
                beta=beta,
                partitions=averaged,
                shrinkage=shrinkage,
            )
        for blend, shrinkage in product(BLENDS, (5.0, 20.0)):
            yield replace(held, scorer="blend", blend=blend, shrinkage=shrinkage)
    for averaged in (1, base.partitions):
        yield replace(
            base,
            scorer="reciprocal-rank",
            prior="global",
            partitions=averaged,
            top_clusters=AUTHORS_TOP_CLUSTERS,
            beta=AUTHORS_BETA,
        )
