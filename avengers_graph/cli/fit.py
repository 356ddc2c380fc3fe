"""``avengers-graph fit``: Stage I, from scored queries to an index."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avengers_graph.cli.options import (
    MAX_SEED,
    Config,
    Host,
    IndexPath,
    Json,
    OptionalRecordFiles,
    Port,
    ScoreType,
    index_options,
)
from avengers_graph.cli.terminal import progress_bars
from avengers_graph.errors import ConfigError
from avengers_graph.wording import counted

if TYPE_CHECKING:
    from avengers_graph.calibration.tuning import Tuning
    from avengers_graph.routing import ClusterIndex, RankingSettings

_SHOWN = 13
"""Rows of the table of trials; --json has them all."""


def fit_command(
    records: OptionalRecordFiles = None,
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    clusters: Annotated[
        str | None,
        typer.Option(
            "--clusters",
            "-k",
            help="Number of clusters, or auto: choose this and all other settings by "
            "cross-validation on the records.",
            show_default="64, or 20 queries in each if that is fewer",
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="kmeans, mini-batch, hierarchical, gmm, spectral or birch.")
    ] = "kmeans",
    scorer: Annotated[
        str | None,
        typer.Option(
            help="cluster, reciprocal-rank, knn, ridge, prior or blend.",
            show_default="blend",
        ),
    ] = None,
    from_avengers: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the Avengers authors' artefacts (ranking_*.json, "
            "ranking_centers_*.npy, map_*.json) to take over instead of RECORDS.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        float,
        typer.Option(
            min=1,
            help="Seconds for --clusters auto; the first number of clusters is always tried to "
            "the end (half a minute for 6,000 queries).",
        ),
    ] = 600.0,
    embedding: Annotated[
        str | None,
        typer.Option(
            help="Embedding model: hub id, folder, or package:NAME.",
            show_default="the config's, else all-MiniLM-L6-v2",
        ),
    ] = None,
    score_type: ScoreType = "auto",
    seed: Annotated[
        int, typer.Option(min=0, max=MAX_SEED, help="Of clustering and cross-validation.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Cluster the queries of RECORDS and score each expert in each cluster.

    The index is a directory, made if missing, or a Chroma server. Readers see the new
    generation when it is complete; a fit that is stopped leaves the index as it was.

    Example: avengers-graph fit records.jsonl --index index/
    """
    from avengers_graph.calibration.avengers_files import read_avengers_files
    from avengers_graph.calibration.tuning import tune
    from avengers_graph.embedding import DEFAULT_MODEL, embed_texts, load_embeddings
    from avengers_graph.records import expert_names, read_records
    from avengers_graph.routing import ClusterIndex
    from avengers_graph.routing.client import check_place
    from avengers_graph.routing.matrix import matrix

    place, named = index_options(index, host, port, config)
    settings = _settings(clusters, method, scorer)
    if (from_avengers is None) == (not records):
        raise ConfigError("give either RECORDS or --from-avengers FOLDER, not both or neither")
    check_place(place)
    model = embedding or (named.embedding.model if named else DEFAULT_MODEL)
    if from_avengers is not None:
        if settings is None or clusters is not None or method != "kmeans":
            raise ConfigError(
                "--from-avengers keeps the clusters as they are; leave out --clusters and --method"
            )
        model_of_files = read_avengers_files(from_avengers, scorer=scorer or "cluster")
        _report(
            ClusterIndex.from_model(model_of_files, load_embeddings(model), path=place),
            None,
            as_json,
        )
        return
    read = read_records(records or [], score_type=score_type)
    embeddings = load_embeddings(model)
    with progress_bars() as moved:
        vectors = embed_texts(embeddings, [record.query for record in read], progress=moved)
        tuning = None
        if settings is None:
            data = matrix(read, expert_names(read))
            tuning = tune(data, vectors, seed=seed, budget=budget, progress=moved)
        fitted = ClusterIndex.fit(
            read,
            embeddings,
            settings=settings if tuning is None else tuning.chosen,
            vectors=vectors,
            seed=seed,
            progress=moved,
            path=place,
        )
    _report(fitted, tuning, as_json)


def _report(fitted: "ClusterIndex", tuning: "Tuning | None", as_json: bool) -> None:
    scores = fitted.model.global_scores()
    if as_json:
        summary: dict[str, Any] = {
            "generation": fitted.generation,
            "queries": fitted.n_queries,
            "datasets": list(fitted.model.datasets),
            "clusters": fitted.n_clusters,
            "experts": {
                name: {"score": round(100 * row.mean, 2), "count": row.count}
                for name, row in scores.items()
            },
        }
        if tuning is not None:
            summary["tuning"] = {
                "best_single": round(tuning.best_single, 2),
                "per_dataset_best": round(tuning.per_dataset_best, 2),
                "complete": tuning.complete,
                "trials": [trial.to_dict() for trial in tuning.trials],
            }
        sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")
        return
    if tuning is not None:
        show_tuning(tuning)
    lines = [
        f"{counted(fitted.n_queries, 'query', 'queries')} of "
        f"{counted(len(fitted.model.datasets), 'data set')} in "
        f"{counted(fitted.n_clusters, 'cluster')}; {counted(len(scores), 'expert')}; "
        f"generation {fitted.generation}"
    ]
    lines += [
        f"  {name}: {100 * row.mean:.1f}% on {counted(row.count, 'query', 'queries')}"
        for name, row in scores.items()
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    for caveat in _caveats(fitted):
        sys.stderr.write(f"note: {caveat}\n")


def _caveats(fitted: "ClusterIndex") -> Iterator[str]:
    """How the index differs from what was asked for, and why it may route no better than one
    expert for all."""
    asked = fitted.settings.n_clusters
    if asked is not None and fitted.n_clusters < asked:
        yield (
            f"{fitted.settings.method} made {counted(fitted.n_clusters, 'cluster')} instead of "
            f"{asked}; kmeans makes as many as it is told to"
        )
    if len(fitted.experts) == 1:
        yield "one expert leaves nothing to choose; routing needs records of two or more"
    elif fitted.n_queries and fitted.n_clusters == 1:
        yield (
            "one cluster ranks the experts alike for every question; give some hundred queries of "
            "different kinds, or set --clusters"
        )


def show_tuning(tuning: "Tuning") -> None:
    """The best of what was tried, as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    most = tuning.trials[0].repeats
    again = sum(trial.repeats == most for trial in tuning.trials)
    table = Table(
        title=f"{len(tuning.trials)} settings tried in {tuning.seconds:.0f} s"
        + (f", the best {again} of them {most} times" if most > 1 else "")
        + ("" if tuning.complete else " (the budget ended before all were)"),
        caption=f"percent on held-out records, each data set counting once; best single "
        f"{tuning.best_single:.2f}, best of each data set in hindsight "
        f"{tuning.per_dataset_best:.2f}",
    )
    for title in ("like queries", "new topics", "settings"):
        table.add_column(title, justify="right" if title != "settings" else "left")
    for trial in tuning.trials[:_SHOWN]:
        table.add_row(f"{trial.random:.2f}", f"{trial.shifted:.2f}", _summary(trial.settings))
    Console().print(table)


def _summary(settings: "RankingSettings") -> str:
    """The settings that the scorer depends on, on one line."""
    from avengers_graph.routing.scores import scorer_of

    shares = (f"{name} {share:g}" for name, share in settings.blend.items())
    name = f"blend ({', '.join(shares)})" if settings.scorer == "blend" else settings.scorer
    phrases = {
        "penalty": f"penalty {settings.penalty:g}",
        "neighbours": f"{settings.neighbours} neighbours",
        "shrinkage": f"shrinkage {settings.shrinkage:g}",
        "n_clusters": f"{settings.partitions} x {settings.n_clusters} clusters",
        "top_clusters": f"top {settings.top_clusters}",
    }
    read = [phrases[field] for field in scorer_of(settings).reads]
    return ", ".join([name, f"prior {settings.prior}", *read])


def _settings(clusters: str | None, method: str, scorer: str | None) -> "RankingSettings | None":
    """What the options ask for; None when everything is to be chosen.

    Raises:
        ConfigError: an option is wrong, or contradicts ``--clusters auto``.
    """
    from avengers_graph.routing import SCORERS, RankingSettings
    from avengers_graph.routing.clustering import METHODS

    for option, given, known in (("method", method, METHODS), ("scorer", scorer, SCORERS)):
        if given is not None and given not in known:
            raise ConfigError(f"--{option} {given!r} is unknown; use one of {sorted(known)}")
    if clusters == "auto":
        if scorer is not None or method != "kmeans":
            raise ConfigError("--clusters auto chooses by itself; leave out --scorer and --method")
        return None
    if clusters is not None and (not clusters.isdecimal() or int(clusters) < 1):
        raise ConfigError(f"--clusters {clusters!r} must be a whole number of 1 or more, or auto")
    settings = RankingSettings(
        n_clusters=None if clusters is None else int(clusters), method=method
    )
    return settings if scorer is None else replace(settings, scorer=scorer)
