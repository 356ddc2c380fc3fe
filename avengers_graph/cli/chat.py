"""``avengers-graph chat``: a conversation, with the vote on each answer shown."""

from typing import TYPE_CHECKING

from avengers_graph.cli.options import Config, Samples, Strategy
from avengers_graph.errors import AvengersError

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from rich.console import Console

    from avengers_graph.cli.show import Graph
    from avengers_graph.settings.context import Context

LEAVING = ("/quit", "/exit")
PROMPT = "you> "


def chat_command(config: Config = None, samples: Samples = None, strategy: Strategy = None) -> None:
    """Talk with the experts: each answer knows the turns before it, and its vote is shown.

    /quit or Ctrl-D leaves. An answer that fails does not end the conversation.

    Example: avengers-graph chat --config avengers.yaml --samples 4
    """
    from rich.console import Console

    from avengers_graph.cli.ask import context_of
    from avengers_graph.graph import graph_of_config
    from avengers_graph.settings.config import load_config
    from avengers_graph.wording import counted

    settings = load_config(config)
    context = context_of({"samples": samples, "strategy": strategy})
    graph = graph_of_config(settings)
    console = Console()
    console.print(f"{counted(len(settings.experts), 'expert')}; /quit or Ctrl-D leaves")
    talk(graph, context=context, console=console)


def talk(graph: "Graph", *, context: "Context", console: "Console") -> None:
    """Answer what is typed until the person leaves; a question without an answer is forgotten."""
    from langchain_core.messages import HumanMessage

    from avengers_graph.cli.show import answer_shown

    turns: list[BaseMessage] = []
    while (question := _next_question(console)) is not None:
        try:
            state = answer_shown(graph, question, context=context, console=console, history=turns)
        except AvengersError as error:
            console.print(f"avengers-graph: {error}", style="yellow", markup=False)
            continue
        answer = state["messages"][-1]
        console.print(f"\n{answer.text}\n", markup=False, highlight=False)
        turns += [HumanMessage(question), answer]


def _next_question(console: "Console") -> str | None:
    """What the person says next, blank lines passed over; None to leave."""
    while True:
        try:
            said = input(PROMPT).strip()
        except EOFError:
            console.print()
            return None
        if said.lower() in LEAVING:
            return None
        if said:
            return said
