"""Several open models behind one chat model: *The Avengers* as a LangGraph state machine.

Importing this package loads none of its heavy dependencies; each name below is
imported when it is first used (PEP 562).
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avengers_graph.chat_model import ChatAvengers
    from avengers_graph.decision import RoutingDecision, print_vote, routing_decision
    from avengers_graph.expert_router import ExpertRouter
    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.graph import create_avengers_graph
    from avengers_graph.middleware import AvengersMiddleware
    from avengers_graph.routing import ClusterIndex
    from avengers_graph.settings.context import Context
    from avengers_graph.settings.expert import Expert

logging.getLogger(__name__).addHandler(logging.NullHandler())

__version__ = "0.1.0"

__all__ = [
    "AvengersMiddleware",
    "ChatAvengers",
    "ClusterIndex",
    "Context",
    "Expert",
    "ExpertPool",
    "ExpertRouter",
    "RoutingDecision",
    "create_avengers_graph",
    "print_vote",
    "routing_decision",
]

_HOME = {
    "AvengersMiddleware": "avengers_graph.middleware",
    "ChatAvengers": "avengers_graph.chat_model",
    "ClusterIndex": "avengers_graph.routing",
    "Context": "avengers_graph.settings.context",
    "Expert": "avengers_graph.settings.expert",
    "ExpertPool": "avengers_graph.experts.pool",
    "ExpertRouter": "avengers_graph.expert_router",
    "RoutingDecision": "avengers_graph.decision",
    "create_avengers_graph": "avengers_graph.graph",
    "print_vote": "avengers_graph.decision",
    "routing_decision": "avengers_graph.decision",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
