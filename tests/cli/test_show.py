"""One run on a terminal."""

import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from avengers_graph.cli.show import answer_shown
from avengers_graph.settings.context import Context
from tests.calibrated import SUM
from tests.keyboard import press_ctrl_c
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


def test_each_node_is_shown(server: OpenAIServer, graph_of: Callable[..., Any]) -> None:
    server.serve("alpha", "13", "13", "14")
    console = Console(file=io.StringIO(), width=200)
    context = Context(samples=3, early_stop=False)
    state = answer_shown(graph_of(), SUM, context=context, console=console)
    assert state["verdict"]["answer"] == "13"
    assert len(state["samples"]) == 3
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(word in shown for word in ("distance", "alpha", "gamma", "13"))


def test_names_may_hold_brackets(server: OpenAIServer, graph_of: Callable[..., Any]) -> None:
    """Rich reads [/...] as the end of a style."""
    server.serve("qwen[/q4]", Fault(400))
    server.serve("beta", "13")
    console = Console(file=io.StringIO(), width=200)
    graph = graph_of(experts=("qwen[/q4]", "beta"))
    context = Context(samples=1, force_experts=["qwen[/q4]", "beta"])
    answer_shown(graph, SUM, context=context, console=console)
    assert "qwen[/q4] gave up; asking beta" in console.file.getvalue()  # type: ignore[attr-defined]


def test_ctrl_c_hangs_up(server: OpenAIServer, graph_of: Callable[..., Any]) -> None:
    server.serve("alpha", Reply("late", delay=60))

    def interrupt() -> None:
        server.wait_for(lambda: len(server.requests) == 2)
        press_ctrl_c()

    graph, console = graph_of(), Console(file=io.StringIO())
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        answer_shown(graph, SUM, context=Context(samples=2), console=console)
    server.wait_for(lambda: all(r.disconnected for r in server.requests), seconds=10)
