"""How well an index routes, judged on scored queries that it was not fitted on."""

from avengers_graph.evaluation.routing import (
    DatasetResult,
    RoutingResult,
    evaluate_choices,
    evaluate_index,
    evaluate_vectors,
    shared_experts,
)

__all__ = [
    "DatasetResult",
    "RoutingResult",
    "evaluate_choices",
    "evaluate_index",
    "evaluate_vectors",
    "shared_experts",
]
