"""One run of the graph on a terminal: each node's result as it comes."""

from collections.abc import Iterator
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from avengers_graph.cli.terminal import counted
from avengers_graph.experts.owned_loop import Bridge
from avengers_graph.plans import Plan, planned_samples
from avengers_graph.settings.context import Context
from avengers_graph.state import VerdictRecord
from avengers_graph.types import ClusterHit, RankedExpert, SampleRecord

Graph = CompiledStateGraph[Any, Context, Any, Any]


def answer_shown(
    graph: Graph, question: str, *, context: Context, console: Console
) -> dict[str, Any]:
    """Run one question and print what every node found; returns the whole final state."""
    console.print(f"\n[bold]{escape(question)}[/bold]")
    state: dict[str, Any] = {"samples": []}
    with _progress(console) as progress:
        bar = progress.add_task("routing", total=None)
        for mode, value in _events(graph, question, context=context):
            if mode == "custom":
                _print_event(value, console=console)
                progress.update(bar, advance=value["type"] == "sample_finished")
                continue
            for node, update in value.items():
                _print_node(node, update, console=console)
                state = {**state, **_plain(node, update, state)}
            if "plan" in state:
                total = planned_samples(Plan.model_validate(state["plan"]))
                progress.update(bar, description="sampling", total=total)
    return state


def _events(graph: Graph, question: str, *, context: Context) -> Iterator[tuple[str, Any]]:
    """What the graph streams. Read over a bridge: Ctrl-C then cancels the calls in flight."""
    inputs = {"messages": [{"role": "user", "content": question}]}
    source: Any = graph.astream(inputs, context=context, stream_mode=["updates", "custom"])
    return iter(Bridge(source))


def _plain(node: str, update: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """An update with ``samples`` as they stand after it: cleared by one node, added to by one."""
    if node == "select_experts":
        return {**update, "samples": []}
    if node == "sample":
        return {**update, "samples": [*state["samples"], *update["samples"]]}
    return update


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def _print_node(node: str, update: dict[str, Any], *, console: Console) -> None:
    if node == "retrieve_cluster":
        for hit in update["clusters"]:
            _line(console, "cluster", _cluster(hit))
    elif node == "select_experts":
        for rank, expert in enumerate(update["experts"], start=1):
            _line(console, "experts" if rank == 1 else "", _expert(rank, expert))
    elif node == "vote":
        _print_verdict(update["verdict"], console=console)


def _print_event(event: dict[str, Any], *, console: Console) -> None:
    if event["type"] in ("sample_finished", "sample_cancelled"):
        _line(console, f"sample {event['sample']['index'] + 1}", _sample(event["sample"]))
    elif event["type"] == "failed_over":
        then = f"asking {event['replacement']}" if event["replacement"] else "nobody is left to ask"
        said = escape(f"{event['expert']} gave up; {then}")
        _line(console, "failover", f"[yellow]{said}[/yellow]")


def _cluster(hit: ClusterHit) -> str:
    where = f"#{hit['id']} ({escape(hit['label'])})"
    figures = f"distance {hit['distance']:.2f}, weight {hit['weight']:.2f}"
    return f"{where}  {figures}, {counted(hit['size'], 'question')}"


def _expert(rank: int, expert: RankedExpert) -> str:
    low, high = expert["interval"]
    score = f"[cyan]{expert['score']:.2f}[/cyan] \\[{low:.2f}-{high:.2f}]"
    return f"{rank}. {escape(expert['name'])}  {score}  [dim]{escape(expert['why'])}[/dim]"


def _sample(record: SampleRecord) -> str:
    head = f"{escape(record['expert'])}  {record['latency']:.1f} s  "
    if record["error"] is not None:
        return f"{head}[yellow]{escape(record['error'])}[/yellow]"
    return head + escape(_short(record["text"]))


def _print_verdict(verdict: VerdictRecord, *, console: Console) -> None:
    tally = ", ".join(
        f"{escape(_short(row['answer'], 40))} x{row['votes']}" for row in verdict["tally"]
    )
    _line(
        console,
        "tally",
        f"{tally or 'no sample gave an answer'}  [dim](kind {verdict['kind']})[/dim]",
    )
    if verdict["answer"] is None:
        _line(console, "answer", "[yellow]none: every sample abstained[/yellow]")
        return
    figures = f"agreement {verdict['agreement']:.2f}, confidence {verdict['confidence']:.2f}"
    calls = f"{verdict['calls']} calls, {verdict['calls_saved']} saved"
    answer = escape(_short(verdict["answer"], 200))
    _line(console, "answer", f"[bold green]{answer}[/bold green]  [dim]{figures}, {calls}[/dim]")


def _line(console: Console, head: str, text: str) -> None:
    console.print(f"  [magenta]{head:<10}[/magenta]{text}", highlight=False)


def _short(text: str, limit: int = 90) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
