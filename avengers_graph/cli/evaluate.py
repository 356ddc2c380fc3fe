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
    config_for,
    index_place,
    opened,
    progress_bars,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from avengers_graph.evaluation import DatasetResult, RoutingResult
    from avengers_graph.evaluation.ablation import AblationRow


def evaluate_command(
    records: RecordFiles,
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    score_type: ScoreType = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    ablated: Annotated[
        bool,
        typer.Option(
            "--ablate",
            help="Also refit with one setting changed at a time, and baselines, over 3 seeds.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Route the queries of RECORDS and count the scores of the experts that were chosen.

    One row per data set: routed with its 95% interval; the single expert that was best on
    the training records; the best expert of the data set, in hindsight; random; oracle.

    Example: avengers-graph evaluate test.jsonl --index index/
    """
    import numpy as np

    from avengers_graph.embedding import embed_texts
    from avengers_graph.evaluation import evaluate_vectors, shared_experts
    from avengers_graph.evaluation.ablation import Split, ablate
    from avengers_graph.records import read_records

    config = config_for(index, host, config)
    place = index_place(index, host, port, config)
    read = read_records(records, score_type=score_type)
    opened_index, embeddings = opened(place, config)
    data = shared_experts(opened_index, read)
    with progress_bars() as moved:
        vectors = embed_texts(embeddings, [record.query for record in read], progress=moved)
        result = evaluate_vectors(opened_index, data, vectors, seed=seed)
        rows = []
        if ablated:
            train, train_vectors = opened_index.training_data()
            columns = np.array([train.experts.index(name) for name in data.experts])
            split = Split(train.columns(columns), train_vectors, data, vectors)
            rows = ablate(split, opened_index.settings, progress=moved)
    if as_json:
        plain = result.to_dict()
        if ablated:
            plain["ablation"] = [row.to_dict() for row in rows]
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
        return
    _show(result)
    if ablated:
        _show_ablation(rows)


def _show_ablation(rows: "Sequence[AblationRow]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="percent, each data set counting once; 95% over seeds")
    for title in ("changed", "to", "routed", "95%"):
        table.add_column(title, justify="left" if title in ("changed", "to") else "right")
    for row in rows:
        low, high = row.ci
        table.add_row(row.axis, row.value, f"{row.score:.2f}", f"{low:.1f}-{high:.1f}")
    Console().print(table)


def _show(result: "RoutingResult") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

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
        f"{row.ci[0]:.1f}–{row.ci[1]:.1f}",
        *(f"{number:.2f}" for number in numbers),
    ]
