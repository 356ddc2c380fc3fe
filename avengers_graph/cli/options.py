"""Options that several commands share, said the same way everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from avengers_graph.errors import ConfigError
from avengers_graph.plans import STRATEGIES

if TYPE_CHECKING:
    from avengers_graph.settings.config import AvengersConfig, IndexPlace

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The avengers.yaml to use.",
        show_default="$AVENGERS_CONFIG, else ./avengers.yaml",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Samples = Annotated[
    int | None,
    typer.Option(
        "--samples",
        "-n",
        min=1,
        max=256,
        help="Answers asked for.",
        show_default="8, or the config's",
    ),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        "--strategy",
        "-s",
        help=f"Plan to follow: {', '.join(STRATEGIES)}, or one of the config's own.",
        show_default="self-consistency, or the config's",
    ),
]
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


START_AN_INDEX = (
    "ask the experts questions with known answers (avengers-graph collect QUESTIONS -o "
    "records.jsonl), fit the records (avengers-graph fit records.jsonl --index DIR), then set "
    "`index: {path: DIR}`"
)
"""What to do where a configuration names no index."""


def index_options(
    path: Path | None, host: str | None, port: int, config: Path | None
) -> "tuple[IndexPlace, AvengersConfig | None]":
    """Where the index is, and the configuration to go by, by the options of a command.

    The options name the place, else the configuration does. The default configuration is read
    only where no option names a place.

    Raises:
        ConfigError: nothing names a place, or both options do; or the configuration is wrong.
    """
    from avengers_graph.settings.config import IndexPlace, config_path, load_config

    if path is not None and host is not None:
        raise ConfigError(f"--index {path} and --host {host} are two places; give one of them")
    named = path is not None or host is not None
    if config is None and (named or not config_path().exists()):
        loaded = None
    else:
        loaded = load_config(config)
    if named:
        return IndexPlace(path=path, host=host, port=port), loaded
    if loaded is None:
        raise ConfigError("no index is named; pass --index DIR, --host HOST or --config FILE")
    if loaded.index is None:
        raise ConfigError(
            f"{config_path(config)} names no index, without which there is nothing to route by; "
            f"pass --index DIR or --host HOST, or make one: {START_AN_INDEX}"
        )
    return loaded.index, loaded
