"""One run of the graph on a terminal: each node's result as it comes, and the vote so far."""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.graph.state import CompiledStateGraph
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from avengers_graph.answer_message import summary
from avengers_graph.ballots import Ballots, counted_before
from avengers_graph.decision import RoutingDecision
from avengers_graph.decision.terminal import (
    cluster_lines,
    expert_lines,
    headed,
    tally_lines,
    vote_lines,
)
from avengers_graph.experts.owned_loop import Bridge
from avengers_graph.plans import Plan, planned_samples
from avengers_graph.settings.context import Context
from avengers_graph.types import SampleRecord
from avengers_graph.wording import one_line

Graph = CompiledStateGraph[Any, Context, Any, Any]


def answer_shown(
    graph: Graph,
    question: str,
    *,
    context: Context,
    console: Console,
    history: Sequence[BaseMessage] = (),
) -> dict[str, Any]:
    """Run one question and print what every node found; returns the whole final state.

    Args:
        history: the turns of the conversation before the question.
    """
    view = _View(console)
    with view.live:
        for mode, value in _events(graph, [*history, HumanMessage(question)], context=context):
            if mode == "custom":
                view.heard(value)
            else:
                for node, update in value.items():
                    view.written(node, update)
    return view.state


def _events(
    graph: Graph, messages: list[BaseMessage], *, context: Context
) -> Iterator[tuple[str, Any]]:
    """What the graph streams. Read over a bridge: Ctrl-C then cancels the calls in flight."""
    source: Any = graph.astream(
        {"messages": messages}, context=context, stream_mode=["updates", "custom"]
    )
    return iter(Bridge(source))


class _View:
    """The run so far: printed lines, and below them what still changes while samples arrive.

    What changes is shown on terminals only; elsewhere the lines are all there is.
    """

    def __init__(self, console: Console) -> None:
        self.state: dict[str, Any] = {"samples": []}
        self._console = console
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._bar = self._progress.add_task("routing", total=None)
        self._ballots: Ballots | None = None
        self.live = Live(self._progress, console=console, transient=True)

    def heard(self, event: dict[str, Any]) -> None:
        """The engine reported something while a round runs."""
        if event["type"] == "failed_over":
            then = f"asking {event['replacement']}" if event["replacement"] else "nobody is left"
            said = one_line(f"{event['expert']} gave up; {then}", 200)
            self._print(headed("failover", (said, "yellow")))
        elif event["type"] in ("sample_finished", "sample_cancelled"):
            self._print(_sample_line(event["sample"]))
            self._progress.update(self._bar, advance=event["type"] == "sample_finished")
            self._count(event["sample"])

    def written(self, node: str, update: dict[str, Any]) -> None:
        """A node is done."""
        self.state = {**self.state, **_plain(node, update, self.state)}
        if node == "embed":
            total = planned_samples(Plan.model_validate(self.state["plan"]))
            self._progress.update(self._bar, description="sampling", total=total)
        elif node == "retrieve_cluster":
            self._print(*cluster_lines(update["clusters"]))
        elif node == "select_experts":
            self._print(*expert_lines(update["experts"]))
        elif node == "sample":
            self._ballots = None
            self.live.update(self._progress)
        elif node == "vote":
            found: Any = summary(self.state, update["verdict"])  # type: ignore[arg-type]
            self._print(*vote_lines(RoutingDecision.of(found)))

    def _count(self, record: SampleRecord) -> None:
        """Show the tally of what has arrived, this sample included."""
        if not self._console.is_terminal:
            return
        if self._ballots is None:
            state: Any = self.state
            plan = Plan.model_validate(state["plan"])
            self._ballots = Ballots(state, plan, counted_before(state, plan))
        self._ballots.add(record)
        found = self._ballots.verdict()
        lines = tally_lines(found.tally, kind=found.kind) if found.tally else ()
        self.live.update(Group(*lines, self._progress), refresh=True)

    def _print(self, *lines: Text) -> None:
        for line in lines:
            self._console.print(line)


def _plain(node: str, update: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """An update with ``samples`` as they stand after it: cleared by one node, added to by one."""
    if node == "select_experts":
        return {**update, "samples": []}
    if node == "sample":
        return {**update, "samples": [*state["samples"], *update["samples"]]}
    return update


def _sample_line(record: SampleRecord) -> Text:
    head = f"{one_line(record['expert'])}  {record['latency']:.1f} s  "
    said = one_line(record["text"]), ""
    if record["error"] is not None:
        said = one_line(record["error"], 200), "yellow"
    return headed(f"sample {record['index'] + 1}", head, said)
