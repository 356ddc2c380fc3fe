"""Second node: the nearest clusters of the question."""

from collections.abc import Sequence
from typing import Any

from avengers_graph.nodes.embed import query_vector
from avengers_graph.routing import ClusterIndex, NoIndex, Router
from avengers_graph.settings.precedence import settings_of
from avengers_graph.state import AvengersState, Request
from avengers_graph.types import ClusterHit


def retrieve_cluster(state: AvengersState, *, routing: Router | NoIndex) -> dict[str, Any]:
    """Write ``clusters``, nearest first, weighing softmax(-beta * distance); none without index.

    The embedding is not checkpointed: a run resumed before this node computes it again.
    """
    if isinstance(routing, NoIndex):
        return {"clusters": routing.clusters()}
    vector = query_vector(state, routing)
    clusters = clusters_for(state["request"], vector=vector, index=routing.index)
    return {"query_embedding": vector, "clusters": clusters}


def clusters_for(
    request: Request, *, vector: Sequence[float], index: ClusterIndex
) -> list[ClusterHit]:
    """The clusters near a question's unit vector (dim,), by the request's settings."""
    settings = settings_of(request)
    k = settings.top_clusters or index.settings.top_clusters
    return index.nearest(vector, k=k, beta=settings.beta)
