"""The graph that ``langgraph.json`` names, for LangGraph Studio and any LangGraph server.

It is built from the ``avengers.yaml`` that AVENGERS_CONFIG names, else the one in the working
directory. No checkpointer is set: the server brings its own.
"""

import asyncio
import threading
from functools import cache
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph

from avengers_graph.graph import graph_of_config
from avengers_graph.settings.config import load_config
from avengers_graph.settings.context import Context

_building = threading.Lock()


async def graph(config: RunnableConfig) -> CompiledStateGraph[Any, Context, Any, Any]:
    """The server's graph. Built off its event loop, once: loading an embedder takes seconds."""
    return await asyncio.to_thread(_graph)


def _graph() -> CompiledStateGraph[Any, Context, Any, Any]:
    with _building:
        return _build()


@cache
def _build() -> CompiledStateGraph[Any, Context, Any, Any]:
    return graph_of_config(load_config())
