"""Commands on a configuration that names no index."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from avengers_graph.cli import app
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


@pytest.fixture
def config(server: OpenAIServer, tmp_path: Path) -> Path:
    file = tmp_path / "avengers.yaml"
    experts = [{"name": name, "base_url": server.base_url} for name in ("alpha", "beta")]
    file.write_text(yaml.safe_dump({"experts": experts}), encoding="utf-8")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_ask_answers_and_says_so(server: OpenAIServer, config: Path) -> None:
    for name in ("alpha", "beta"):
        server.serve(name, "42")
    done = run("ask", "What is 6 * 7?", "--config", config)
    assert done.exit_code == 0, done.output
    assert "none: there is no index yet" in done.output
    assert "42 x" in done.output
    told = json.loads(run("ask", "What is 6 * 7?", "--config", config, "--json").stdout)
    assert (told["answer"], told["clusters"]) == ("42", [])


def test_doctor_notes_it_and_finds_nothing_wrong(config: Path) -> None:
    findings = json.loads(run("doctor", "--config", config, "--json").stdout)
    by_name = {finding["what"]: finding for finding in findings}
    assert by_name["index"]["ok"]
    assert "avengers-graph collect" in by_name["index"]["detail"]
    assert by_name["strategy"]["detail"] == "multi-model, 1 round"


@pytest.mark.parametrize(
    "arguments", [["route"], ["evaluate", "records.jsonl"], ["fit", "records.jsonl"]]
)
def test_what_needs_an_index_names_the_command_that_makes_one(
    config: Path, arguments: list[str]
) -> None:
    done = run(*arguments, "--config", config)
    assert done.exit_code != 0
    said = str(done.exception)
    assert f"{config} names no index" in said
    assert "avengers-graph fit records.jsonl --index DIR" in said
    assert "\n" not in said
