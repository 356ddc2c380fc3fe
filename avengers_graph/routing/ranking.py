"""The order in which experts are asked, with the reason for each."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import ConfigError
from avengers_graph.routing.evidence import Evidence
from avengers_graph.routing.scores import estimate, order_key, scorer_of, support, trade_off
from avengers_graph.types import RankedExpert

Floats = NDArray[np.float64]

PRIOR_SHARE = 0.5
"""Experts differ from their prior by more than the shrinkage that predicts best would have it:
intervals held more often with half of it (``benchmarks/routing_intervals.py``)."""


def rank_experts(
    evidence: Evidence,
    *,
    candidates: Sequence[str],
    alpha: float = 1.0,
    expected_costs: Mapping[str, float] | None = None,
    default_cost: float | None = None,
    max_cost: float | None = None,
) -> list[RankedExpert]:
    """``candidates`` best first.

    With ``alpha`` below 1 the order goes by ``alpha * accuracy + (1 - alpha) * (1 - cost)``,
    both scaled to [0, 1] over the candidates (Avengers-Pro, arXiv 2508.12631). Ties go to
    the cheaper expert, then by name. An expert that the index has no score of comes last,
    at the mean over all experts.

    Args:
        expected_costs: USD per query of experts whose cost was not measured at calibration.
        default_cost: Explicit USD per query of experts for which neither says anything.
        max_cost: USD per query; dearer experts are left out.

    Raises:
        ConfigError: alpha is outside [0, 1], or default_cost below 0; a cost is needed and not
            known; or nobody is within ``max_cost``.
    """
    if not 0 <= alpha <= 1:
        raise ConfigError(f"alpha is {alpha!r}; it must be in [0, 1]")
    if default_cost is not None and not 0 <= default_cost < float("inf"):
        raise ConfigError(f"default_cost is {default_cost!r}; it must be 0 or more")
    rows = _rows(evidence, candidates, expected_costs or {}, default_cost)
    rows = sorted(within_cost(rows, max_cost), key=lambda row: row["name"])
    ordered = in_order(rows, traded_off(_keys(evidence, rows), rows, alpha=alpha))
    known = set(evidence.experts)
    return sorted(ordered, key=lambda row: row["name"] not in known)


def within_cost(rows: list[RankedExpert], max_cost: float | None) -> list[RankedExpert]:
    """The rows that cost ``max_cost`` USD per query or less; all of them where that is None.

    Raises:
        ConfigError: a cost is not known, or nobody is within ``max_cost``.
    """
    if max_cost is None:
        return rows
    _require_costs(rows, "max_cost is set")
    affordable = [row for row in rows if (row["cost"] or 0.0) <= max_cost]
    if rows and not affordable:
        raise ConfigError(f"no expert costs {max_cost!r} USD or less per query; raise max_cost")
    return affordable


def traded_off(key: Floats, rows: Sequence[RankedExpert], *, alpha: float) -> Floats:
    """What the rows are ordered by, ``(e,)``: ``key``, with ``alpha`` below 1 against their cost.

    Raises:
        ConfigError: ``alpha`` is below 1 and a cost is not known.
    """
    if alpha == 1 or not rows:
        return key
    _require_costs(rows, f"alpha is {alpha!r}")
    spent = np.array([row["cost"] for row in rows], dtype=np.float64)
    return trade_off(key, spent, alpha=alpha)


def in_order(rows: Sequence[RankedExpert], key: Floats) -> list[RankedExpert]:
    """The rows by ``key (e,)``, larger first; ties go to the cheaper one, then to the earlier."""
    dearest = float("inf")
    order = sorted(
        range(len(rows)),
        key=lambda at: (
            -round(float(key[at]), 12),
            dearest if rows[at]["cost"] is None else rows[at]["cost"],
        ),
    )
    return [rows[at] for at in order]


def credible_interval(score: float, count: float) -> list[float]:
    """Central 95% of a Beta posterior with mean ``score`` worth ``count`` observations.

    The uniform prior adds one right and one wrong answer, so that no count gives [0.025, 0.975].
    """
    if count == 0:
        return [min(0.025, score), max(0.975, score)]
    from scipy.special import betaincinv

    right, wrong = 1 + score * count, 1 + (1 - score) * count
    low, high = betaincinv(right, wrong, [0.025, 0.975])
    return [min(float(low), score), max(float(high), score)]


def ranked_row(
    name: str,
    score: float,
    *,
    worth: float = 0.0,
    count: float = 0.0,
    cost: float | None,
    why: str,
) -> RankedExpert:
    """One expert as it is ranked; an estimate that nothing is behind has the widest interval.

    Args:
        worth: Scores that the estimate is as sure as.
        count: Scores that it rests on.
    """
    interval = credible_interval(score, worth)
    return RankedExpert(name=name, score=score, interval=interval, count=count, cost=cost, why=why)


def worth_of(evidence: Evidence) -> Floats:
    """Scores that an estimate is as sure as, shape ``(..., e)``: what makes its interval.

    Those near the query, and the prior's. The prior is worth the pseudo-count it shrinks
    clusters by times ``PRIOR_SHARE``, where it rests on as many scores.
    """
    prior = np.minimum(PRIOR_SHARE * evidence.settings.shrinkage, evidence.prior_counts)
    return np.minimum(support(evidence) + prior, evidence.global_counts)


def _rows(
    evidence: Evidence,
    candidates: Sequence[str],
    expected_costs: Mapping[str, float],
    default_cost: float | None,
) -> list[RankedExpert]:
    scores, counts = estimate(evidence), support(evidence)
    column = {name: at for at, name in enumerate(evidence.experts)}
    worth = worth_of(evidence)
    rows: list[RankedExpert] = []
    for name in dict.fromkeys(candidates):
        at = column.get(name)
        measured = float("nan") if at is None else float(evidence.costs[at])
        expected = expected_costs.get(name, default_cost)
        cost = measured if np.isfinite(measured) else expected
        if at is None:
            score = float(evidence.global_means.mean()) if column else 0.5
            rows.append(ranked_row(name, score, cost=cost, why=_UNKNOWN))
        else:
            score, count = float(scores[at]), float(counts[at])
            why = _why(evidence, at, score)
            row = ranked_row(name, score, worth=float(worth[at]), count=count, cost=cost, why=why)
            rows.append(row)
    return rows


_UNKNOWN = "the index has no score of it: ranked last, at the mean over all experts"


def _why(evidence: Evidence, at: int, score: float) -> str:
    """Which scorer spoke, on how much, and what it says."""
    settings = evidence.settings
    said = scorer_of(settings).reason(settings, _near(evidence, at))
    text = f"{said}; {_prior(evidence, at)}; estimate {score:.0%}"
    backed_off = f"{1 - float(evidence.trust):.0%}"
    if backed_off != "0%" and settings.back_off:
        text += (
            f"; the query is far from every known one, so {backed_off} of it is the global "
            f"{float(evidence.global_means[at]):.0%}"
        )
    return text


def _near(evidence: Evidence, at: int) -> str:
    """What the clusters of the first partition hold on an expert."""
    where = "the nearest cluster" if evidence.weights.shape[-1] == 1 else "the nearest clusters"
    named = f" ({evidence.label})" if evidence.label else ""
    held = evidence.weights[0] * evidence.counts[0, :, at]
    count = float(held.sum())
    if count <= 0:
        return f"no score in {where}{named}"
    near = float((held * evidence.means[0, :, at]).sum() / count)
    return f"{near:.0%} of {max(count, 1):.0f} scores in {where}{named}"


def _prior(evidence: Evidence, at: int) -> str:
    prior = float(evidence.prior[at])
    if evidence.settings.prior == "global":
        return f"{prior:.0%} on all queries"
    if evidence.prior_counts[at] < 1:
        return f"no score on like data sets, where {prior:.0%} is expected by the others"
    return f"{prior:.0%} on like data sets"


def _keys(evidence: Evidence, rows: Sequence[RankedExpert]) -> Floats:
    column = {name: at for at, name in enumerate(evidence.experts)}
    key = order_key(evidence)
    low = float(key.min()) if key.size else 0.0
    return np.array([key[column[row["name"]]] if row["name"] in column else low for row in rows])


def _require_costs(rows: Sequence[RankedExpert], because: str) -> None:
    missing = [row["name"] for row in rows if row["cost"] is None]
    if missing:
        raise ConfigError(
            f"{because}, but the cost of {missing} is unknown; fit records with costs of them "
            "(collect writes these for experts with a price), give them a price, or set "
            "default_cost"
        )
