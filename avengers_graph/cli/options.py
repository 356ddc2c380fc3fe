"""Options that several commands share, said the same way everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from avengers_graph.plans import STRATEGIES

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
