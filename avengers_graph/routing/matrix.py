"""Records as arrays, and means over data sets where not every expert was scored everywhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avengers_graph.records import Record

Floats = NDArray[np.float64]

PSEUDO_COUNT = 10.0
"""Scores that what is expected of an expert on a data set is worth in its mean there."""
PSEUDO_SETS = 1.0
"""Data sets on which an expert is average that are added to those it was scored on."""
PSEUDO_EXPERTS = 1.0
"""Experts half as good as the others that are added to those scored on a data set: an expert
without scores there counts as worse than the experts that were scored."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Records as arrays. NaN where an expert has no score, cost or latency."""

    experts: tuple[str, ...]
    datasets: tuple[str, ...]
    dataset: NDArray[np.int64]
    """(n,): row of each record in ``datasets``."""
    scores: Floats
    """(n, e)"""
    costs: Floats
    """(n, e)"""
    latencies: Floats
    """(n, e)"""

    def rows(self, chosen: NDArray[np.int64]) -> "Matrix":
        """Some of the records; experts and data sets stay as they are."""
        return replace(
            self,
            dataset=self.dataset[chosen],
            scores=self.scores[chosen],
            costs=self.costs[chosen],
            latencies=self.latencies[chosen],
        )

    def columns(self, chosen: NDArray[np.int64]) -> "Matrix":
        """Some of the experts, in the order given."""
        return replace(
            self,
            experts=tuple(self.experts[column] for column in chosen),
            scores=self.scores[:, chosen],
            costs=self.costs[:, chosen],
            latencies=self.latencies[:, chosen],
        )


def matrix(records: Sequence[Record], experts: tuple[str, ...]) -> Matrix:
    """Records as arrays, with the columns in the order of ``experts``."""
    datasets = tuple(sorted({record.dataset for record in records}))
    row_of = {name: row for row, name in enumerate(datasets)}
    missing = float("nan")

    def column(kind: str) -> Floats:
        if not any(getattr(record, kind) for record in records):
            return np.broadcast_to(np.nan, (len(records), len(experts)))
        return np.array(
            [[getattr(record, kind).get(name, missing) for name in experts] for record in records],
            dtype=np.float64,
        )

    return Matrix(
        experts=experts,
        datasets=datasets,
        dataset=np.array([row_of[record.dataset] for record in records], dtype=np.int64),
        scores=column("scores"),
        costs=column("costs"),
        latencies=column("latencies"),
    )


def macro_mean(values: Floats, data: Matrix) -> float:
    """Mean over data sets, each counting once, of the known ``values (n,)``; NaN without any."""
    means = []
    for row in range(len(data.datasets)):
        known = values[(data.dataset == row) & np.isfinite(values)]
        if len(known):
            means.append(float(known.mean()))
    return float(np.mean(means)) if means else float("nan")


def standard_error(values: Floats, data: Matrix) -> float:
    """Standard error of ``macro_mean`` over queries; one query alone counts as certain."""
    variances = []
    for row in range(len(data.datasets)):
        known = values[(data.dataset == row) & np.isfinite(values)]
        if len(known):
            variances.append(float(known.var(ddof=min(1, len(known) - 1))) / len(known))
    return math.sqrt(sum(variances)) / max(1, len(variances))


@dataclass(frozen=True, slots=True, eq=False)
class DatasetMeans:
    """Means of ``e`` experts on ``d`` data sets."""

    means: Floats
    """(d, e): mean score, shrunk towards what is expected of the expert there."""
    counts: Floats
    """(d, e): scores behind each."""
    overall: Floats
    """(e,): their mean over all queries, scored or not."""
    single: Floats
    """(e,): plain mean score, each data set counting once; NaN for experts that were scored on
    fewer than half as many queries as another one."""


def dataset_means(scores: Floats, dataset: NDArray[np.int64], n_datasets: int) -> DatasetMeans:
    """Means of ``scores (n, e)``, NaN where not scored.

    An expert is expected to stand out on a data set as it does on the others, in units of the
    spread of the experts there: ``level_d + spread_d * z_e``. A few scores move ``z_e`` only
    a little, and being best on one data set does not make it best on another. Where an expert
    has many scores the expectation hardly matters.
    """
    shape = (n_datasets, scores.shape[1])
    counts, plain, queries = np.zeros(shape), np.zeros(shape), np.zeros(n_datasets)
    for row in range(n_datasets):
        here = scores[dataset == row]
        counts[row] = np.isfinite(here).sum(axis=0)
        plain[row] = np.nansum(here, axis=0) / np.maximum(counts[row], 1)
        queries[row] = len(here)
    sure = counts / (counts + PSEUDO_COUNT)
    weight = np.maximum(sure.sum(axis=1, keepdims=True), 1e-12)
    pooled = (sure * plain).sum(axis=1, keepdims=True) / weight
    level = pooled * (weight + 0.5 * PSEUDO_EXPERTS) / (weight + PSEUDO_EXPERTS)
    deviation = plain - level
    spread = np.sqrt((sure * deviation**2).sum(axis=1, keepdims=True) / (weight + PSEUDO_EXPERTS))
    standing = (sure * deviation / np.maximum(spread, 1e-12)).sum(axis=0) / (
        sure.sum(axis=0) + PSEUDO_SETS
    )
    expected = np.clip(level + spread * standing, 0.0, 1.0)
    means = (counts * plain + PSEUDO_COUNT * expected) / (counts + PSEUDO_COUNT)
    total = counts.sum(axis=0)
    single = np.where(counts > 0, plain, expected)[queries > 0].mean(axis=0)
    return DatasetMeans(
        means=means,
        counts=counts,
        overall=queries @ means / queries.sum(),
        single=np.where(2 * total >= total.max(), single, np.nan),
    )
