"""``init``: what it writes of which endpoints, and what it leaves alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from avengers_graph.cli import app
from avengers_graph.errors import ConfigError
from avengers_graph.settings import servers
from avengers_graph.settings.config import load_config
from avengers_graph.settings.expert import Expert
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration
DEAD = "http://127.0.0.1:9/v1"


@dataclass(frozen=True, slots=True)
class Written:
    """What one run left behind."""

    text: str
    shown: str

    @property
    def experts(self) -> list[Expert]:
        return load_config("avengers.yaml").experts

    @property
    def comments(self) -> str:
        return "\n".join(line for line in self.text.splitlines() if "#" in line)


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Written]:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AVENGERS_CONFIG", raising=False)

    def run(*arguments: str) -> Written:
        done = CliRunner().invoke(app, ["init", *arguments])
        if done.exception is not None:
            raise done.exception
        assert [path.name for path in tmp_path.iterdir()] == ["avengers.yaml"]
        return Written(Path("avengers.yaml").read_text(encoding="utf-8"), done.output)

    return run


def test_the_experts_of_an_endpoint(server: OpenAIServer, init: Callable[..., Written]) -> None:
    server.serve("Qwen/Qwen2.5-7B", row={"owned_by": "vllm", "max_model_len": 4096})
    server.serve("phi:latest", "Hello", n="ignored")
    server.serve("nomic-embed-text")
    written = init(server.base_url)
    qwen, phi = written.experts
    assert (qwen.name, qwen.model, qwen.base_url) == (
        "Qwen2.5-7B",
        "Qwen/Qwen2.5-7B",
        server.base_url,
    )
    assert (qwen.context_length, qwen.server) == (4096, "vllm")
    assert qwen.supports == {"system", "tools", "json_schema", "json_mode", "n", "logprobs"}
    assert (phi.name, phi.supports) == ("phi", {"system", "logprobs"})
    assert "Not known: images" in written.comments
    assert "No n: asked for 2 answers, it gave 1" in written.comments
    assert "nomic-embed-text" in written.comments
    assert "2 experts in avengers.yaml" in written.shown


def test_an_endpoint_that_does_not_answer_is_a_line(
    server: OpenAIServer, init: Callable[..., Written]
) -> None:
    server.serve("alpha")
    written = init(server.base_url, DEAD)
    assert [expert.name for expert in written.experts] == ["alpha"]
    assert f"cannot reach {DEAD}" in written.comments


def test_only_dead_endpoints_leave_a_block_to_fill_in(init: Callable[..., Written]) -> None:
    written = init(DEAD)
    assert [expert.base_url for expert in written.experts] == [DEAD]
    assert f"cannot reach {DEAD}" in written.comments
    assert "put the name of a model" in written.comments


@pytest.mark.parametrize("ending", ["", "/", "/v1/", "/v1/chat/completions"])
def test_a_url_that_is_nearly_right(
    server: OpenAIServer, init: Callable[..., Written], ending: str
) -> None:
    server.serve("alpha")
    given = server.base_url.removesuffix("/v1").removeprefix("http://") + ending
    [expert] = init(given, "--no-probe").experts
    assert expert.base_url == server.base_url


def test_without_a_url_local_servers_are_looked_for(
    server: OpenAIServer, init: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.serve("phi:latest")
    rows: Any = servers.SERVERS
    for row in servers.local_rows():
        monkeypatch.setitem(rows, row, replace(rows[row], base_url=DEAD))
    with pytest.raises(ConfigError, match=r"no local server answers .*give a URL"):
        init()
    assert not Path("avengers.yaml").exists()
    monkeypatch.setitem(rows, "ollama", replace(rows["ollama"], base_url=server.base_url))
    written = init("--no-probe")
    assert [(expert.model, expert.server) for expert in written.experts] == [
        ("phi:latest", "ollama")
    ]
    assert "No answer at other usual ports" in written.comments


def test_models_that_are_named(server: OpenAIServer, init: Callable[..., Written]) -> None:
    for name in ("alpha", "beta:latest", "gamma"):
        server.serve(name, row={"context_length": 2048})
    written = init(server.base_url, "--model", "beta", "--model", "alpha", "--no-probe")
    assert [(e.model, e.context_length) for e in written.experts] == [
        ("beta", 2048),
        ("alpha", 2048),
    ]


def test_of_many_models_eight_are_taken(
    server: OpenAIServer, init: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        server.serve(f"m{number}")
    written = init(server.base_url, "--no-probe")
    assert len(written.experts) == 8
    assert "m8, m9" in written.comments
    assert "and 12 more; take some with --model NAME" in written.comments


def test_paid_models_are_not_chosen_for_anybody(
    server: OpenAIServer, init: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-1")
    for number in range(40):
        server.serve(f"m{number}")
    written = init(server.base_url, "--no-probe", "--api-key-env", "SOME_KEY")
    assert [expert.name for expert in written.experts] == ["my-model"]
    assert "take some with --model NAME" in written.comments


def test_names_that_are_alike_are_numbered(
    server: OpenAIServer, init: Callable[..., Written]
) -> None:
    server.serve("one/qwen")
    server.serve("two/qwen")
    names = [expert.name for expert in init(server.base_url, "--no-probe").experts]
    assert names == ["qwen", "qwen-2"]


def test_experts_from_flags_need_no_answer(init: Callable[..., Written]) -> None:
    flag = f"name=coder,base_url={DEAD},model=some-coder,api_key_env=CODER_KEY,server=vllm"
    written = init("--expert", flag)
    [expert] = written.experts
    assert (expert.name, expert.model, expert.api_key_env) == ("coder", "some-coder", "CODER_KEY")
    assert expert.server == "vllm"
    assert "'CODER_KEY', which is not set" in written.comments


def test_a_key_is_used_and_not_written(
    server: OpenAIServer, init: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.api_key = "sk-secret-of-ours"
    server.serve("alpha")
    monkeypatch.setenv("SOME_KEY", server.api_key)
    written = init(server.base_url, "--api-key-env", "SOME_KEY")
    [expert] = written.experts
    assert expert.api_key_env == "SOME_KEY"
    assert "n" in expert.supports
    assert "sk-secret" not in written.text + written.shown


def test_a_refused_key_is_told_and_not_repeated(
    server: OpenAIServer, init: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.api_key = "sk-right"
    monkeypatch.setenv("SOME_KEY", "sk-wrong-one")
    written = init(server.base_url, "--api-key-env", "SOME_KEY", "--model", "alpha")
    assert [expert.model for expert in written.experts] == ["alpha"]
    assert "401" in written.comments
    assert "sk-wrong" not in written.text + written.shown


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("name=a,base_url=http://h/v1,api_key=sk-123456", "'api_key', which is none of"),
        ("name=a,base_url=http://h/v1,api_key_env=sk-123456", "must be the name of an environment"),
        ("name=a", "needs either base_url"),
        ("coder", "write name=NAME"),
        ("name=a,base_url=http://me:sk-123456@h/v1", "user name or password"),
    ],
)
def test_flags_that_are_wrong(init: Callable[..., Written], flag: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as raised:
        init("--expert", flag)
    assert "123456" not in str(raised.value)
    assert not Path("avengers.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://h/v1",), "must start with http"),
        (("http://h:1/v1", "--server", "apache"), "apache"),
        (("http://h:1/v1", "--api-key-env", "sk-1"), "name of an environment variable"),
    ],
)
def test_arguments_that_are_wrong(
    init: Callable[..., Written], arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        init(*arguments)


def test_a_file_that_is_there_is_kept(server: OpenAIServer, init: Callable[..., Written]) -> None:
    server.serve("alpha")
    Path("avengers.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"avengers\.yaml is there already; .*--force"):
        init(server.base_url)
    assert Path("avengers.yaml").read_text(encoding="utf-8") == "mine"
    assert server.requests == [], "it is said before anybody is asked"
    assert [e.name for e in init(server.base_url, "--no-probe", "--force").experts] == ["alpha"]


def test_a_stop_halfway_leaves_what_was_there(
    init: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    Path("avengers.yaml").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(SystemExit):
        init(DEAD, "--force")
    assert [path.name for path in Path().iterdir()] == ["avengers.yaml"]
    assert Path("avengers.yaml").read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written(init: Callable[..., Written]) -> None:
    with pytest.raises(ConfigError, match=r"cannot write 'nowhere/avengers\.yaml'"):
        init(DEAD, "-o", "nowhere/avengers.yaml")


def test_what_servers_say_stays_in_comments(
    server: OpenAIServer, init: Callable[..., Written]
) -> None:
    said = "down\nexperts: [{name: evil}]\r\u2028defaults: {}\x85\x1b[31m"
    server.serve('odd: "name" #1', Fault(503, said))
    written = init(server.base_url)
    [expert] = written.experts
    assert expert.model == 'odd: "name" #1'
    assert "experts: [{name: evil}]" in written.comments
    assert "\x1b" not in written.text


def test_a_model_that_refuses_is_left_out(
    server: OpenAIServer, init: Callable[..., Written]
) -> None:
    server.serve("alpha")
    server.serve("odd", Fault(400, "this model does not support chat"))
    written = init(server.base_url)
    assert [expert.name for expert in written.experts] == ["alpha"]
    assert "odd is left out" in written.comments
