"""From evidence to an estimated share of right answers: one function and one row per scorer.

Every scorer estimates by how much an expert is better or worse near the query than the prior
says (a residual), so that where there is little evidence the prior is what remains.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import ConfigError
from avengers_graph.routing.evidence import Evidence
from avengers_graph.routing.settings import RankingSettings

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
        weight / total * _scorer(name).residual(evidence)
        for name, weight in evidence.settings.blend.items()
        if weight > 0
    ]
    return np.asarray(np.sum(parts, axis=0))


def fused_rank_order(evidence: Evidence) -> Floats:
    """``fused_ranks``, giving way to the global ranks far from what is known, ``(..., e)``."""
    fused = fused_ranks(evidence)
    if not evidence.settings.back_off:
        return fused
    kept = evidence.trust[..., None]
    return np.asarray(kept * fused + (1 - kept) / (_ranks(evidence.global_means) + RANK_OFFSET))


def _blend_reason(settings: RankingSettings, near: str) -> str:
    shares = (f"{name} x {weight:g}" for name, weight in settings.blend.items() if weight)
    return f"blend of {', '.join(shares)}; {near}"


@dataclass(frozen=True, slots=True)
class Scorer:
    """One way to estimate by how much experts differ from the prior near a query."""

    residual: Callable[[Evidence], Floats]
    """Score minus prior, ``(..., e)``."""
    reason: Callable[[RankingSettings, str], str]
    """Words for a ranked expert, from the settings and from what the nearest clusters hold."""
    reads: tuple[str, ...] = ()
    """Fields of the settings, beside the prior, that the residual depends on."""
    by_cluster: bool = False
    """Whether the estimate rests on the scores in the clusters, or on ``neighbours`` scores."""
    order: Callable[[Evidence], Floats] | None = None
    """What experts are ordered by, larger first, ``(..., e)``; None orders by the estimate."""


_CLUSTERS = ("shrinkage", "n_clusters", "top_clusters")

SCORERS: Mapping[str, Scorer] = {
    "cluster": Scorer(
        cluster_residual,
        lambda settings, near: f"cluster accuracy: {near}",
        reads=_CLUSTERS,
        by_cluster=True,
    ),
    "reciprocal-rank": Scorer(
        cluster_residual,
        lambda settings, near: f"reciprocal rank: {near}",
        reads=_CLUSTERS,
        by_cluster=True,
        order=fused_rank_order,
    ),
    "knn": Scorer(
        knn_residual,
        lambda settings, near: f"kNN: the {settings.neighbours} nearest validation queries",
        reads=("neighbours", "shrinkage"),
    ),
    "ridge": Scorer(
        ridge_residual, lambda settings, near: "ridge on the embedding", reads=("penalty",)
    ),
    "prior": Scorer(no_residual, lambda settings, near: "prior alone"),
    "blend": Scorer(blend_residual, _blend_reason, reads=_CLUSTERS),
}
"""Scorers by name."""


def scorer_of(settings: RankingSettings) -> Scorer:
    """The row of the scorer that settings name.

    Raises:
        ConfigError: there is none of that name.
    """
    return _scorer(settings.scorer)


def estimate(evidence: Evidence) -> Floats:
    """Estimated share of right answers of each expert, in [0, 1], shape ``(..., e)``."""
    local = evidence.prior + scorer_of(evidence.settings).residual(evidence)
    kept = evidence.trust[..., None] if evidence.settings.back_off else 1.0
    return np.clip(kept * local + (1 - kept) * evidence.global_means, 0.0, 1.0)


def order_key(evidence: Evidence) -> Floats:
    """What experts are ordered by, larger first, shape ``(..., e)``."""
    return (scorer_of(evidence.settings).order or estimate)(evidence)


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
    blend = settings.blend if settings.scorer == "blend" else {settings.scorer: 1.0}
    by_cluster = sum(
        weight for name, weight in blend.items() if weight and _scorer(name).by_cluster
    )
    share = by_cluster / sum(blend.values())
    return np.asarray(share * here + (1 - share) * np.minimum(here, settings.neighbours))


def _scorer(name: str) -> Scorer:
    if name not in SCORERS:
        raise ConfigError(f"scorer {name!r} is unknown; use one of {sorted(SCORERS)}")
    return SCORERS[name]


def _prediction(evidence: Evidence, name: str) -> Floats:
    if name not in evidence.predictions:
        raise ConfigError(f"the index holds nothing for the scorer {name!r}; fit it with that one")
    return evidence.predictions[name]
