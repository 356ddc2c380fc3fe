"""The Python of README and docs passes strict mypy and pyright in a project that uses us."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT, blocks

MISTAKES = """\
from avengers_graph import ChatAvengers, Context, Expert

ChatAvengers.from_config(samples=4, temperature=0.2, tools=[], timeout=3, api_key="key")
ChatAvengers.from_config(sampels=4)  # wrong
ChatAvengers.from_config(samples="many")  # wrong
ChatAvengers.from_config(batching="sometimes")  # wrong
Context(samples=3, top_clusters=None)
Context(samples="many")  # wrong
Expert(name="one", base_url="http://127.0.0.1:8000/v1")
Expert(nam="one")  # wrong
"""
WRONG = {at for at, line in enumerate(MISTAKES.splitlines(), start=1) if line.endswith("# wrong")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one module for each page, and one with mistakes."""
    for page in PAGES:
        if written := blocks(page, "python"):
            name = re.sub(r"\W", "_", page.stem)
            (tmp_path / f"{name}.py").write_text("\n".join(written), encoding="utf-8")
    (tmp_path / "mistakes.py").write_text(MISTAKES, encoding="utf-8")
    return tmp_path


def test_mypy_finds_the_mistakes_alone(project: Path) -> None:
    # Silent, as a checker is of packages that are installed.
    options = ["--strict", "--follow-imports=silent", "--cache-dir=cache", "--no-color-output"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "."],
        cwd=project,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = re.findall(r"^(\S+):(\d+): error: (.*)$", done.stdout, re.M)
    assert {int(line) for file, line, _ in found if file == "mistakes.py"} == WRONG, done
    assert [error for error in found if error[0] != "mistakes.py"] == []


def test_pyright_finds_the_mistakes_alone(project: Path) -> None:
    if importlib.util.find_spec("basedpyright") is None:
        pytest.skip("basedpyright is not installed; it is among the dev dependencies")
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)]}
    (project / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = [
        (Path(error["file"]).name, error["range"]["start"]["line"] + 1, error["message"])
        for error in json.loads(done.stdout)["generalDiagnostics"]
    ]
    assert {line for file, line, _ in found if file == "mistakes.py"} == WRONG, done
    assert [error for error in found if error[0] != "mistakes.py"] == []
