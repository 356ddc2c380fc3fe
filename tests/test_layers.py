"""The layers of pyproject.toml hold, and the check that says so would notice if they did not."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint_imports(folder: Path) -> tuple[int, str]:
    """Exit status and output of import-linter on the package in ``folder``."""
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program is not None, "import-linter is part of the extra dev"
    done = subprocess.run(
        [program, "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_folder_of_the_package_stands_in_the_table_of_the_readme() -> None:
    table = (ROOT / "README.md").read_text().partition("## Where things are")[2]
    rows = "\n".join(line.partition("|")[2].partition("|")[0] for line in table.splitlines())
    folders = [path.parent.name for path in (ROOT / "avengers_graph").glob("*/__init__.py")]
    assert [name for name in folders if f"{name}/`" not in rows] == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contracts, free to be broken."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "avengers_graph",
        tmp_path / "avengers_graph",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


def test_the_layers_hold() -> None:
    status, output = lint_imports(ROOT)
    assert status == 0, output


def test_the_docs_draw_the_layers_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [layer.replace("avengers_graph.", "") for layer in contracts["contracts"][0]["layers"]]
    docs = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "```\n" + "\n".join(layers) + "\n```" in docs


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("voting/planted.py", "avengers_graph.graph"),
        ("nodes/planted.py", "avengers_graph.cli"),
        ("routing/planted.py", "avengers_graph.local.cache"),
        ("voting/planted.py", "torch"),
        ("routing/scores.py", "chromadb"),
        ("calibration/planted.py", "avengers_graph.nodes"),
    ],
)
def test_a_planted_violation_is_caught(copy: Path, module: str, imported: str) -> None:
    with (copy / "avengers_graph" / module).open("a", encoding="utf-8") as planted:
        planted.write(f"import {imported}\n")
    status, output = lint_imports(copy)
    assert status != 0
    assert f"avengers_graph.{module.removesuffix('.py').replace('/', '.')} -> {imported}" in output
