"""A decision as lines of a terminal; ``avengers-graph ask`` prints the same ones as they come."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from avengers_graph.types import ClusterHit, RankedExpert, TallyRow
from avengers_graph.wording import counted, one_line

if TYPE_CHECKING:
    from rich.text import Text

    from avengers_graph.decision.routing_decision import RoutingDecision

BAR = 20
"""Cells of the longest bar."""
NO_ANSWER = "none: every sample abstained"


def lines_of(decision: "RoutingDecision") -> "Iterator[Text]":
    """All of a decision."""
    yield from cluster_lines(decision.clusters)
    yield from expert_lines(decision.experts)
    yield from vote_lines(decision)


def cluster_lines(clusters: Sequence[ClusterHit]) -> "Iterator[Text]":
    """Where the question lies, nearest first."""
    if not clusters:
        yield headed("cluster", ("none: there is no index yet", "dim"))
    for hit in clusters:
        figures = f"distance {hit['distance']:.2f}, weight {hit['weight']:.2f}"
        where = f"#{hit['id']} ({one_line(hit['label'])})"
        yield headed("cluster", f"{where}  {figures}, {counted(hit['size'], 'question')}")


def expert_lines(experts: Sequence[RankedExpert]) -> "Iterator[Text]":
    """Who can be asked, best first, with score and 95% interval."""
    for rank, expert in enumerate(experts, start=1):
        low, high = expert["interval"]
        yield headed(
            "experts" if rank == 1 else "",
            f"{rank}. {one_line(expert['name'])}  ",
            (f"{expert['score']:.2f}", "cyan"),
            f" [{low:.2f}-{high:.2f}]  ",
            (one_line(expert["why"]), "dim"),
        )


def vote_lines(decision: "RoutingDecision") -> "Iterator[Text]":
    """What was counted, and what came of it."""
    yield from tally_lines(decision.tally, kind=decision.kind)
    if decision.answer is None:
        yield headed("answer", (NO_ANSWER, "yellow"))
    else:
        yield headed(
            "answer",
            (one_line(decision.answer, 200), "bold green"),
            (f"  {decision.figures}", "dim"),
        )
    yield headed("spent", (decision.spent, "dim"))


def tally_lines(tally: Sequence[TallyRow], *, kind: str) -> "Iterator[Text]":
    """Each class of equal answers with a bar by its weight."""
    if not tally:
        yield headed("tally", "no sample gave an answer", (f"  (kind {kind})", "dim"))
        return
    votes = [f"{one_line(row['answer'], 40)} x{row['votes']}" for row in tally]
    width = max(map(len, votes))
    heaviest = max(row["weight"] for row in tally)
    for at, (row, said) in enumerate(zip(tally, votes, strict=True)):
        bar = "█" * max(1, round(BAR * row["weight"] / heaviest))
        yield headed(
            "tally" if at == 0 else "",
            said.ljust(width + 2),
            (bar, "green" if at == 0 else "blue"),
            (f"  (kind {kind})" if at == 0 else "", "dim"),
        )


def headed(head: str, *parts: str | tuple[str, str]) -> "Text":
    """A line of parts, each plain or with a style, behind its heading."""
    from rich.text import Text

    return Text.assemble("  ", (f"{head:<10}", "magenta"), *parts)
