"""What --help teaches: every command has one, with its defaults."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from avengers_graph.cli import app
from avengers_graph.routing import SCORERS
from avengers_graph.routing.clustering import METHODS

COMMANDS = [info.name for info in app.registered_commands]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "Usage:" in done.stdout


def test_the_help_of_fit_names_every_method_and_scorer() -> None:
    """The options spell them out: to import the registries would make every command slower."""
    done = CliRunner().invoke(app, ["fit", "--help"], env={"COLUMNS": "200"})
    said = " ".join(done.stdout.split())
    assert [name for name in (*METHODS, *SCORERS) if name not in said] == []


def test_the_documentation_explains_every_scorer() -> None:
    table = Path(__file__).parents[2].joinpath("docs", "routing.md").read_text(encoding="utf-8")
    assert [name for name in SCORERS if f"| `{name}` |" not in table] == []


@pytest.mark.parametrize(
    ("command", "default"),
    [
        ("fit", "64, or 20 queries in each"),
        ("fit", "all-MiniLM-L6-v2"),
        ("route", "as fitted"),
        ("ask", "8, or the config's"),
        ("ask", "$AVENGERS_CONFIG, else ./avengers.yaml"),
    ],
)
def test_defaults_that_depend_on_something_are_shown(command: str, default: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert default in " ".join(done.stdout.split())
