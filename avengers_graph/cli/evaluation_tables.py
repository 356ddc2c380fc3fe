"""The tables that ``avengers-graph evaluate`` prints."""

import math
import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from avengers_graph.calibration.ablation import AblationRow
from avengers_graph.calibration.frontier import FrontierPoint, cheapest_within
from avengers_graph.calibration.routing import DatasetResult, RoutingResult
from avengers_graph.cli.counted import counted

MARGIN = 5.0
"""Percent points below the best expert within which the cheapest routing is named."""


def show_ablation(rows: Sequence[AblationRow]) -> None:
    """One row per variant and baseline."""
    table = Table(
        caption="percent, each data set counting once; 95% over queries and seeds. All rows are "
        "judged on the same queries: what two of them differ by is surer than their intervals"
    )
    for title in ("changed", "to", "routed", "95%"):
        table.add_column(title, justify="left" if title in ("changed", "to") else "right")
    for row in rows:
        low, high = row.ci
        between = "–" if math.isnan(row.score) else f"{low:.1f}-{high:.1f}"
        table.add_row(row.axis, row.value, _number(row.score), between)
    Console().print(table)


def show_frontier(routed: Sequence[FrontierPoint], single: Sequence[FrontierPoint]) -> None:
    """Routing by ascending alpha, the single experts by cost, and what a little less costs."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("who answers", overflow="fold")
    for title in ("score", "USD per 1,000"):
        table.add_column(title, justify="right")
    for points in (routed, sorted(single, key=lambda point: point.cost)):
        for point in points:
            cells = _number(point.score), _number(point.cost, digits=4)
            table.add_row(point.name, *(_marked(cell, point.unscored) for cell in cells))
        table.add_section()
    console = Console()
    console.print(table)
    if gaps := sum(point.unscored > 0 for point in single):
        _explain_marks(counted(gaps, "single expert"))
    best = max(single, key=lambda point: -1.0 if math.isnan(point.score) else point.score)
    cheap = cheapest_within(routed, of=best, margin=MARGIN)
    if cheap is None:
        console.print(f"no alpha comes within {MARGIN:g} points of {best.name}")
    elif best.cost > 0:
        console.print(
            f"{cheap.name} scores {cheap.score:.2f}, within {MARGIN:g} points of {best.name} "
            f"({best.score:.2f}), at {cheap.cost / best.cost:.1%} of its cost"
        )


def show(result: RoutingResult) -> None:
    """One row per data set, and their mean."""
    table = Table(
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        caption=f"percent; best single is {result.best_single}, by the training records; best per "
        "set is the expert that is best on that data set, in hindsight",
    )
    table.add_column("data set", overflow="fold")
    for title in ("n", "routed", "95%", "best single", "random", "best per set", "oracle"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in result.datasets:
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(result.mean))
    # Without a terminal, rich would fold the names of data sets into 80 columns.
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    mean = result.mean
    if mean.single_unscored or mean.best_unscored:
        _explain_marks(
            f"best single {mean.single_unscored} times, best per set {mean.best_unscored} times"
        )
    if result.mean.unscored:
        Console(stderr=True).print(
            f"{counted(result.mean.unscored, 'query', 'queries')} without a score of the expert "
            "ranked first: there the best-ranked one that has a score counts"
        )


def _explain_marks(who: str) -> None:
    Console(stderr=True).print(
        f"* without a score on some of the queries ({who}): there the data set's next best expert "
        "that has one counts, so that all is about the same queries; – where scores are too few"
    )


def _cells(row: DatasetResult) -> list[str]:
    return [
        row.name,
        str(row.n),
        _number(row.routed),
        f"{row.ci[0]:.1f}–{row.ci[1]:.1f}",
        _marked(_number(row.single), row.single_unscored),
        _number(row.random),
        _marked(_number(row.per_dataset_best), row.best_unscored),
        _number(row.oracle),
    ]


def _marked(cell: str, unscored: int) -> str:
    return f"{cell}*" if unscored else cell


def _number(value: float, digits: int = 2) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
