"""What ``fit``, ``evaluate`` and ``route`` share: where the index is, its embedder, progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from avengers_graph.errors import ConfigError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from avengers_graph.config import IndexPlace
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
) -> "IndexPlace":
    """Where the index is: what the options say, else the configuration.

    Raises:
        ConfigError: neither says, or both options are given.
    """
    from avengers_graph.config import IndexPlace, load_config

    if path is not None and host is not None:
        raise ConfigError(f"--index {path} and --host {host} are two places; give one of them")
    if path is not None or host is not None:
        return IndexPlace(path=path, host=host, port=port)
    if config is None:
        raise ConfigError("no index is named; pass --index DIR, --host HOST or --config FILE")
    return load_config(config).index


def opened(place: "IndexPlace", config: Path | None) -> "tuple[ClusterIndex, Embeddings]":
    """The index with its own embedder, or with the one that the configuration names."""
    from avengers_graph.config import load_config
    from avengers_graph.routing import open_index

    return open_index(place, embedding=load_config(config).embedding.model if config else None)


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
