"""The five nodes, in the order a query passes them.

``embed`` -> ``retrieve_cluster`` -> ``select_experts`` -> ``sample`` -> ``vote``
"""

from avengers_graph.nodes.embed import embed
from avengers_graph.nodes.retrieve_cluster import retrieve_cluster
from avengers_graph.nodes.sample import asample, sample
from avengers_graph.nodes.select_experts import select_experts
from avengers_graph.nodes.vote import vote

__all__ = ["asample", "embed", "retrieve_cluster", "sample", "select_experts", "vote"]
