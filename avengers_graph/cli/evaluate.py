"""``avengers-graph evaluate``: how well an index routes, beside what else one could ask."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from avengers_graph.cli.options import Config, Json
from avengers_graph.cli.routing_options import (
    Host,
    IndexPath,
    Port,
    RecordFiles,
    ScoreType,
    index_place,
    opened,
    progress_bars,
)

if TYPE_CHECKING:
    from avengers_graph.evaluation import DatasetResult, RoutingResult


def evaluate_command(
    records: RecordFiles,
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    score_type: ScoreType = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    as_json: Json = False,
) -> None:
    """Route the queries of RECORDS and count the scores of the experts that were chosen.

    One row per data set: routed with its 95% interval; the single expert that was best on
    the training records; the best expert of the data set, in hindsight; random; oracle.

    Example: avengers-graph evaluate test.jsonl --index index/
    """
    from avengers_graph.evaluation import evaluate_index
    from avengers_graph.records import read_records

    place = index_place(index, host, port, config)
    read = read_records(records, score_type=score_type)
    opened_index, embeddings = opened(place, config)
    with progress_bars() as moved:
        result = evaluate_index(opened_index, read, embeddings, seed=seed, progress=moved)
    if as_json:
        sys.stdout.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
    else:
        _show(result)


def _show(result: "RoutingResult") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        caption=f"percent; best single is {result.best_single}, by the training records; best per "
        "set is the expert that is best on that data set, in hindsight"
    )
    table.add_column("data set")
    for title in ("n", "routed", "95%", "best single", "random", "best per set", "oracle"):
        table.add_column(title, justify="right")
    for row in result.datasets:
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(result.mean))
    Console().print(table)
    if result.mean.unscored:
        Console(stderr=True).print(
            f"{result.mean.unscored} queries do not count for routed: the chosen expert has no "
            "score there"
        )


def _cells(row: "DatasetResult") -> list[str]:
    numbers = (row.single, row.random, row.per_dataset_best, row.oracle)
    return [
        row.name,
        str(row.n),
        f"{row.routed:.2f}",
        f"{row.ci[0]:.1f}-{row.ci[1]:.1f}",
        *(f"{number:.2f}" for number in numbers),
    ]
