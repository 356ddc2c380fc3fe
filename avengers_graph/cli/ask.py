"""``avengers-graph ask``: one question, with the vote shown."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from avengers_graph.cli.options import Config, Json, Samples, Strategy
from avengers_graph.voting import KINDS

if TYPE_CHECKING:
    from avengers_graph.settings.context import Context


def ask_command(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    config: Config = None,
    samples: Samples = None,
    strategy: Strategy = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help=f"Answer kind: {', '.join(KINDS)}.",
            show_default="auto",
        ),
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(help="Seconds for the whole request.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask one question: cluster, ranked experts, every sample, tally and answer.

    Example: avengers-graph ask "What is 17 * 23?" --config avengers.yaml --samples 8
    """
    from rich.console import Console

    from avengers_graph.cli.show import answer_shown
    from avengers_graph.graph import graph_of_config
    from avengers_graph.settings.config import load_config

    settings = load_config(config)
    given = {"samples": samples, "strategy": strategy, "answer_kind": kind, "deadline": deadline}
    context = context_of(given)
    graph = graph_of_config(settings)
    text = sys.stdin.read() if question == "-" else question
    # With --json the account of the run goes to standard error, the result alone to output.
    console = Console(stderr=as_json, quiet=as_json and not sys.stderr.isatty())
    console.print(f"\n{text}", style="bold", markup=False)
    state = answer_shown(graph, text, context=context, console=console)
    if as_json:
        keys = ("verdict", "clusters", "experts", "samples", "spent")
        result = {"answer": state["messages"][-1].text, **{key: state[key] for key in keys}}
        typer.echo(json.dumps(result, ensure_ascii=False))


def context_of(given: Mapping[str, object]) -> "Context":
    """The Context of the options that were given.

    Raises:
        ConfigError: a value is out of range.
    """
    from pydantic import ValidationError

    from avengers_graph.errors import ConfigError, describe
    from avengers_graph.settings.context import Context

    try:
        return Context.model_validate({n: v for n, v in given.items() if v is not None})
    except ValidationError as error:
        raise ConfigError(describe(error)) from error
