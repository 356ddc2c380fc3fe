"""``evaluate --ablate``: one setting changed at a time, refitted over several seeds."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from avengers_graph.calibration.baselines import BASELINES, predicted, unfitted_scores
from avengers_graph.calibration.evaluation import percent, ranking_keys
from avengers_graph.embedding import Progress
from avengers_graph.routing import SCORERS, RankingSettings, choose
from avengers_graph.routing.clustering import METHODS, distinct_rows
from avengers_graph.routing.fitting import fit_model, knn_queries
from avengers_graph.routing.matrix import Matrix, macro_mean, standard_error
from avengers_graph.routing.model import Vectors

Floats = NDArray[np.float64]

SEEDS = (0, 1, 2)
_T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
"""Student's t for 95%, by degrees of freedom."""
_MOST_FOR_LABELS = 10_000
"""Training queries above which methods that need all pairs of queries are left out."""


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One variant."""

    axis: str
    """What is varied: clusters, partitions, ..., or ``baseline``."""
    value: str
    score: float
    """Percent, each data set counting once; mean over seeds. NaN, as in the table of
    ``evaluate``, for an expert with too few scores on a data set."""
    ci: tuple[float, float]
    """95% interval of that mean, over the judged queries and over seeds."""

    @classmethod
    def of(cls, axis: str, value: str, *, scores: Floats, data: Matrix) -> Self:
        """Mean and interval of ``scores (seeds, n)``.

        The variance of the mean is the sum of the variance over queries, in each data set, and of
        the variance over seeds, with Student's t for its few values. Data sets count once.
        """
        if np.isnan(scores).any():
            # A mean over fewer data sets cannot be compared.
            return cls(axis, value, float("nan"), (float("nan"), float("nan")))
        means = [macro_mean(row, data) for row in scores]
        mean = float(np.mean(means))
        half = 1.96 * standard_error(scores.mean(axis=0), data)
        if len(means) > 1:
            over_seeds = float(np.std(means, ddof=1)) / len(means) ** 0.5
            half = float(np.hypot(half, _T95.get(len(means) - 1, 1.96) * over_seeds))
        bounds = max(0.0, mean - half), min(1.0, mean + half)
        return cls(axis, value, 100 * mean, (100 * bounds[0], 100 * bounds[1]))

    def to_dict(self) -> dict[str, Any]:
        """Plain form, in percent; null for NaN."""
        return asdict(self) | {
            "score": percent(self.score),
            "ci": [percent(bound) for bound in self.ci],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What is fitted on and what is judged, with the same columns of experts."""

    train: Matrix
    train_vectors: Vectors
    test: Matrix
    test_vectors: Vectors


def ablate(
    split: Split,
    settings: RankingSettings,
    *,
    best_single: str,
    seeds: Sequence[int] = SEEDS,
    embedders: Mapping[str, tuple[Vectors, Vectors]] | None = None,
    progress: Progress | None = None,
) -> list[AblationRow]:
    """Refit for each variant and seed, and count the scores of the chosen experts.

    Args:
        best_single: The one expert best on the training records.
        embedders: Vectors of the training and of the judged queries by other embedders.
    """
    plan: list[_Variant] = list(_variants(split, settings))
    for name, (train, test) in (embedders or {}).items():
        plan.append(("embedder", name, _with_vectors(split, settings, train, test)))
    for name, scores in unfitted_scores(split.test, best_single=best_single).items():
        plan.append(("baseline", name, partial(_same_for_every_seed, scores)))
    plan += [("baseline", name, partial(_baseline, split, name)) for name in BASELINES]
    rows: list[AblationRow] = []
    for done, (axis, value, scored) in enumerate(plan):
        if progress is not None:
            progress("ablation", done, len(plan))
        scores = np.stack([scored(seed) for seed in seeds])
        rows.append(AblationRow.of(axis, value, scores=scores, data=split.test))
    if progress is not None:
        progress("ablation", len(plan), len(plan))
    return rows


_Variant = tuple[str, str, Callable[[int], Floats]]
"""Axis, value, and the score of each judged query, ``(n,)``, by seed."""


def _variants(split: Split, settings: RankingSettings) -> Iterator[_Variant]:
    def refitted(**changes: Any) -> Callable[[int], Floats]:
        return lambda seed: _routed(split, replace(settings, **changes), seed)

    size = len(split.train_vectors)
    yield "as fitted", "", refitted()
    for number in (4, 8, 16, 32, 64, 128, 256):
        if number <= size // 10:
            yield "clusters", str(number), refitted(n_clusters=number)
    for number in (1, 2, 4, 8):
        yield "partitions", str(number), refitted(partitions=number)
    for number in (1, 3, 8):
        yield "top clusters", str(number), refitted(top_clusters=number)
    for prior in ("dataset", "global"):
        yield "prior", prior, refitted(prior=prior)
    for scorer in SCORERS:
        yield "scorer", scorer, refitted(scorer=scorer)
    for method in METHODS:
        if size <= _MOST_FOR_LABELS or method in ("kmeans", "mini-batch"):
            yield "method", method, refitted(method=method, partitions=1)
    for share in (0.1, 0.25, 0.5, 1.0):
        yield "training share", f"{share:g}", _with_less(split, settings, share)
    for pool in range(2, len(split.train.experts) + 1):
        yield "pool size", str(pool), _with_pool(split, settings, pool)


def _with_less(split: Split, settings: RankingSettings, share: float) -> Callable[[int], Floats]:
    def score(seed: int) -> Floats:
        size = len(split.train_vectors)
        rng = np.random.default_rng(seed)
        kept = np.sort(rng.permutation(size)[: max(2, round(share * size))])
        less = Split(
            split.train.rows(kept), split.train_vectors[kept], split.test, split.test_vectors
        )
        wanted = min(settings.n_clusters or 1, max(1, len(kept) // 10))
        return _routed(less, replace(settings, n_clusters=wanted), seed)

    return score


def _with_vectors(
    split: Split, settings: RankingSettings, train: Vectors, test: Vectors
) -> Callable[[int], Floats]:
    other = replace(split, train_vectors=train, test_vectors=test)
    return lambda seed: _routed(other, settings, seed)


def _with_pool(split: Split, settings: RankingSettings, pool: int) -> Callable[[int], Floats]:
    """The ``pool`` experts that are best on the training records."""
    means = np.nansum(split.train.scores, axis=0)
    known = np.maximum(np.isfinite(split.train.scores).sum(axis=0), 1)
    best = np.sort(np.argsort(-means / known, kind="stable")[:pool])
    fewer = Split(
        split.train.columns(best),
        split.train_vectors,
        split.test.columns(best),
        split.test_vectors,
    )
    return lambda seed: _routed(fewer, settings, seed)


def _routed(split: Split, settings: RankingSettings, seed: int) -> Floats:
    # No more clusters than there are different queries; spectral clustering makes one fewer.
    most = len(split.train_vectors) - (settings.method == "spectral")
    different = distinct_rows(split.train_vectors, enough=settings.n_clusters or 1)
    settings = replace(settings, n_clusters=max(1, min(different, most)))
    with warnings.catch_warnings():
        # Fewer clusters than asked for is what some methods do on some data; it is a result.
        warnings.filterwarnings("ignore", module="sklearn")
        model, _ = fit_model(split.train, split.train_vectors, settings=settings, seed=seed)
    queries = knn_queries(model, split.train, split.train_vectors)
    keys, costs = ranking_keys(model, split.test_vectors, neighbours=queries)
    return _score(keys, split.test, costs=costs)


def _baseline(split: Split, name: str, seed: int) -> Floats:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="sklearn")
        keys = predicted(name, split.train, split.train_vectors, split.test_vectors, seed=seed)
    return _score(keys, split.test)


def _same_for_every_seed(scores: Floats, seed: int) -> Floats:
    return scores


def _score(keys: Floats, data: Matrix, *, costs: Floats | None = None) -> Floats:
    """Score of the expert put first among those scored, ``(n,)``."""
    chosen = choose(keys, costs=costs, known=np.isfinite(data.scores))
    return data.scores[np.arange(len(keys)), chosen]
