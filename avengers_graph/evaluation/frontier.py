"""Cost against accuracy: what routing costs at each alpha, beside each single expert."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import RecordsError
from avengers_graph.evaluation.routing import CHUNK
from avengers_graph.index.fitting import Matrix, macro_mean
from avengers_graph.index.model import FittedModel, Queries, Vectors
from avengers_graph.ranking import Evidence, choose, order_key, trade_off

Floats = NDArray[np.float64]

ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One way to choose: routing at an alpha, or one expert for all."""

    name: str
    alpha: float | None
    """None for a single expert."""
    score: float
    """Percent, each data set counting once."""
    cost: float
    """USD per 1,000 queries, each data set counting once."""

    def to_dict(self) -> dict[str, Any]:
        """Plain form: ``alpha`` of routing, or ``expert`` of a single one."""
        who = {"expert": self.name} if self.alpha is None else {"alpha": self.alpha}
        return who | {"score": round(self.score, 2), "cost": round(self.cost, 6)}


def trade_off_choices(
    model: FittedModel,
    vectors: Vectors,
    *,
    experts: Sequence[str] | None = None,
    alphas: Sequence[float] = ALPHAS,
    queries: Queries | None = None,
    default_cost: float | None = None,
) -> dict[float, NDArray[np.int64]]:
    """Row in ``experts`` of the one chosen for each query at each alpha, ``(n,)`` each.

    Args:
        vectors: Unit vectors of the queries, ``(n, dim)``.
        experts: Who may be chosen; all of the model's when None.
        queries: The validation queries, for the kNN scorer.
        default_cost: USD per query of experts whose cost the model does not know.

    Raises:
        RecordsError: an expert's cost is unknown, and there is no default.
    """
    among = [model.experts.index(name) for name in experts or model.experts]
    parts = [
        _choices(
            model.evidence(vectors[start : start + CHUNK], queries=queries),
            among,
            alphas=alphas,
            default_cost=default_cost,
        )
        for start in range(0, len(vectors), CHUNK)
    ]
    return {alpha: np.concatenate([part[alpha] for part in parts]) for alpha in alphas}


def _choices(
    evidence: Evidence,
    among: Sequence[int],
    *,
    alphas: Sequence[float],
    default_cost: float | None,
) -> dict[float, NDArray[np.int64]]:
    keys, costs = order_key(evidence)[:, among], evidence.costs[:, among]
    unknown = [
        evidence.experts[column]
        for column, cost in zip(among, costs.T, strict=True)
        if np.isnan(cost).any()
    ]
    if default_cost is not None:
        costs = np.where(np.isnan(costs), default_cost, costs)
    elif unknown:
        raise RecordsError(
            f"the costs of {unknown} are unknown; add costs to the records the index is fitted "
            "on, or give a default cost"
        )
    return {alpha: choose(trade_off(keys, costs, alpha=alpha)) for alpha in alphas}


def frontier_points(
    choices: dict[float, NDArray[np.int64]], data: Matrix
) -> tuple[list[FrontierPoint], list[FrontierPoint]]:
    """Points of routing by ascending alpha, and of each single expert.

    Queries on which a chosen expert has no score or cost are left out of its point.

    Raises:
        RecordsError: the records tell no cost at all.
    """
    if not np.isfinite(data.costs).any():
        raise RecordsError(
            "the records tell no costs; a frontier needs records with costs (USD per query)"
        )
    rows = np.arange(len(data.scores))
    routed = [
        _point(f"alpha {alpha:g}", alpha, data, data.scores[rows, at], data.costs[rows, at])
        for alpha, at in sorted(choices.items())
    ]
    single = [
        _point(name, None, data, data.scores[:, column], data.costs[:, column])
        for column, name in enumerate(data.experts)
    ]
    return routed, single


def cheapest_within(
    points: Sequence[FrontierPoint], *, of: FrontierPoint, margin: float
) -> FrontierPoint | None:
    """The cheapest point that scores at most ``margin`` percent points below ``of``."""
    good = [point for point in points if point.score >= of.score - margin]
    return min(good, key=lambda point: point.cost, default=None)


def _point(
    name: str, alpha: float | None, data: Matrix, scores: Floats, costs: Floats
) -> FrontierPoint:
    return FrontierPoint(
        name, alpha, 100 * macro_mean(scores, data), 1000 * macro_mean(costs, data)
    )
