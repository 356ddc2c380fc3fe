"""Cost against accuracy: what routing costs at each alpha, beside each single expert."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.calibration.evaluation import (
    Columns,
    ranking_keys,
    single_expert_columns,
    values_at,
)
from avengers_graph.errors import RecordsError
from avengers_graph.routing import choose, trade_off
from avengers_graph.routing.matrix import Matrix, macro_mean
from avengers_graph.routing.model import FittedModel, Neighbours, Vectors

Floats = NDArray[np.float64]

ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One way to choose: routing at an alpha, or one expert for all."""

    name: str
    alpha: float | None
    """None for a single expert."""
    score: float
    """Percent, each data set counting once; NaN where one has too few scores of the expert."""
    cost: float
    """USD per 1,000 queries, the same ones, each data set counting once."""
    unscored: int = 0
    """Queries without a score of a single expert; another one's score and cost count there, as
    ``single_expert_columns`` says."""

    def to_dict(self) -> dict[str, Any]:
        """Plain form: ``alpha`` of routing, or ``expert`` of a single one."""
        who = {"expert": self.name} if self.alpha is None else {"alpha": self.alpha}
        if not np.isfinite(self.score):
            return who | {"score": None, "cost": None}
        gaps = {"unscored": self.unscored} if self.unscored else {}
        return who | {"score": round(self.score, 2), "cost": round(self.cost, 6)} | gaps


def with_costs(data: Matrix, default_cost: float | None = None) -> Matrix:
    """The records with a cost wherever there is a score.

    Raises:
        RecordsError: a cost is missing, and there is no default.
    """
    missing = np.isfinite(data.scores) & ~np.isfinite(data.costs)
    lacking = [name for name, m in zip(data.experts, missing.T, strict=True) if m.any()]
    if lacking and default_cost is None:
        raise RecordsError(
            f"{missing.any(axis=1).sum()} records tell no cost of {lacking}; a frontier needs "
            "costs (USD per query) beside the scores, or --default-cost"
        )
    return replace(data, costs=np.where(missing, default_cost or 0.0, data.costs))


def trade_off_choices(
    model: FittedModel,
    vectors: Vectors,
    data: Matrix,
    *,
    alphas: Sequence[float] = ALPHAS,
    neighbours: Neighbours | None = None,
    default_cost: float | None = None,
) -> dict[float, NDArray[np.int64]]:
    """Column of ``data`` chosen for each query at each alpha, among those scored there, ``(n,)``.

    Args:
        vectors: Unit vectors of the queries, ``(n, dim)``.
        data: The same queries; its experts must be among the model's.
        neighbours: For the kNN scorer.
        default_cost: USD per query of experts whose cost the model does not know.

    Raises:
        RecordsError: an expert's cost is unknown, and there is no default.
    """
    among = [model.experts.index(name) for name in data.experts]
    keys, costs = ranking_keys(model, vectors, neighbours=neighbours)
    keys, costs = keys[:, among], costs[:, among]
    unknown = [name for name, c in zip(data.experts, costs.T, strict=True) if np.isnan(c).any()]
    if unknown and default_cost is None:
        raise RecordsError(
            f"the costs of {unknown} are unknown; add costs to the records the index is fitted "
            "on, or give --default-cost"
        )
    costs = np.where(np.isnan(costs), default_cost or 0.0, costs)
    known = np.isfinite(data.scores)
    return {
        alpha: choose(trade_off(keys, costs, alpha=alpha), costs=costs, known=known)
        for alpha in alphas
    }


def frontier_points(
    choices: dict[float, NDArray[np.int64]], data: Matrix
) -> tuple[list[FrontierPoint], list[FrontierPoint]]:
    """Points of routing by ascending alpha, and of each single expert.

    Args:
        data: Records with costs (``with_costs``).
    """
    alone = single_expert_columns(data)
    missing = np.isnan(data.scores).sum(axis=0)
    routed = [_point(f"alpha {alpha:g}", alpha, data, at) for alpha, at in sorted(choices.items())]
    single = [
        _point(name, None, data, alone[:, column], unscored=int(missing[column]))
        for column, name in enumerate(data.experts)
    ]
    return routed, single


def cheapest_within(
    points: Sequence[FrontierPoint], *, of: FrontierPoint, margin: float
) -> FrontierPoint | None:
    """The cheapest point that scores at most ``margin`` percent points below ``of``."""
    good = [point for point in points if point.score >= of.score - margin]  # never where NaN
    return min(good, key=lambda point: point.cost, default=None)


def _point(
    name: str, alpha: float | None, data: Matrix, chosen: Columns, *, unscored: int = 0
) -> FrontierPoint:
    if (chosen < 0).any():
        # A mean over other data sets than the rest has is no point of the same picture.
        return FrontierPoint(name, alpha, float("nan"), float("nan"), unscored)
    score, cost = (macro_mean(values_at(of, chosen), data) for of in (data.scores, data.costs))
    return FrontierPoint(name, alpha, 100 * score, 1000 * cost, unscored)
