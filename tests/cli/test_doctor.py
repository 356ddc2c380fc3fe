"""What the doctor says of experts: whether they answer, as what, and what they can do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.requests import Request
from starlette.responses import Response
from typer.testing import CliRunner

from avengers_graph.cli import app, doctor
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


Doctor = Callable[..., doctor.Finding]


@pytest.fixture
def found(server: OpenAIServer, tmp_path: Path) -> Doctor:
    """What the command with ``--json`` says of one thing, for an expert with these fields."""

    def run(what: str, *options: str, **expert: Any) -> doctor.Finding:
        listed = {"name": "alpha", "base_url": server.base_url, **expert}
        content = {"index": {"path": str(tmp_path / "nowhere")}, "experts": [listed]}
        path = tmp_path / "avengers.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        done = CliRunner().invoke(app, ["doctor", "--config", str(path), "--json", *options])
        findings = {f["what"]: doctor.Finding(**f) for f in json.loads(done.stdout)}
        assert done.exit_code == (0 if all(f.ok for f in findings.values()) else 1)
        return findings[what]

    return run


def test_one_token_is_asked_for(server: OpenAIServer, found: Doctor) -> None:
    server.serve("some/model", "Hello there, you.")
    finding = found("expert alpha", model="some/model")
    assert finding.ok
    assert finding.detail == f"{server.base_url} answers as some/model"
    [asked] = server.requests
    assert asked.body["max_tokens"] == 1


def test_a_model_under_another_name(server: OpenAIServer, found: Doctor) -> None:
    server.serve("Qwen/Qwen2.5-7B")
    server.serve("phi")
    finding = found("expert alpha", model="qwen2.5-7b")
    assert not finding.ok
    assert "serves Qwen/Qwen2.5-7B, phi; did you mean 'Qwen/Qwen2.5-7B'?" in finding.detail


def test_the_only_model_of_a_server_is_checked_as_well(server: OpenAIServer, found: Doctor) -> None:
    server.serve("phi")
    finding = found("expert alpha", model="llama")
    assert not finding.ok
    assert "did you mean 'phi'?" in finding.detail


@pytest.mark.parametrize(
    ("model", "listed", "said"),
    [
        ("llama3", "llama3:latest", "answers as llama3, listed as llama3:latest"),
        ("meta/llama3:free", "meta/llama3", "answers as meta/llama3:free, listed as meta/llama3"),
        ("gpt-4", "model.gguf", "it does not list (it has model.gguf)"),
    ],
)
def test_names_that_a_server_answers_to_and_does_not_list(
    server: OpenAIServer,
    found: Doctor,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    listed: str,
    said: str,
) -> None:
    server.serve(model, "Hello", row={"id": listed})
    finding = found("expert alpha", model=model)
    assert finding.ok
    assert said in finding.detail


def test_a_refused_key_behind_an_open_list(
    server: OpenAIServer, found: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-wrong")
    server.serve("alpha", Fault(401, "Incorrect API key provided: sk-wrong."))
    finding = found("expert alpha", api_key_env="SOME_KEY")
    assert not finding.ok
    assert "check the key in the environment variable 'SOME_KEY'" in finding.detail
    assert "sk-wrong" not in finding.detail


def test_a_key_that_is_not_set(found: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    finding = found("expert alpha", api_key_env="SOME_KEY")
    assert not finding.ok
    assert "'SOME_KEY', which is not set; export it" in finding.detail


@pytest.mark.parametrize("ending", ["", "/v1/chat/completions", "/v1/models"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_url_that_answers_is_told(
    server: OpenAIServer, found: Doctor, ending: str, scheme: str
) -> None:
    server.serve("alpha")
    wrong = scheme + server.base_url.removeprefix("http").removesuffix("/v1") + ending
    finding = found("expert alpha", base_url=wrong)
    assert not finding.ok
    assert finding.detail.endswith(f"write base_url: {server.base_url}, which answers")


def test_a_server_that_is_not_there(found: Doctor) -> None:
    finding = found("expert alpha", base_url="http://127.0.0.1:9/v1")
    assert not finding.ok
    assert finding.detail.endswith("is the server running?")


@pytest.mark.parametrize("body", ['{"data": [', "[1, 2]", '"models"', "null", '{"data": [1, 2]}'])
def test_an_expert_that_answers_needs_no_list_of_models(
    server: OpenAIServer, found: Doctor, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    async def answer(server: OpenAIServer, request: Request) -> Response:
        return Response(body, media_type="application/json")

    with monkeypatch.context() as patched:
        patched.setattr(OpenAIServer, "_list_models", answer)
        with OpenAIServer() as other:
            finding = found("expert alpha", base_url=other.base_url)
    assert finding.ok
    assert finding.detail.endswith("it gives no list of models")


def test_a_probe_agrees_with_what_is_configured(server: OpenAIServer, found: Doctor) -> None:
    server.serve("alpha", row={"max_model_len": 4096})
    able = ["tools", "json_schema", "json_mode", "n", "logprobs", "system"]
    finding = found("probe alpha", "--probe", supports=able, context_length=4096)
    assert finding.ok
    assert finding.detail.startswith("images cannot be told")


def test_a_probe_says_what_is_configured_and_not_there(server: OpenAIServer, found: Doctor) -> None:
    server.serve("alpha", "Hello", n="ignored", row={"max_model_len": 4096})
    finding = found("probe alpha", "--probe", supports=["n", "system"], context_length=8192)
    assert not finding.ok
    assert "n is listed and not there (asked for 2 answers, it gave 1)" in finding.detail
    assert "logprobs is there and not listed" in finding.detail
    assert "write supports: [logprobs, system]" in finding.detail
    assert "context_length is 8192, and the server says 4096" in finding.detail


def test_what_is_there_and_not_listed_is_nothing_wrong(server: OpenAIServer, found: Doctor) -> None:
    server.serve("alpha", row={"max_model_len": 4096})
    finding = found("probe alpha", "--probe")
    assert finding.ok
    assert "tools is there and not listed" in finding.detail
    assert "context_length is not given, and the server says 4096" in finding.detail


def test_an_expert_that_does_not_answer_is_not_probed(server: OpenAIServer, found: Doctor) -> None:
    with pytest.raises(KeyError, match="probe alpha"):
        found("probe alpha", "--probe", base_url="http://127.0.0.1:9/v1")


def test_a_finding_may_hold_brackets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rich reads [/...] as the end of a style; servers and models put anything in messages."""
    finding = doctor.Finding("expert [b]", True, "refused [/INST] by the server")
    monkeypatch.setattr(doctor, "_look", lambda config, *, probes: iter([finding]))
    doctor.doctor_command()
    assert "expert [b]: refused [/INST] by the server" in capsys.readouterr().out


def test_a_default_strategy_that_is_none_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "avengers.yaml"
    path.write_text(
        "index: {path: nowhere}\n"
        "experts: [{name: alpha, base_url: 'http://127.0.0.1:9/v1'}]\n"
        "defaults: {strategy: majority}\n",
        encoding="utf-8",
    )
    [finding] = [found for found in doctor._look(path) if found.what == "strategy"]
    assert not finding.ok
    assert "unknown strategy 'majority'" in finding.detail
