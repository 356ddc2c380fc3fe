"""What the doctor says of endpoints that are none."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from avengers_graph.cli import doctor
from avengers_graph.settings.expert import Expert
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("body", ['{"data": [', "[1, 2]", '"models"', "null", '{"data": [1, 2]}'])
def test_a_body_that_is_no_list_of_models_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    async def answer(server: OpenAIServer, request: Request) -> Response:
        return Response(body, media_type="application/json")

    monkeypatch.setattr(OpenAIServer, "_list_models", answer)
    with OpenAIServer() as server:
        expert = Expert(name="alpha", base_url=server.base_url)
        finding = doctor._checked("expert alpha", lambda: doctor._endpoint(expert))
    assert not finding.ok
    assert "check base_url, it usually ends in /v1" in finding.detail


def test_a_finding_may_hold_brackets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rich reads [/...] as the end of a style; servers and models put anything in messages."""
    finding = doctor.Finding("expert [b]", True, "refused [/INST] by the server")
    monkeypatch.setattr(doctor, "_look", lambda config: iter([finding]))
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
