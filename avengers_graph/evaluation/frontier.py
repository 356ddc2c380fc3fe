"""Cost against accuracy: what routing costs at each alpha, beside each single expert."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import RecordsError
from avengers_graph.index.fitting import Matrix, macro_mean
from avengers_graph.index.model import FittedModel, Queries, Vectors
from avengers_graph.ranking import choose, order_key, trade_off

Floats = NDArray[np.float64]

ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)


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


def trade_off_choices(
    model: FittedModel,
    vectors: Vectors,
    *,
    alphas: Sequence[float] = ALPHAS,
    queries: Queries | None = None,
) -> dict[float, NDArray[np.int64]]:
    """Column of the expert chosen for each query at each alpha, ``(n,)`` each.

    Raises:
        RecordsError: the records that the model was fitted on lack an expert's costs.
    """
    evidence = model.evidence(vectors, queries=queries)
    unknown = [
        name for name, c in zip(model.experts, evidence.costs.T, strict=True) if np.isnan(c).any()
    ]
    if unknown:
        raise RecordsError(
            f"the costs of {unknown} are unknown; add costs to the records the index is fitted on"
        )
    keys = order_key(evidence)
    return {alpha: choose(trade_off(keys, evidence.costs, alpha=alpha)) for alpha in alphas}


def frontier_points(
    choices: dict[float, NDArray[np.int64]], data: Matrix
) -> tuple[list[FrontierPoint], list[FrontierPoint]]:
    """Points of routing by ascending alpha, and of each single expert.

    Queries on which a chosen expert has no score or cost are left out of its point.
    """
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
