"""The command line: ``avengers-graph ...``, one module per command."""

import os
import sys
from typing import Annotated

import typer

from avengers_graph import __version__
from avengers_graph.cli.ask import ask_command
from avengers_graph.cli.chat import chat_command
from avengers_graph.cli.collect import collect_command
from avengers_graph.cli.demo import demo_command
from avengers_graph.cli.doctor import doctor_command
from avengers_graph.cli.evaluate import evaluate_command
from avengers_graph.cli.fit import fit_command
from avengers_graph.cli.init import init_command
from avengers_graph.cli.local import local_command
from avengers_graph.cli.route import route_command
from avengers_graph.cli.vote import vote_command
from avengers_graph.errors import AvengersError

INTERRUPTED = 130
"""Exit status that typer makes of Ctrl-C, without a word."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


app = typer.Typer(
    name="avengers-graph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Several open models behind one: route by cluster, sample, vote (arXiv 2505.19797)."""


app.command("demo")(demo_command)
app.command("init")(init_command)
app.command("ask")(ask_command)
app.command("chat")(chat_command)
app.command("collect")(collect_command)
app.command("fit")(fit_command)
app.command("evaluate")(evaluate_command)
app.command("route")(route_command)
app.command("vote")(vote_command)
app.command("doctor")(doctor_command)
app.command("local", context_settings={"ignore_unknown_options": True})(local_command)


def main() -> None:
    """Run the command line; every expected failure is one line and an exit status not 0."""
    try:
        app()
    except AvengersError as error:
        sys.stderr.write(f"avengers-graph: {error}\n")
        sys.exit(1)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            sys.stderr.write("avengers-graph: stopped\n")
        raise
    except BrokenPipeError:
        # The reader (head, less) has had enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
