"""Second node: the nearest clusters of the question."""

from typing import Any

from langchain_core.embeddings import Embeddings
from langgraph.runtime import Runtime

from avengers_graph.index import ClusterIndex
from avengers_graph.nodes.embed import query_vector
from avengers_graph.ranking import cluster_weights
from avengers_graph.settings.context import Context
from avengers_graph.state import AvengersState


def retrieve_cluster(
    state: AvengersState,
    runtime: Runtime[Context],
    *,
    index: ClusterIndex,
    embeddings: Embeddings,
) -> dict[str, Any]:
    """Write ``clusters``, nearest first, weighing softmax(-beta * distance).

    The embedding is not checkpointed: a run resumed before this node computes it again.
    """
    vector = query_vector(state, embeddings)
    settings = state["request"]["settings"]
    found = index.nearest(vector, k=settings["top_clusters"] or index.settings.top_clusters)
    beta = index.settings.beta if settings["beta"] is None else settings["beta"]
    weights = cluster_weights([hit["distance"] for hit in found], beta=beta)
    clusters = [{**hit, "weight": weight} for hit, weight in zip(found, weights, strict=True)]
    return {"query_embedding": vector, "clusters": clusters}
