"""The cluster index: fitted from scored queries, kept in Chroma, asked for each request."""

from avengers_graph.index.catalogue import Generation
from avengers_graph.index.cluster_index import ClusterIndex
from avengers_graph.index.model import ExpertScore
from avengers_graph.ranking import RankingSettings

__all__ = ["ClusterIndex", "ExpertScore", "Generation", "RankingSettings"]
