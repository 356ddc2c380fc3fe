"""How well an index routes, judged on scored queries that it was not fitted on."""

from avengers_graph.evaluation.routing import (
    DatasetResult,
    RoutingResult,
    choices,
    evaluate_choices,
    evaluate_index,
)

__all__ = [
    "DatasetResult",
    "RoutingResult",
    "choices",
    "evaluate_choices",
    "evaluate_index",
]
