"""``avengers-graph fit``: Stage I, from scored queries to an index."""

import json
import sys
from typing import Annotated

import typer

from avengers_graph.cli.options import Config, Json
from avengers_graph.cli.routing_options import (
    Host,
    IndexPath,
    Port,
    RecordFiles,
    ScoreType,
    index_place,
    progress_bars,
)
from avengers_graph.errors import ConfigError


def fit_command(
    records: RecordFiles,
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    clusters: Annotated[
        str | None,
        typer.Option(
            "--clusters",
            "-k",
            help="Number of clusters.  [default: 64, or 20 queries in each]",
            show_default=False,
        ),
    ] = None,
    embedding: Annotated[
        str | None,
        typer.Option(
            help="Embedding model: hub id, folder, or package:NAME.  [default: the config's, "
            "else all-MiniLM-L6-v2]",
            show_default=False,
        ),
    ] = None,
    score_type: ScoreType = "auto",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Cluster the queries of RECORDS and score each expert in each cluster.

    The index is a directory, made if missing, or a Chroma server. Readers see the new
    generation when it is complete; a fit that is stopped leaves the index as it was.

    Example: avengers-graph fit records.jsonl --index index/
    """
    from avengers_graph.embedding import DEFAULT_MODEL, load_embeddings
    from avengers_graph.index import ClusterIndex
    from avengers_graph.records import read_records
    from avengers_graph.settings.config import load_config

    place = index_place(index, host, port, config)
    wanted = _clusters(clusters)
    read = read_records(records, score_type=score_type)
    model = embedding or (load_config(config).embedding.model if config else DEFAULT_MODEL)
    embeddings = load_embeddings(model)
    with progress_bars() as moved:
        fitted = ClusterIndex.fit(
            read, embeddings, n_clusters=wanted, seed=seed, progress=moved, **place
        )
    scores = fitted.global_scores()
    summary = {
        "generation": fitted.generation,
        "queries": fitted.n_queries,
        "datasets": list(fitted.datasets),
        "clusters": fitted.n_clusters,
        "experts": {
            name: {"score": round(100 * row.mean, 2), "count": row.count}
            for name, row in scores.items()
        },
    }
    if as_json:
        sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")
        return
    where = " ".join(str(part) for part in place.values())
    lines = [
        f"{fitted.n_queries} queries of {len(fitted.datasets)} data sets in {fitted.n_clusters} "
        f"clusters; {len(scores)} experts; generation {fitted.generation} at {where}"
    ]
    lines += [
        f"  {name}: {100 * row.mean:.1f}% on {row.count} queries" for name, row in scores.items()
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _clusters(given: str | None) -> int | None:
    if given is None:
        return None
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(f"--clusters {given!r} must be a whole number of 1 or more")
    return int(given)
