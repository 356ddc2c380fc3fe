"""``fit --clusters auto``: settings chosen by cross-validation on the records alone.

Each candidate is judged twice: on queries like those it was fitted on (random folds), and on
whole neighbourhoods it has not seen (shifted folds). The mean of both decides, so that what is
chosen also serves queries that the records do not foresee.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.calibration.cross_validation import (
    HeldOut,
    joined,
    random_folds,
    shifted_folds,
)
from avengers_graph.errors import ConfigError, RecordsError
from avengers_graph.index.clustering import few_threads
from avengers_graph.index.fitting import Matrix, default_clusters, macro_mean
from avengers_graph.index.model import Vectors
from avengers_graph.ranking import RankingSettings

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

BUDGET = 600.0
"""Seconds after which no further number of clusters is begun."""
FOLDS = 5
PARTITIONS = 4
BLENDS = (
    *(
        {"cluster": 1 - s, other: s}
        for other in ("ridge", "knn", "prior")
        for s in (0.25, 0.5, 0.75)
    ),
    {"cluster": 0.25, "ridge": 0.5, "prior": 0.25},
    {"cluster": 0.5, "ridge": 0.25, "prior": 0.25},
)
AUTHORS = {"top_clusters": 11, "beta": 3.0}
"""Defaults of the authors' released code for its reciprocal-rank fusion."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate and what it scored, in percent, each data set counting once."""

    settings: RankingSettings
    random: float
    """On random folds."""
    shifted: float
    """On held-out neighbourhoods."""

    @property
    def score(self) -> float:
        """What decides."""
        return (self.random + self.shifted) / 2

    def to_dict(self) -> dict[str, Any]:
        """Plain form."""
        scores = {"score": self.score, "random": self.random, "shifted": self.shifted}
        return {name: round(value, 3) for name, value in scores.items()} | {
            "settings": self.settings.to_dict()
        }


@dataclass(frozen=True, slots=True)
class Tuning:
    """The outcome: what was chosen, all that was tried, and what there is to compare with."""

    chosen: RankingSettings
    trials: tuple[Trial, ...]
    """Best first."""
    best_single: float
    """Percent of the one expert that is best on the training rows of each fold."""
    per_dataset_best: float
    """Percent of the best expert of each data set, in hindsight."""
    seconds: float
    complete: bool
    """False when the budget ended before every number of clusters was tried."""


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

    The same records and seed give the same trials as far as the budget reaches.

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
    kinds = {
        "random": random_folds(data, n_folds=n_folds, seed=seed),
        "shifted": shifted_folds(data, vectors, n_folds=n_folds, seed=seed),
    }
    numbers = cluster_numbers(len(vectors))
    steps = len(numbers) * sum(len(folds) for folds in kinds.values())
    trials: list[Trial] = []
    done = 0
    for number in numbers:
        if trials and time.monotonic() - started > budget:
            break
        base = RankingSettings(n_clusters=number, partitions=PARTITIONS)
        grid = list(candidates(base, first=not trials))
        scored: dict[str, list[float]] = {}
        for kind, folds in kinds.items():
            parts: list[list[Floats]] = []
            for fold in folds:
                if progress is not None:
                    progress("tuning", done, steps)
                with few_threads():
                    held = HeldOut(data, vectors, fold, settings=base, seed=seed)
                    parts.append([held.routed(settings) for settings in grid])
                done += 1
            scored[kind] = [
                100 * macro_mean(joined(column, folds, len(vectors)), data)
                for column in zip(*parts, strict=True)
            ]
        trials += [
            Trial(settings, scored["random"][at], scored["shifted"][at])
            for at, settings in enumerate(grid)
        ]
    if progress is not None:
        progress("tuning", steps, steps)
    ordered = sorted(trials, key=lambda trial: -round(trial.score, 6))
    return Tuning(
        chosen=ordered[0].settings,
        trials=tuple(ordered),
        best_single=_best_single(data, kinds["random"]),
        per_dataset_best=_per_dataset_best(data),
        seconds=time.monotonic() - started,
        complete=done == steps,
    )


def cluster_numbers(n_queries: int) -> list[int]:
    """Numbers of clusters to try, the default first, up to one for 10 queries."""
    default = default_clusters(n_queries)
    return [default] + [k for k in (128, 32, 16, 8) if k != default and k <= n_queries // 10]


def candidates(base: RankingSettings, *, first: bool) -> Iterator[RankingSettings]:
    """Settings that differ in all but the clustering; simpler ones first, as ties go to them.

    Args:
        first: Also those that do not depend on the number of clusters.
    """
    for prior in ("dataset", "global"):
        held = base.but(prior=prior)
        if first:
            yield held.but(scorer="prior", partitions=1)
            for penalty in (30.0, 100.0, 300.0):
                yield held.but(scorer="ridge", penalty=penalty, partitions=1)
            for neighbours, shrinkage in product((20, 50, 150), (10.0, 50.0)):
                yield held.but(
                    scorer="knn", neighbours=neighbours, shrinkage=shrinkage, partitions=1
                )
        mixing = ((1, 10.0), (3, 10.0), (3, 3.0))
        for (top, beta), averaged, shrinkage in product(
            mixing, (1, base.partitions), (0.0, 5.0, 20.0, 80.0)
        ):
            yield held.but(
                scorer="cluster",
                top_clusters=top,
                beta=beta,
                partitions=averaged,
                shrinkage=shrinkage,
            )
        for blend, shrinkage in product(BLENDS, (5.0, 20.0)):
            yield held.but(scorer="blend", blend=blend, shrinkage=shrinkage)
    for averaged in (1, base.partitions):
        yield base.but(scorer="reciprocal-rank", prior="global", partitions=averaged, **AUTHORS)


def _best_single(data: Matrix, folds: Sequence[Any]) -> float:
    parts = []
    for fold in folds:
        train = data.rows(fold.train)
        best = int(np.argmax(_dataset_means(train).mean(axis=0)))
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
