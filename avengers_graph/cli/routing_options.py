"""What ``fit``, ``evaluate`` and ``route`` share: where the index is, its embedder, progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from avengers_graph.errors import ConfigError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from avengers_graph.routing import ClusterIndex

IndexPath = Annotated[
    Path | None,
    typer.Option("--index", "-i", help="Directory of the index.", show_default=False),
]
Host = Annotated[
    str | None,
    typer.Option(help="Chroma server that holds the index, instead of a directory."),
]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the Chroma server.")]
_RECORDS = typer.Argument(
    help="Records: our JSON lines, RouterDC, RouterBench CSV, Avengers, Avengers-Pro, or "
    "folders of LLMRouterBench.",
    show_default=False,
)
RecordFiles = Annotated[list[Path], _RECORDS]
OptionalRecordFiles = Annotated[list[Path] | None, _RECORDS]
ScoreType = Annotated[
    Literal["auto", "choice", "fraction"],
    typer.Option(
        help="RouterDC scores: choice counts above 0 as right, fraction takes them as they are."
    ),
]

DefaultCost = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="USD per query of experts whose cost the records do not tell.",
        show_default=False,
    ),
]

MaxCost = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="USD per query; experts that cost more are left out.",
        show_default=False,
    ),
]

MAX_SEED = 2**31
"""NumPy takes seeds below 2**32, and partitions and repeats count on from the one given."""


def config_for(path: Path | None, host: str | None, config: Path | None) -> Path | None:
    """The configuration to go by: the one given, or the default one where no index is named."""
    from avengers_graph.config import config_path

    if config is not None or path is not None or host is not None:
        return config
    default = config_path()
    return default if default.exists() else None


def index_place(
    path: Path | None, host: str | None, port: int, config: Path | None
) -> dict[str, Any]:
    """Where the index is, as arguments of ``ClusterIndex``: the options, else the config.

    Raises:
        ConfigError: neither says, or both options are given.
    """
    if path is not None and host is not None:
        raise ConfigError(f"--index {path} and --host {host} are two places; give one of them")
    if path is not None:
        return {"path": path}
    if host is not None:
        return {"host": host, "port": port}
    if config is None:
        raise ConfigError("no index is named; pass --index DIR, --host HOST or --config FILE")
    from avengers_graph.config import load_config

    where = load_config(config).index
    return {"path": where.path} if where.path else {"host": where.host, "port": where.port}


def opened(place: dict[str, Any], config: Path | None) -> "tuple[ClusterIndex, Embeddings]":
    """The index with its own embedder, or with the one that the config names."""
    from avengers_graph.config import load_config
    from avengers_graph.embedding import load_embeddings
    from avengers_graph.routing import ClusterIndex

    index = ClusterIndex.open(**place)
    if config is None:
        return index, index.load_embeddings()
    embeddings = load_embeddings(load_config(config).embedding.model)
    index.check_embedder(embeddings)
    return index, embeddings


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Bars on stderr, one for each kind of work; the callback that moves them."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:>10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def moved(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield moved
