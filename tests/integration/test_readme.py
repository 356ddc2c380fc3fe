"""The README's blocks are executed: Python in one go, commands one by one, YAML read."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from avengers_graph.settings.config import load_config

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README.read_text(encoding="utf-8"), re.S | re.M)


def _blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture
def workplace(
    config_file: Path, index_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder as the README has it: avengers.yaml, index/, questions.jsonl."""
    config = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    shutil.copytree(index_folder, tmp_path / "index")
    config["index"]["path"] = "index/"
    (tmp_path / "avengers.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    questions = [
        f'{{"query": "What is {a} + 1? Answer with the number.", "reference": "{a + 1}", '
        f'"kind": "number", "dataset": "d{a % 2}"}}\n'
        for a in range(6)
    ]
    (tmp_path / "questions.jsonl").write_text("".join(questions), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_blocks_run_in_order(workplace: Path) -> None:
    names: dict[str, object] = {}
    for block in _blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert names["verdict"].answer == "12"
    assert names["result"]["verdict"]["calls"] >= 1


def test_commands_run_in_order(workplace: Path) -> None:
    lines = [line for block in _blocks("console") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("avengers-graph ")]
    assert len(commands) >= 4
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "avengers_graph", *shlex.split(command)[1:]],
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_yaml_block_is_a_valid_configuration(tmp_path: Path) -> None:
    [block] = _blocks("yaml")
    (tmp_path / "avengers.yaml").write_text(block, encoding="utf-8")
    config = load_config(tmp_path / "avengers.yaml")
    assert [expert.name for expert in config.experts] == ["qwen-math", "hosted-coder"]
    assert config.index.path == tmp_path / "index"


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
