"""Real servers: they speak the OpenAI protocol, and none outlives its block or its parent."""

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from avengers_graph.errors import LocalModelError
from avengers_graph.local import MODELS, LocalServers, resolve_model
from avengers_graph.settings.expert import Expert

ROOT = Path(__file__).parents[2]
MODEL = "smollm2-135m"
SLOTS = 4
USER = [{"role": "user", "content": "Say hello."}]

pytestmark = pytest.mark.integration


def is_running(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int, *, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(pid)


@pytest.fixture(scope="module")
def weights() -> str:
    try:
        return str(resolve_model(MODEL).path)
    except LocalModelError as error:
        pytest.skip(f"needs the weights that `make test` installs: {error}")


@pytest.fixture(scope="module")
def servers(weights: str) -> Iterator[LocalServers]:
    with LocalServers([MODEL], parallel=SLOTS, context=512) as running:
        yield running


@pytest.fixture(scope="module")
def expert(servers: LocalServers) -> Expert:
    return servers.experts[0]


@pytest.fixture(scope="module")
def client(expert: Expert) -> Iterator[openai.OpenAI]:
    key = os.environ[str(expert.api_key_env)]
    with openai.OpenAI(base_url=expert.base_url, api_key=key, max_retries=0, timeout=120) as made:
        yield made


def test_the_expert_says_what_the_server_can_do(expert: Expert) -> None:
    assert (expert.name, expert.model_name) == (MODEL, MODEL)
    assert expert.max_concurrency == SLOTS
    assert (expert.context_length, expert.max_tokens) == (512, 128)
    assert expert.supports == {"system", "n", "json_schema", "logprobs"}
    assert str(expert.base_url).startswith("http://127.0.0.1:")
    assert str(expert.base_url).endswith("/v1")


def test_it_answers_under_its_name_and_to_a_system_message(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "system", "content": "You are terse."}, *USER],
        max_tokens=8,
    )
    assert answer.model == MODEL
    assert answer.choices[0].message.content
    assert [model.id for model in client.models.list()] == [MODEL]


def test_requests_run_side_by_side(client: openai.OpenAI) -> None:
    def ask(i: int) -> str | None:
        return (
            client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": f"Count from {i}."}],
                max_tokens=6,
            )
            .choices[0]
            .message.content
        )

    with concurrent.futures.ThreadPoolExecutor(2 * SLOTS) as pool:
        assert all(pool.map(ask, range(2 * SLOTS)))


def test_n_gives_n_choices_but_counts_the_tokens_of_one(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=USER, n=SLOTS, max_tokens=6, temperature=1.0
    )
    assert sorted(choice.index for choice in answer.choices) == list(range(SLOTS))
    assert len({choice.message.content for choice in answer.choices}) > 1
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 6


def test_n_above_the_slots_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=MODEL, messages=USER, n=SLOTS + 1, max_tokens=2)


def test_a_prompt_that_is_too_long_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="context"):
        client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "word " * 600}], max_tokens=2
        )


def test_it_streams_with_usage_at_the_end(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=MODEL,
            messages=USER,
            max_tokens=6,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert len([c for c in chunks if c.choices and c.choices[0].delta.content]) > 1
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def busy_slots(expert: Expert) -> int:
    request = urllib.request.Request(
        f"{str(expert.base_url).removesuffix('/v1')}/slots",
        headers={"Authorization": f"Bearer {os.environ[str(expert.api_key_env)]}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return sum(slot["is_processing"] for slot in json.load(answer))


def test_a_stream_that_is_closed_frees_its_slots(client: openai.OpenAI, expert: Expert) -> None:
    stream = client.chat.completions.create(
        model=MODEL,
        messages=USER,
        max_tokens=400,
        n=SLOTS,
        stream=True,
        extra_body={"ignore_eos": True},
    )
    next(iter(stream))
    assert busy_slots(expert) == SLOTS
    stream.close()
    deadline = time.monotonic() + 5
    while busy_slots(expert) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert busy_slots(expert) == 0


def test_a_stop_sequence_ends_the_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Repeat: one two three four five six"}],
        stop=[" "],
        max_tokens=20,
    )
    assert answer.choices[0].finish_reason == "stop"
    assert " " not in str(answer.choices[0].message.content).strip()


def test_an_answer_follows_a_json_schema(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}},
        "required": ["mood"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "What a lovely day! Which mood is this?"}],
        max_tokens=40,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "mood", "schema": schema, "strict": True},
        },
    )
    assert json.loads(str(answer.choices[0].message.content))["mood"] in ("good", "bad")


def test_it_gives_logprobs(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=USER, max_tokens=3, logprobs=True, top_logprobs=2
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    assert all(token.logprob <= 0 for token in logprobs.content)


def test_only_the_key_of_this_start_opens_it(expert: Expert) -> None:
    with (
        openai.OpenAI(base_url=expert.base_url, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model=MODEL, messages=USER, max_tokens=1)


def test_it_listens_on_loopback_alone(expert: Expert) -> None:
    port = urllib.parse.urlsplit(str(expert.base_url)).port
    assert port is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # picks the outward address; sends nothing
        outward = probe.getsockname()[0]
    if outward.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    with pytest.raises(OSError, match=r"refused|unreachable"):
        socket.create_connection((outward, port), timeout=5).close()


def test_keys_and_prompts_are_in_no_argument_and_in_no_log(
    servers: LocalServers, expert: Expert
) -> None:
    key = os.environ[str(expert.api_key_env)]
    (pid,) = servers.processes.values()
    assert key.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    (log,) = servers.logs.values()
    text = log.read_text(encoding="utf-8")
    assert "listening" in text
    assert key[-8:] not in text
    assert USER[0]["content"] not in text


def test_leaving_the_block_ends_the_server_and_forgets_the_key(weights: str) -> None:
    def fail_inside() -> None:
        with running:
            (pid,), (expert,) = running.processes.values(), running.experts
            assert is_running(pid)
            assert str(expert.api_key_env) in os.environ
            seen.append((pid, str(expert.api_key_env)))
            raise ZeroDivisionError

    seen: list[tuple[int, str]] = []
    running = LocalServers([weights], parallel=1, context=128)
    with pytest.raises(ZeroDivisionError):
        fail_inside()
    ((pid, variable),) = seen
    assert not is_running(pid)
    assert variable not in os.environ
    assert running.experts == []
    running.stop()


def test_a_server_that_dies_while_starting_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\xff" * 4000)
    before = {name for name in os.environ if name.startswith("AVENGERS_LOCAL_KEY")}
    servers = LocalServers([str(broken)], parallel=1)
    with pytest.raises(LocalModelError, match=r"'broken' ended while starting.*load"), servers:
        pass
    assert not servers.processes
    assert {name for name in os.environ if name.startswith("AVENGERS_LOCAL_KEY")} == before


def test_one_that_fails_takes_the_others_down(weights: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\xff" * 4000)
    started: list[int] = []

    class Watched(LocalServers):
        def stop(self) -> None:
            started.extend(self.processes.values())
            super().stop()

    with (
        pytest.raises(LocalModelError, match="'broken' ended"),
        Watched([weights, str(broken)], parallel=1),
    ):
        pass
    assert len(started) == 2
    assert not any(is_running(pid) for pid in started)


PARENT = """
import os, sys, time
from avengers_graph.local import LocalServers
with LocalServers([sys.argv[1]], parallel=1, context=128) as servers:
    sleeper = os.fork() if "fork" in sys.argv else 0
    if "fork" not in sys.argv or sleeper:
        print(*servers.processes.values(), sleeper, flush=True)
    time.sleep(120)
"""


def start_parent(weights: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, weights, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def pids_of(parent: "subprocess.Popen[str]") -> list[int]:
    assert parent.stdout is not None
    return [int(word) for word in parent.stdout.readline().split()]


@pytest.mark.parametrize("arguments", [(), ("fork",)], ids=["alone", "with a fork that lives on"])
def test_a_server_ends_when_its_parent_is_killed(weights: str, arguments: tuple[str, ...]) -> None:
    with start_parent(weights, *arguments) as parent:
        server, sleeper = pids_of(parent)
        assert is_running(server)
        parent.kill()
        parent.wait()
        try:
            assert wait_until_gone(server)
        finally:
            if sleeper:
                os.kill(sleeper, signal.SIGKILL)


def test_ctrl_c_ends_the_servers_in_order(weights: str) -> None:
    with start_parent(weights) as parent:
        server, _ = pids_of(parent)
        os.killpg(parent.pid, signal.SIGINT)  # what a terminal does
        _, errors = parent.communicate(timeout=30)
        assert "KeyboardInterrupt" in errors
        assert parent.returncode != 0
        assert not is_running(server)


def test_a_llama_server_on_the_path_is_used(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same engine behind llama-server's own command line, since no binary can be had here.
    program = tmp_path / "llama-server"
    program.write_text(f"#!{sys.executable}\n{LLAMA_SERVER}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with LocalServers([weights], parallel=2, context=128, backend="llama-server") as running:
        (expert,) = running.experts
        (wrapper,) = running.processes.values()
        (inner,) = map(int, Path(f"/proc/{wrapper}/task/{wrapper}/children").read_text().split())
        key = os.environ[str(expert.api_key_env)]
        with openai.OpenAI(base_url=expert.base_url, api_key=key, max_retries=0) as client:
            answer = client.chat.completions.create(
                model=expert.model_name, messages=USER, n=2, max_tokens=3
            )
        assert len(answer.choices) == 2
    assert not is_running(wrapper)
    assert not is_running(inner)


LLAMA_SERVER = """
import argparse, os, time, xllamacpp
parser = argparse.ArgumentParser()
for flag in ("model", "alias", "host"):
    parser.add_argument("--" + flag)
for flag in ("port", "parallel", "ctx-size", "threads", "threads-batch"):
    parser.add_argument("--" + flag, type=int)
given = parser.parse_args()
params = xllamacpp.CommonParams()
params.model.path, params.model_alias = given.model, {given.alias}
params.hostnames, params.port = [given.host], given.port
params.n_parallel, params.n_ctx = given.parallel, given.ctx_size
params.cpuparams.n_threads, params.cpuparams_batch.n_threads = given.threads, given.threads_batch
params.api_keys, params.ui = [os.environ["LLAMA_API_KEY"]], False
server = xllamacpp.Server(params)
time.sleep(600)
"""


def test_without_any_server_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(LocalModelError, match=r"no local model server.*avengers-graph\[local\]"),
        LocalServers([MODEL], backend="llama-server"),
    ):
        pass


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        ([], {}, "no local model was named"),
        ([MODEL], {"parallel": 0}, "parallel=0"),
        ([MODEL, MODEL], {}, "named twice"),
    ],
)
def test_bad_input_is_named(
    weights: str, models: list[str], options: dict[str, int], message: str
) -> None:
    with pytest.raises(LocalModelError, match=message), LocalServers(models, **options):
        pass


def test_the_registry_row_bounds_the_context_and_progress_is_told(weights: str) -> None:
    asked = MODELS[MODEL].context_length + 1000
    told: list[tuple[str, float | None]] = []
    with LocalServers(
        [MODEL], parallel=1, context=asked, on_progress=lambda *event: told.append(event)
    ) as running:
        assert running.experts[0].context_length == MODELS[MODEL].context_length
    assert told == [(f"starting {MODEL}", 0.0), (f"{MODEL} is serving", 1.0)]
