"""Real language models on this machine: weights found, servers started and stopped.

Needs the extra ``local``. Nothing here is imported by the rest of the package except by the
command line.
"""

from avengers_graph.local.models import MODELS, LocalModelSpec, model_set
from avengers_graph.local.servers import LocalServers
from avengers_graph.local.weights import LocalModel, resolve_model

__all__ = [
    "MODELS",
    "LocalModel",
    "LocalModelSpec",
    "LocalServers",
    "model_set",
    "resolve_model",
]
