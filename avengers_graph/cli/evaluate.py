"""``avengers-graph evaluate``: how well an index routes, beside what else one could ask."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avengers_graph.cli.counted import counted
from avengers_graph.cli.options import Config, Json
from avengers_graph.cli.routing_options import (
    MAX_SEED,
    DefaultCost,
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
from avengers_graph.errors import ConfigError

if TYPE_CHECKING:
    from avengers_graph.calibration.frontier import FrontierPoint
    from avengers_graph.records import Record
    from avengers_graph.routing import ClusterIndex
    from avengers_graph.routing.matrix import Matrix
    from avengers_graph.routing.model import Vectors


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
    from avengers_graph.calibration.embedders import LEXICAL, lexical_vectors
    from avengers_graph.calibration.routing import evaluate_vectors, shared_experts
    from avengers_graph.cli.evaluation_tables import show, show_ablation, show_frontier
    from avengers_graph.embedding import embed_texts, load_embeddings
    from avengers_graph.records import read_records

    if embedding and not ablated:
        raise ConfigError("--embedding names embedders to compare in the ablation; add --ablate")
    if default_cost is not None and not frontier:
        raise ConfigError("--default-cost is what the frontier counts with; add --frontier")
    config = config_for(index, host, config)
    place = index_place(index, host, port, config)
    read = read_records(records, score_type=score_type)
    opened_index, embeddings = opened(place, config)
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
            known, train, train_vectors = opened_index.training_data()
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
    show(result)
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
    if seen := index.fitted_on(asked):
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
        neighbours=index.neighbours,
        default_cost=default_cost,
    )
    return frontier_points(choices, data)
