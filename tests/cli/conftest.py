"""Records, and an index fitted on them by the command itself, with the real embedder."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from avengers_graph.cli.evaluate import evaluate_command
from avengers_graph.cli.fit import fit_command
from avengers_graph.cli.route import route_command

SUMS = [f"What is {a} plus {a + 3}? Give the sum." for a in range(10, 40)]
TOWNS = ["Oslo", "Lima", "Cairo", "Quito", "Delhi", "Paris", "Hanoi", "Accra", "Tunis", "Sofia"]
PLACES = [f"In which country does the city of {town} lie?" for town in TOWNS] + [
    f"Name a famous building in {town}." for town in TOWNS
]


@pytest.fixture(scope="session")
def app() -> typer.Typer:
    program = typer.Typer()
    program.command("fit")(fit_command)
    program.command("evaluate")(evaluate_command)
    program.command("route")(route_command)
    return program


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of records in RouterDC's format: one expert is best at each."""
    made = tmp_path_factory.mktemp("commands")
    for name, queries, good in (("sums", SUMS, 0), ("places", PLACES, 1)):
        items = [
            {"question": q, "scores": {"calc": float(good == 0), "geo": float(good == 1)}}
            for q in queries
        ]
        (made / f"{name}.json").write_text(json.dumps(items))
    return made


@pytest.fixture(scope="session")
def index(app: typer.Typer, folder: Path) -> Path:
    files = [str(folder / name) for name in ("sums.json", "places.json")]
    where = folder / "index"
    done = CliRunner().invoke(app, ["fit", *files, "--index", str(where), "-k", "4", "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["queries"], summary["clusters"]) == (50, 4)
    assert summary["datasets"] == ["places", "sums"]
    assert "embedding" in done.stderr
    return where
