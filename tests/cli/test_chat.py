"""A conversation on a terminal."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from avengers_graph.cli.chat import talk
from avengers_graph.settings.context import Context
from tests.calibrated import SUM
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


@pytest.fixture
def talked(graph_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Types lines into a conversation; returns what was printed. Without /quit the input ends."""

    def run(*lines: str, terminal: bool = False) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        out = io.StringIO()
        console = Console(file=out, width=200, force_terminal=terminal, color_system=None)
        context = Context(samples=1, force_experts=["alpha"])
        talk(graph_of(experts=("alpha",)), context=context, console=console)
        return out.getvalue()

    return run


def test_each_turn_knows_those_before(server: OpenAIServer, talked: Callable[..., str]) -> None:
    server.serve("alpha", "13", "[bold]26[/bold]")
    shown = talked(SUM, "", "   ", "And twice that?", "/quit", "never asked")
    first, second = (request.body["messages"] for request in server.requests)
    assert [turn["content"] for turn in first] == [SUM]
    assert [turn["content"] for turn in second] == [SUM, "13", "And twice that?"]
    assert "tally" in shown
    assert "[bold]26[/bold]" in shown


def test_a_failed_turn_is_told_and_forgotten(
    server: OpenAIServer, talked: Callable[..., str]
) -> None:
    server.serve("alpha", Fault(400), "13")
    shown = talked("Fail, please.", SUM)
    assert "avengers-graph: " in shown
    assert [turn["content"] for turn in server.requests[-1].body["messages"]] == [SUM]


def test_the_tally_so_far_is_shown_on_a_terminal(
    server: OpenAIServer, talked: Callable[..., str]
) -> None:
    server.serve("alpha", "13")
    assert talked(SUM, terminal=True).count("13 x1") > talked(SUM).count("13 x1") == 1
