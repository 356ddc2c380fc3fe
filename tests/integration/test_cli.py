"""The commands as a person types them: what they print, and one line for what is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from avengers_graph import __version__
from tests.servers.answers import HTML_PAGE, Fault
from tests.servers.openai_server import OpenAIServer


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error; nothing went to output."""
        [line] = [line for line in self.err.splitlines() if line.startswith("avengers-graph: ")]
        assert self.status == 1, (self.status, self.err)
        assert "Traceback" not in self.err
        return line


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The real entry point, in this process: torch is loaded once for all of these tests."""
    from avengers_graph.cli import main

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["avengers-graph", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
        seen = capsys.readouterr()
        return Ran(status, seen.out, seen.err)

    return call


@pytest.fixture
def config(server: OpenAIServer, index_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """Writes an avengers.yaml for the scripted server; keywords change its expert."""

    def write(*, more: dict[str, Any] | None = None, **expert: Any) -> Path:
        base = {"name": "absent", "base_url": server.base_url, "timeout": 5, "retries": 0}
        content = {"index": {"path": str(index_folder)}, "experts": [{**base, **expert}]}
        path = tmp_path / "avengers.yaml"
        path.write_text(yaml.safe_dump({**content, **(more or {})}), encoding="utf-8")
        return path

    return write


COMMAND = [sys.executable, "-m", "avengers_graph"]
QUESTION = "What is 6 times 7? Answer with the number only."


def test_ask_shows_each_node_and_every_sample(run, config, server) -> None:
    server.serve("absent", "42", "It is 41.", "40")
    ran = run("ask", QUESTION, "--config", config(), "--samples", 3)
    assert ran.status == 0, ran.err
    for told in ("cluster", "experts", "sample 1", "sample 3", "tally", "42 x1", "41 x1", "answer"):
        assert told in ran.out


def test_ask_json_is_one_object_on_standard_output(run, config, server) -> None:
    server.serve("absent", "42")
    ran = run("ask", QUESTION, "--config", config(), "-n", 2, "--json")
    told = json.loads(ran.out)
    assert told["answer"] == "42"
    assert told["verdict"]["tally"] == [
        {"answer": "42", "votes": 2, "weight": 2.0, "samples": [0, 1]}
    ]


def test_doctor_is_content_with_a_running_server(run, config, server) -> None:
    server.serve("absent", "42")
    ran = run("doctor", "--config", config(), "--json")
    assert ran.status == 0, ran.out
    findings = {finding["what"]: finding for finding in json.loads(ran.out)}
    assert findings["expert absent"]["ok"]
    assert findings["index"]["ok"]


def test_doctor_says_what_to_do(run, config) -> None:
    ran = run("doctor", "--config", config(base_url="http://127.0.0.1:9/v1"))
    assert ran.status == 1
    assert "FAIL expert absent: cannot reach http://127.0.0.1:9/v1" in ran.out
    assert "is the server running?" in ran.out


def test_an_unknown_field_is_named(run, config) -> None:
    line = run("ask", QUESTION, "--config", config(max_concurency=3)).complaint
    assert "experts.0.max_concurency: unknown field" in line


def test_an_unknown_expert_in_the_defaults_is_named(run, config) -> None:
    path = config(more={"defaults": {"force_experts": ["gpt-9"]}})
    assert "unknown experts ['gpt-9']; have ['absent']" in run("ask", "?", "-c", path).complaint


def test_a_missing_key_variable_is_named(run, config, monkeypatch) -> None:
    monkeypatch.delenv("NOWHERE_KEY", raising=False)
    line = run("ask", QUESTION, "--config", config(api_key_env="NOWHERE_KEY")).complaint
    assert "'NOWHERE_KEY', which is not set; export it" in line


def test_a_key_in_the_file_is_refused(run, config) -> None:
    line = run("ask", QUESTION, "--config", config(api_key="sk-secret-value")).complaint
    assert "api_key: unknown field" in line
    assert "sk-secret-value" not in line


def test_an_unreachable_endpoint(run, config) -> None:
    line = run("ask", QUESTION, "-c", config(base_url="http://127.0.0.1:9/v1")).complaint
    assert "no expert answered (absent: cannot reach http://127.0.0.1:9/v1" in line
    assert "avengers-graph doctor" in line


def test_an_endpoint_that_answers_html(run, config, server) -> None:
    server.serve("absent", HTML_PAGE)
    line = run("ask", QUESTION, "-c", config()).complaint
    assert "did not answer as an OpenAI-compatible endpoint" in line
    assert "it usually ends in /v1" in line


def test_an_index_that_is_not_there(run, config, tmp_path) -> None:
    line = run("ask", "?", "-c", config(more={"index": {"path": "nowhere"}})).complaint
    assert "nowhere" in line
    assert "fit" in line
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("question", ["", "  \n"])
def test_an_empty_question(run, config, question) -> None:
    assert "the question is empty" in run("ask", question, "-c", config()).complaint


def test_settings_out_of_range(run, config) -> None:
    assert "strategy 'majority'" in run("ask", "?", "-c", config(), "-s", "majority").complaint
    assert "answer_kind: " in run("ask", "?", "-c", config(), "--kind", "numeral").complaint
    assert "deadline: " in run("ask", "?", "-c", config(), "--deadline", "-1").complaint


def test_no_configuration_at_all(run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AVENGERS_CONFIG", raising=False)
    line = run("ask", "?").complaint
    assert "cannot read the configuration 'avengers.yaml'" in line
    assert "AVENGERS_CONFIG" in line


def test_broken_yaml(run, tmp_path) -> None:
    path = tmp_path / "avengers.yaml"
    path.write_text("experts: [", encoding="utf-8")
    assert "is not valid YAML" in run("ask", "?", "-c", path).complaint


def test_collect_grades_and_resumes(run, config, server, tmp_path) -> None:
    server.serve("absent", "2")
    questions = tmp_path / "sums.jsonl"
    lines = [{"query": f"What is {a} + 1?", "reference": str(a + 1)} for a in (1, 2)]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    output = tmp_path / "records.jsonl"
    command = ("collect", questions, "-o", output, "-c", config(), "-n", 2)
    ran = run(*command)
    assert ran.status == 0, ran.err
    records = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [record["scores"] for record in records] == [{"absent": 1.0}, {"absent": 0.0}]
    asked = len(server.requests)
    assert run(*command).status == 0
    assert len(server.requests) == asked


def test_collect_says_what_was_not_answered(run, config, server, tmp_path) -> None:
    server.serve("absent", lambda request: Fault(400) if "hard" in request.prompt else "2")
    questions = tmp_path / "sums.jsonl"
    lines = [{"query": query, "reference": "2"} for query in ("1 + 1?", "a hard one?")]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    ran = run("collect", questions, "-o", tmp_path / "records.jsonl", "-c", config(), "-n", 1)
    assert "absent did not answer 1 of 2 questions in full" in " ".join(ran.err.split())


def test_collect_does_not_mix_settings(run, config, server, tmp_path) -> None:
    server.serve("absent", "2")
    questions = tmp_path / "sums.jsonl"
    questions.write_text('{"query": "1 + 1?", "reference": "2"}\n', encoding="utf-8")
    command = ("collect", questions, "-o", tmp_path / "records.jsonl", "-c", config(), "-n", 1)
    assert run(*command).status == 0
    line = run(*command, "--max-tokens", 64).complaint
    assert "'absent' was asked with max_tokens 512 before, and now 64" in line
    assert "temperature 0.7 before, and now 0.0" in run(*command, "--temperature", 0).complaint


def test_collect_does_not_write_over_its_questions(run, config, tmp_path) -> None:
    questions = tmp_path / "sums.jsonl"
    questions.write_text('{"query": "1 + 1?", "reference": "2"}\n', encoding="utf-8")
    line = run("collect", questions, "-o", questions, "-c", config()).complaint
    assert "sums.jsonl holds the questions" in line
    assert "reference" in questions.read_text(encoding="utf-8")


def test_the_version_is_told(run) -> None:
    assert run("--version").out.strip() == __version__


def test_collect_leaves_the_old_records_when_it_cannot_go_on(run, config, tmp_path) -> None:
    questions = tmp_path / "sums.jsonl"
    questions.write_text('{"query": "1 + 1?"}\n', encoding="utf-8")
    output = tmp_path / "records.jsonl"
    output.write_text("old\n", encoding="utf-8")
    line = run("collect", questions, "-o", output, "-c", config()).complaint
    assert "sums.jsonl:1 has no 'reference'" in line
    assert output.read_text(encoding="utf-8") == "old\n"


@pytest.mark.parametrize("command", ["demo", "ask", "collect", "doctor", "local"])
def test_help_teaches(run, command) -> None:
    ran = run(command, "--help")
    assert ran.status == 0
    assert "Example" in ran.out


def test_local_runs_a_command_with_models_behind_it(tmp_path: Path) -> None:
    """As in the README: the command finds a configuration, a running model, and its key."""
    script = (
        "import os, yaml; from avengers_graph import ChatAvengers; "
        "print(yaml.safe_load(open(os.environ['AVENGERS_CONFIG']))['experts'][0]['name']); "
        "print(len(ChatAvengers.from_config(strategy='direct').invoke('Say hello.').text) > 0)"
    )
    done = subprocess.run(
        [*COMMAND, "local", "--models", "smollm2-135m", "--", sys.executable, "-c", script],
        env={**os.environ, "AVENGERS_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["smollm2-135m", "True"]
