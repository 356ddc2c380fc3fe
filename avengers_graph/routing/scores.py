"""From evidence to an estimated share of right answers, one function per scorer.

Every scorer estimates by how much an expert is better or worse near the query than the prior
says (a residual), so that where there is little evidence the prior is what remains.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import ConfigError
from avengers_graph.routing.evidence import Evidence

Floats = NDArray[np.float64]

RANK_OFFSET = 0.1
"""Of the authors' reciprocal-rank fusion, ``sum_c p_c / (rank + 0.1)``, ranks from 0."""


def cluster_residual(evidence: Evidence) -> Floats:
    """Shrunk cluster accuracy over the prior, averaged over partitions, shape ``(..., e)``.

    In a cluster with n scores: ``n / (n + shrinkage) * (mean - expected)``; with the global
    prior that is the mean shrunk towards the global one by a pseudo-count.
    """
    pseudo = evidence.settings.shrinkage
    share = evidence.counts / np.maximum(evidence.counts + pseudo, 1e-12)
    shrunk = share * (evidence.means - evidence.expected)
    return np.asarray((evidence.weights[..., None] * shrunk).sum(axis=-2).mean(axis=-2))


def knn_residual(evidence: Evidence) -> Floats:
    """Mean residual of the nearest validation queries, shrunk like a cluster's."""
    return _prediction(evidence, "knn")


def ridge_residual(evidence: Evidence) -> Floats:
    """Residual as a linear function of the embedding."""
    return _prediction(evidence, "ridge")


def no_residual(evidence: Evidence) -> Floats:
    """The prior alone."""
    return np.zeros_like(evidence.prior)


def blend_residual(evidence: Evidence) -> Floats:
    """Convex combination of the scorers named in the settings."""
    total = sum(evidence.settings.blend.values())
    parts = [
        weight / total * _scorer(name)(evidence)
        for name, weight in evidence.settings.blend.items()
        if weight > 0
    ]
    return np.asarray(np.sum(parts, axis=0))


SCORERS: Mapping[str, Callable[[Evidence], Floats]] = {
    "cluster": cluster_residual,
    "reciprocal-rank": cluster_residual,
    "knn": knn_residual,
    "ridge": ridge_residual,
    "prior": no_residual,
    "blend": blend_residual,
}
"""Residual by scorer. ``reciprocal-rank`` estimates as ``cluster`` does and orders by
``fused_ranks``."""


def estimate(evidence: Evidence) -> Floats:
    """Estimated share of right answers of each expert, in [0, 1], shape ``(..., e)``."""
    local = evidence.prior + _scorer(evidence.settings.scorer)(evidence)
    kept = evidence.trust[..., None] if evidence.settings.back_off else 1.0
    return np.clip(kept * local + (1 - kept) * evidence.global_means, 0.0, 1.0)


def order_key(evidence: Evidence) -> Floats:
    """What experts are ordered by, larger first, shape ``(..., e)``."""
    if evidence.settings.scorer != "reciprocal-rank":
        return estimate(evidence)
    fused = fused_ranks(evidence)
    if not evidence.settings.back_off:
        return fused
    kept = evidence.trust[..., None]
    return np.asarray(kept * fused + (1 - kept) / (_ranks(evidence.global_means) + RANK_OFFSET))


def choose(
    keys: Floats, *, costs: Floats | None = None, known: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Column of the expert that comes first in each row of ``keys (n, e)``, as ``rank_experts``.

    Args:
        costs: USD per query, ``(n, e)``, NaN where unknown; ties go to the cheaper, then to the
            first column.
        known: Which experts may be chosen, ``(n, e)``; a row without any gives column 0.
    """
    rounded = np.round(keys, 12)
    if known is not None:
        rounded = np.where(known, rounded, -np.inf)
    tied = rounded == rounded.max(axis=1, keepdims=True)
    if costs is None:
        return np.asarray(tied.argmax(axis=1), dtype=np.int64)
    dearest = np.finfo(np.float64).max
    prices = np.where(tied, np.nan_to_num(costs, nan=dearest), np.inf)
    return np.asarray(prices.argmin(axis=1), dtype=np.int64)


def trade_off(keys: Floats, costs: Floats, *, alpha: float) -> Floats:
    """``alpha * accuracy + (1 - alpha) * (1 - cost)``, each scaled to [0, 1] over the experts.

    Shapes are ``(..., e)``. Avengers-Pro, arXiv 2508.12631.
    """
    return np.asarray(alpha * _scaled(keys) + (1 - alpha) * (1 - _scaled(costs)))


def _scaled(values: Floats) -> Floats:
    """``values`` mapped onto [0, 1] over the last axis; all 0 where they are equal."""
    low = values.min(axis=-1, keepdims=True)
    spread = values.max(axis=-1, keepdims=True) - low
    return np.asarray((values - low) / np.where(spread > 0, spread, 1.0))


def fused_ranks(evidence: Evidence) -> Floats:
    """The authors' rank fusion: ``sum_c p_c / (rank of the expert in c + 0.1)``.

    Ranks go by plain accuracy in the cluster, ties by column; an expert without a score there
    stands where the prior puts it.
    """
    prior = evidence.prior[..., None, None, :]
    accuracy = np.where(evidence.counts > 0, evidence.means, prior)
    fused = evidence.weights[..., None] / (_ranks(accuracy) + RANK_OFFSET)
    return np.asarray(fused.sum(axis=-2).mean(axis=-2))


def _ranks(scores: Floats) -> NDArray[np.int64]:
    """Rank of each expert along the last axis, the best 0, ties by column."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable")


def support(evidence: Evidence) -> Floats:
    """Scores behind the local estimate, shape ``(..., e)``.

    For clusters that is the number of scores in the mixed clusters. The other scorers count as
    ``neighbours`` scores, and never more than the clusters hold; a blend counts as the mean by
    its weights.
    """
    settings = evidence.settings
    here = (evidence.weights[..., None] * evidence.counts).sum(axis=-2).mean(axis=-2)
    few = np.minimum(here, settings.neighbours)
    if settings.scorer in ("cluster", "reciprocal-rank"):
        return np.asarray(here)
    if settings.scorer != "blend":
        return np.asarray(few)
    share = settings.blend.get("cluster", 0.0) / sum(settings.blend.values())
    return np.asarray(share * here + (1 - share) * few)


def _scorer(name: str) -> Callable[[Evidence], Floats]:
    if name not in SCORERS:
        raise ConfigError(f"scorer {name!r} is unknown; use one of {sorted(SCORERS)}")
    return SCORERS[name]


def _prediction(evidence: Evidence, name: str) -> Floats:
    if name not in evidence.predictions:
        raise ConfigError(f"the index holds nothing for the scorer {name!r}; fit it with that one")
    return evidence.predictions[name]
