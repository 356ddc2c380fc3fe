"""``avengers-graph evaluate``: how well an index routes, beside what else one could ask."""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avengers_graph.cli.options import (
    MAX_SEED,
    Config,
    DefaultCost,
    Host,
    IndexPath,
    Json,
    Port,
    RecordFiles,
    ScoreType,
    index_options,
)
from avengers_graph.cli.terminal import progress_bars
from avengers_graph.errors import ConfigError
from avengers_graph.wording import counted

if TYPE_CHECKING:
    from avengers_graph.calibration.ablation import AblationRow
    from avengers_graph.calibration.evaluation import DatasetResult, RoutingResult
    from avengers_graph.calibration.frontier import FrontierPoint
    from avengers_graph.records import Record
    from avengers_graph.routing import ClusterIndex
    from avengers_graph.routing.matrix import Matrix
    from avengers_graph.routing.model import Vectors

MARGIN = 5.0
"""Percent points below the best expert within which the cheapest routing is named."""


def evaluate_command(
    records: RecordFiles,
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    score_type: ScoreType = "auto",
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Of the bootstrap.")] = 0,
    ablated: Annotated[
        bool,
        typer.Option(
            "--ablate",
            help="Also refit with one setting changed at a time, and baselines, over 3 seeds.",
        ),
    ] = False,
    embedding: Annotated[
        list[str] | None,
        typer.Option(
            help="With --ablate: another embedding model to refit with (hub id, folder or "
            "package:NAME); may be given several times.",
            show_default=False,
        ),
    ] = None,
    frontier: Annotated[
        bool,
        typer.Option(
            "--frontier",
            help="Also route at alphas from 0 to 1: cost against accuracy, beside each expert.",
        ),
    ] = False,
    default_cost: DefaultCost = None,
    as_json: Json = False,
) -> None:
    """Route the queries of RECORDS and count the scores of the experts that were chosen.

    One row per data set: routed with its 95% interval; the single expert that was best on
    the training records; the best expert of the data set, in hindsight; random; oracle.

    Example: avengers-graph evaluate test.jsonl --index index/
    """
    import numpy as np

    from avengers_graph.calibration.ablation import Split, ablate
    from avengers_graph.calibration.baselines import LEXICAL, lexical_vectors
    from avengers_graph.calibration.evaluation import evaluate_vectors, shared_experts
    from avengers_graph.embedding import embed_texts, load_embeddings
    from avengers_graph.records import read_records
    from avengers_graph.routing import open_index

    if embedding and not ablated:
        raise ConfigError("--embedding names embedders to compare in the ablation; add --ablate")
    if default_cost is not None and not frontier:
        raise ConfigError("--default-cost is what the frontier counts with; add --frontier")
    place, settings = index_options(index, host, port, config)
    read = read_records(records, score_type=score_type)
    named = settings.embedding.model if settings else None
    opened_index, embeddings = open_index(place, embedding=named)
    judged, data = shared_experts(opened_index, read)
    asked = [record.query for record in judged]
    for note in _notes(opened_index, data, read, asked):
        sys.stderr.write(f"note: {note}\n")
    with progress_bars() as moved:
        vectors = embed_texts(embeddings, asked, progress=moved)
        result = evaluate_vectors(opened_index, data, vectors, seed=seed)
        points = _frontier(opened_index, data, vectors, default_cost) if frontier else None
        rows = []
        if ablated:
            known, train, train_vectors = opened_index.queries.training_data()
            columns = np.array([train.experts.index(name) for name in data.experts])
            split = Split(train.columns(columns), train_vectors, data, vectors)
            others = {LEXICAL: lexical_vectors(known, asked)}
            for model in embedding or []:
                other = load_embeddings(model)
                others[model] = (
                    embed_texts(other, known, progress=moved),
                    embed_texts(other, asked, progress=moved),
                )
            rows = ablate(
                split,
                opened_index.settings,
                best_single=result.best_single,
                embedders=others,
                progress=moved,
            )
    if as_json:
        plain: dict[str, Any] = result.to_dict()
        if points:
            routed, single = ([point.to_dict() for point in kind] for kind in points)
            plain["frontier"] = {"routed": routed, "single": single}
        if ablated:
            plain["ablation"] = [row.to_dict() for row in rows]
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
        return
    show_routing(result)
    if points:
        show_frontier(*points)
    if ablated:
        show_ablation(rows)


def _notes(
    index: "ClusterIndex", data: "Matrix", read: "Sequence[Record]", asked: "Sequence[str]"
) -> Iterator[str]:
    """What the figures are not about: experts and records left out, and queries known before."""
    from avengers_graph.records import expert_names

    if len(asked) < len(read):
        left_out = counted(len(read) - len(asked), "record")
        yield f"{left_out} without a score of an expert of the index left out"
    if unscored := [name for name in index.experts if name not in data.experts]:
        yield (
            f"no score in these records of {unscored}, which the index knows; what is judged is "
            "routing among the others"
        )
    if unknown := [name for name in expert_names(read) if name not in index.experts]:
        yield f"the index does not know {unknown}; their scores are left out"
    if seen := index.queries.count_stored(asked):
        judging = counted(len(asked), "query", "queries")
        yield (
            f"the index was fitted on {seen} of these {judging}; it routes them better "
            "than new ones, so hold records out to judge it"
        )


def _frontier(
    index: "ClusterIndex", data: "Matrix", vectors: "Vectors", default_cost: float | None
) -> "tuple[list[FrontierPoint], list[FrontierPoint]]":
    """Points of routing at each alpha, and of each single expert."""
    from avengers_graph.calibration.frontier import frontier_points, trade_off_choices, with_costs

    data = with_costs(data, default_cost)
    choices = trade_off_choices(
        index.model,
        vectors,
        data,
        neighbours=index.queries,
        default_cost=default_cost,
    )
    return frontier_points(choices, data)


def show_ablation(rows: "Sequence[AblationRow]") -> None:
    """One row per variant and baseline."""
    from rich.console import Console
    from rich.table import Table

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


def show_frontier(routed: "Sequence[FrontierPoint]", single: "Sequence[FrontierPoint]") -> None:
    """Routing by ascending alpha, the single experts by cost, and what a little less costs."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from avengers_graph.calibration.frontier import cheapest_within

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


def show_routing(result: "RoutingResult") -> None:
    """One row per data set, and their mean."""
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
    from rich.console import Console

    Console(stderr=True).print(
        f"* without a score on some of the queries ({who}): there the data set's next best expert "
        "that has one counts, so that all is about the same queries; – where scores are too few"
    )


def _cells(row: "DatasetResult") -> list[str]:
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
