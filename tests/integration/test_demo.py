"""`make demo`, as a person runs it: two real models, a real index, every step shown."""

import os
import subprocess
import sys
from pathlib import Path

from avengers_graph import ClusterIndex

DEMO = [sys.executable, "-m", "avengers_graph", "demo"]


def _demo(cache: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*DEMO, *arguments],
        env={**os.environ, "AVENGERS_CACHE": str(cache), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_answers_questions_of_several_domains(tmp_path: Path) -> None:
    shown = _demo(tmp_path, "--samples", "2")
    assert shown.count("cluster   #") == 6
    assert shown.count("tally     ") == 6
    assert shown.count("answer    ") == 6
    assert shown.count("sample 1  ") == 6
    assert "smollm2-135m" in shown
    assert "6 agree with their reference answers" in shown


def test_the_second_run_keeps_the_index_and_takes_a_question(tmp_path: Path) -> None:
    asked = ("What is 3 + 4? Answer with the number only.", "--samples", "1")
    _demo(tmp_path, *asked)
    [folder] = (tmp_path / "demo-index").iterdir()
    fitted = ClusterIndex.open(folder).generation
    assert "What is 3 + 4?" in _demo(tmp_path, *asked)
    assert ClusterIndex.open(folder).generation == fitted
