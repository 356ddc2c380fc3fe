"""Options that several commands share, said the same way everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The avengers.yaml to use.  [default: $AVENGERS_CONFIG, else ./avengers.yaml]",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Samples = Annotated[
    int | None,
    typer.Option("--samples", "-n", min=1, max=256, help="Answers asked for.", show_default=False),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        "--strategy",
        "-s",
        help="Plan to follow, such as self-consistency, direct or multi-model.",
        show_default=False,
    ),
]
