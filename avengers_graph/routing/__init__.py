"""Routing: the cluster index fitted from scored queries, and the ranking of experts by it."""

from avengers_graph.routing.catalogue import Generation
from avengers_graph.routing.cluster_index import ClusterIndex
from avengers_graph.routing.estimates import SCORERS, choose, estimate, order_key, trade_off
from avengers_graph.routing.evidence import Evidence
from avengers_graph.routing.model import ExpertScore
from avengers_graph.routing.ranks import rank_experts
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.routing.weights import cluster_weights, trust

__all__ = [
    "SCORERS",
    "ClusterIndex",
    "Evidence",
    "ExpertScore",
    "Generation",
    "RankingSettings",
    "choose",
    "cluster_weights",
    "estimate",
    "order_key",
    "rank_experts",
    "trade_off",
    "trust",
]
