"""Scores of experts near a query, and the order they are asked in. Pure functions."""

from avengers_graph.ranking.estimates import SCORERS, choose, estimate, order_key, trade_off
from avengers_graph.ranking.evidence import Evidence
from avengers_graph.ranking.ranks import rank_experts
from avengers_graph.ranking.settings import RankingSettings
from avengers_graph.ranking.weights import cluster_weights, trust

__all__ = [
    "SCORERS",
    "Evidence",
    "RankingSettings",
    "choose",
    "cluster_weights",
    "estimate",
    "order_key",
    "rank_experts",
    "trade_off",
    "trust",
]
