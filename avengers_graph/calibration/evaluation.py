"""Routing accuracy, beside the experts that one could have asked instead.

What is compared has to be about the same queries: an expert that was scored on the easy ones
alone would look better than all others, and than the oracle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.embedding import Progress, embed_texts
from avengers_graph.errors import RecordsError
from avengers_graph.records import Record, check_records, expert_names
from avengers_graph.routing import ClusterIndex, choose, order_key
from avengers_graph.routing.matrix import Matrix, matrix
from avengers_graph.routing.model import FittedModel, Neighbours, Vectors

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]

RESAMPLES = 2000
"""Bootstrap resamples behind an interval."""
_CHUNK = 2000
"""Queries ranked at once, which bounds memory."""


@dataclass(frozen=True, slots=True)
class DatasetResult:
    """One row. Scores in percent, all about the same ``n`` queries, none above ``oracle``.

    An expert with gaps in its scores counts as ``single_expert_columns`` says: where it has
    none, the data set's next best expert that has one counts in its stead.
    """

    name: str
    n: int
    """Queries."""
    routed: float
    """Mean score of the expert that the index puts first."""
    single: float
    """Mean score of ``RoutingResult.best_single``; NaN where it has too few scores, fewer than
    half as many as the expert with the most."""
    per_dataset_best: float
    """Mean score of the expert that is best on this data set, in hindsight, of those that have
    not too few scores. At least ``single``."""
    random: float
    """Mean of what an expert drawn at random scores, of those that have a score on the query."""
    oracle: float
    """Mean of the best score on each query."""
    ci: tuple[float, float]
    """95% bootstrap interval of ``routed``."""
    unscored: int
    """Queries on which the expert ranked first has no score; the best-ranked one that has counts
    instead, so that ``routed`` and ``oracle`` are about the same queries."""
    single_unscored: int
    """Queries on which the expert of ``single`` has no score."""
    best_unscored: int
    """Queries on which the expert of ``per_dataset_best`` has no score."""


@dataclass(frozen=True, slots=True)
class RoutingResult:
    """All rows, and their mean with each data set counting once."""

    best_single: str
    """The one expert best on the index's own training records."""
    datasets: tuple[DatasetResult, ...]
    mean: DatasetResult

    def to_dict(self) -> dict[str, Any]:
        """The plain form of ``evaluate --json``: percent, null where there are too few scores.

        Where scores are missing, their number stands beside: ``unscored`` of the row for
        ``routed``, of ``best_single`` for that, and ``per_dataset_best_unscored``.
        """
        return {
            "datasets": [self._row(row) for row in self.datasets],
            "mean": self._row(self.mean),
        }

    def _row(self, row: DatasetResult) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": row.name,
            "n": row.n,
            "routed": percent(row.routed),
            "best_single": {"expert": self.best_single, "score": percent(row.single)}
            | _gaps("unscored", row.single_unscored),
            "per_dataset_best": percent(row.per_dataset_best),
            "random": percent(row.random),
            "oracle": percent(row.oracle),
            "ci": [percent(bound) for bound in row.ci],
        }
        return (
            found
            | _gaps("unscored", row.unscored)
            | _gaps("per_dataset_best_unscored", row.best_unscored)
        )


def _gaps(name: str, count: int) -> dict[str, int]:
    return {name: count} if count else {}


def evaluate_index(
    index: ClusterIndex,
    records: Sequence[Record],
    embeddings: "Embeddings",
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> RoutingResult:
    """Route each record's query with ``index`` and count the score of the expert it chose.

    The choice on each query is among the experts that have a score there.

    Raises:
        RecordsError: the records cannot be used, or share no expert with the index.
        IndexMismatchError: the embedder is not the index's.
    """
    check_records(records)
    index.check_embedder(embeddings)
    judged, data = shared_experts(index, records)
    vectors = embed_texts(embeddings, [record.query for record in judged], progress=progress)
    return evaluate_vectors(index, data, vectors, seed=seed)


def shared_experts(index: ClusterIndex, records: Sequence[Record]) -> tuple[list[Record], Matrix]:
    """The records that score an expert the index knows, also as arrays over those experts.

    Raises:
        RecordsError: there is none.
    """
    names = expert_names(records)
    experts = tuple(name for name in index.experts if name in names)
    if not experts:
        raise RecordsError(
            f"the records score {list(names)[:5]}, the index knows {list(index.experts)[:5]}; "
            "evaluate on records of the same experts"
        )
    judged = [record for record in records if any(name in record.scores for name in experts)]
    return judged, matrix(judged, experts)


def evaluate_vectors(
    index: ClusterIndex, data: Matrix, vectors: Vectors, *, seed: int = 0
) -> RoutingResult:
    """As ``evaluate_index``, for records that are embedded already."""
    experts = data.experts
    columns = [index.experts.index(name) for name in experts]
    keys, costs = ranking_keys(index.model, vectors, neighbours=index.queries)
    keys, costs = keys[:, columns], costs[:, columns]
    chosen = choose(keys, costs=costs, known=np.isfinite(data.scores))
    best = best_single(index.model, experts)
    passed_over = chosen != choose(keys, costs=costs)
    return evaluate_choices(chosen, data, best_single=best, seed=seed, passed_over=passed_over)


def single_expert_columns(data: Matrix) -> Columns:
    """Column whose score counts on each query when one expert is asked alone, ``(n, e)``.

    That is its own; where it has no score, that of the expert which has one and is best on the
    data set, as routing too falls back to the next best. It is -1 on a data set where the expert
    has fewer than half as many scores as the one with the most: too few to say what it is worth.
    """
    found = np.full(data.scores.shape, -1)
    for row in range(len(data.datasets)):
        here = np.flatnonzero(data.dataset == row)
        if not len(here):
            continue
        known = np.isfinite(data.scores[here])
        counts = known.sum(axis=0)
        means = np.nansum(data.scores[here], axis=0) / np.maximum(counts, 1)
        order = np.argsort(-np.where(counts > 0, means, -1.0), kind="stable")
        stand_in = order[known[:, order].argmax(axis=1)]
        columns = np.flatnonzero(2 * counts >= counts.max())
        found[np.ix_(here, columns)] = np.where(
            known[:, columns], columns[None, :], stand_in[:, None]
        )
    return found


def values_at(values: Floats, columns: Columns) -> Floats:
    """``values (n, e)`` at one column of each row, ``(n,)``; NaN where the column is -1."""
    return np.where(columns >= 0, values[np.arange(len(columns)), columns], np.nan)


def best_of_each_dataset(data: Matrix, alone: Columns) -> Columns:
    """Column of the expert best on each data set in hindsight, ties to the first, ``(d,)``.

    Args:
        alone: ``single_expert_columns(data)``. Experts with too few scores are left out.
    """
    scores = np.stack([values_at(data.scores, columns) for columns in alone.T], axis=1)
    found = np.zeros(len(data.datasets), dtype=np.int64)
    for row in range(len(data.datasets)):
        here = data.dataset == row
        if here.any():
            found[row] = np.argmax(np.nan_to_num(scores[here].mean(axis=0), nan=-1.0))
    return found


def ranking_keys(
    model: FittedModel,
    vectors: Vectors,
    *,
    neighbours: Neighbours | None = None,
) -> tuple[Floats, Floats]:
    """What experts are ordered by on each query, and their costs, both of shape ``(n, e)``."""
    keys, costs = [], []
    for start in range(0, len(vectors), _CHUNK):
        evidence = model.evidence(vectors[start : start + _CHUNK], neighbours=neighbours)
        keys.append(order_key(evidence))
        costs.append(evidence.costs)
    return np.concatenate(keys), np.concatenate(costs)


def best_single(model: FittedModel, experts: Sequence[str]) -> str:
    """Which of ``experts`` was best on the training records, each data set counting once.

    Experts scored on fewer than half as many queries as another one are considered only where
    there is no other.
    """
    columns = [model.experts.index(name) for name in experts]
    plain = model.dataset_means.single[columns]
    if not np.isfinite(plain).any():
        plain = model.dataset_means.overall[columns]
    return experts[int(np.nanargmax(plain))]


def evaluate_choices(
    chosen: NDArray[np.int64],
    data: Matrix,
    *,
    best_single: str,
    seed: int = 0,
    passed_over: NDArray[np.bool_] | None = None,
) -> RoutingResult:
    """Count the scores of ``chosen``, one column number per record, data set by data set.

    Args:
        passed_over: Records on which another one would have been chosen, had it a score.
    """
    single = data.experts.index(best_single)
    alone = single_expert_columns(data)
    best = best_of_each_dataset(data, alone)
    rng = np.random.default_rng(seed)
    rows: list[DatasetResult] = []
    draws: list[Floats] = []
    for number, name in enumerate(data.datasets):
        here = np.flatnonzero(data.dataset == number)
        if not len(here):
            continue
        scores = data.scores[here]
        routed = scores[np.arange(len(here)), chosen[here]]
        missing = np.isnan(scores).sum(axis=0)
        resampled = _bootstrap(routed, rng)
        draws.append(resampled)
        rows.append(
            DatasetResult(
                name=name,
                n=len(here),
                routed=100 * float(_mean(routed)),
                single=100 * float(values_at(scores, alone[here, single]).mean()),
                per_dataset_best=100 * float(values_at(scores, alone[here, best[number]]).mean()),
                random=100 * float(_mean(_mean(scores, axis=1))),
                oracle=100 * float(_mean(np.nanmax(scores, axis=1))),
                ci=_interval(resampled),
                unscored=0 if passed_over is None else int(passed_over[here].sum()),
                single_unscored=int(missing[single]),
                best_unscored=int(missing[best[number]]),
            )
        )
    return RoutingResult(best_single, tuple(rows), _mean_row(rows, draws))


def _mean_row(rows: Sequence[DatasetResult], draws: Sequence[Floats]) -> DatasetResult:
    def over(name: str) -> float:
        # NaN where a data set has none: a mean over fewer data sets cannot be compared.
        return float(np.mean([getattr(row, name) for row in rows]))

    return DatasetResult(
        name="mean",
        n=sum(row.n for row in rows),
        routed=over("routed"),
        single=over("single"),
        per_dataset_best=over("per_dataset_best"),
        random=over("random"),
        oracle=over("oracle"),
        ci=_interval(_mean(np.stack(draws), axis=0)),
        unscored=sum(row.unscored for row in rows),
        single_unscored=sum(row.single_unscored for row in rows),
        best_unscored=sum(row.best_unscored for row in rows),
    )


def _bootstrap(values: Floats, rng: np.random.Generator) -> Floats:
    """Means of ``RESAMPLES`` resamples of the known values; NaN where there is none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(RESAMPLES, np.nan)
    # Equal values are counted, not drawn: a draw of counts costs less than one of rows.
    levels, count = np.unique(known, return_counts=True)
    drawn = rng.multinomial(len(known), count / len(known), size=RESAMPLES)
    return np.asarray(drawn @ levels / len(known))


def _interval(draws: Floats) -> tuple[float, float]:
    known = draws[np.isfinite(draws)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return 100 * float(low), 100 * float(high)


def _mean(values: Floats, *, axis: int | None = None) -> Any:
    """Mean of the known values; NaN where there is none."""
    known = np.isfinite(values).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def percent(value: float) -> float | None:
    """``value`` as JSON has it: with two digits, null for NaN."""
    return round(value, 2) if np.isfinite(value) else None
