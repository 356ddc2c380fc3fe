"""What --help teaches: every command has one, with its defaults."""

import pytest
from typer.testing import CliRunner

from avengers_graph.cli import app

COMMANDS = [info.name for info in app.registered_commands]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "Usage:" in done.stdout


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
