"""The blocks of README and docs are executed: Python in one go a file, commands, YAML read."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from avengers_graph import ChatAvengers
from avengers_graph.cli import app
from avengers_graph.settings.config import load_config
from avengers_graph.settings.servers import SERVERS
from tests.pages import PAGES, README, ROOT, blocks
from tests.servers.openai_server import OpenAIServer


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
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")
    return tmp_path


@pytest.mark.parametrize(
    "page", [p for p in PAGES if blocks(p, "python")], ids=lambda page: page.stem
)
def test_python_blocks_run_in_order(workplace: Path, page: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)


def test_commands_run_in_order(workplace: Path) -> None:
    later = [block for block in blocks(README, "console") if "avengers-graph init" not in block]
    lines = [line for block in later for line in block.splitlines()]
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


def test_an_answer_from_a_server_that_was_found(
    server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, so that the usual port of a server can be that of the test's."""
    server.serve("qwen3:8b")
    rows: Any = SERVERS
    monkeypatch.setitem(rows, "ollama", replace(rows["ollama"], base_url=server.base_url))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AVENGERS_CONFIG", raising=False)
    [block] = [block for block in blocks(README, "console") if "avengers-graph init" in block]
    for command in block.splitlines():
        done = CliRunner().invoke(app, shlex.split(command, comments=True)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
    assert [expert.model for expert in load_config().experts] == ["qwen3:8b"]


def test_yaml_block_is_a_valid_configuration(tmp_path: Path) -> None:
    [block] = blocks(README, "yaml")
    (tmp_path / "avengers.yaml").write_text(block, encoding="utf-8")
    config = load_config(tmp_path / "avengers.yaml")
    assert [expert.name for expert in config.experts] == ["qwen-math", "hosted-coder"]
    assert config.index.path == tmp_path / "index"


def test_a_plan_of_ones_own_is_as_documented(workplace: Path) -> None:
    [block] = blocks(ROOT / "docs" / "plans.md", "yaml")
    config = yaml.safe_load(Path("avengers.yaml").read_text(encoding="utf-8"))
    Path("avengers.yaml").write_text(
        yaml.safe_dump({**config, **yaml.safe_load(block)}), encoding="utf-8"
    )
    plan = load_config("avengers.yaml").plans["careful"]
    assert [len(planned.calls) for planned in plan.rounds] == [1, 2]
    answer = ChatAvengers.from_config("avengers.yaml", strategy="careful").invoke("What is 2 + 2?")
    assert answer.response_metadata["avengers"]["strategy"] == "careful"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
