"""Routing: the cluster index fitted from scored queries, and the ranking of experts by it."""

from avengers_graph.routing.cluster_index import ClusterIndex, Router, open_index
from avengers_graph.routing.evidence import Evidence, cluster_weights
from avengers_graph.routing.generations import Generation
from avengers_graph.routing.model import ExpertScore
from avengers_graph.routing.novelty import trust
from avengers_graph.routing.ranking import rank_experts
from avengers_graph.routing.scores import SCORERS, choose, estimate, order_key, trade_off
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.routing.unscored import NoIndex, explored

__all__ = [
    "SCORERS",
    "ClusterIndex",
    "Evidence",
    "ExpertScore",
    "Generation",
    "NoIndex",
    "RankingSettings",
    "Router",
    "choose",
    "cluster_weights",
    "estimate",
    "explored",
    "open_index",
    "order_key",
    "rank_experts",
    "trade_off",
    "trust",
]
