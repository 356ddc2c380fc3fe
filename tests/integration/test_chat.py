"""``avengers-graph chat`` as a process: how a person leaves, and with which exit status."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

QUESTION = "What is 6 times 7? Answer with the number only."


@pytest.fixture
def chat(
    server: OpenAIServer, index_folder: Path, tmp_path: Path
) -> "Iterator[subprocess.Popen[str]]":
    """A conversation with one expert of the scripted server."""
    content = {
        "index": {"path": str(index_folder)},
        "experts": [{"name": "absent", "base_url": server.base_url, "timeout": 60}],
        "defaults": {"samples": 2},
    }
    path = tmp_path / "avengers.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "avengers_graph", "chat", "--config", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
    ) as process:
        yield process
        process.kill()


def test_the_end_of_the_input_ends_it_well(
    server: OpenAIServer, chat: "subprocess.Popen[str]"
) -> None:
    server.serve("absent", "42")
    out, err = chat.communicate(f"{QUESTION}\n", timeout=120)
    assert chat.returncode == 0, err
    assert "1 expert; /quit" in out
    assert "42 x2" in out
    assert "Traceback" not in err


def test_ctrl_c_while_experts_are_asked_hangs_up(
    server: OpenAIServer, chat: "subprocess.Popen[str]"
) -> None:
    server.serve("absent", Reply("late", delay=60))
    assert chat.stdin is not None
    chat.stdin.write(f"{QUESTION}\n")
    chat.stdin.flush()
    server.wait_for(lambda: len(server.requests) == 2, seconds=120)
    chat.send_signal(signal.SIGINT)
    _, err = chat.communicate(timeout=60)
    assert chat.returncode == 130, err
    assert err.splitlines()[-1] == "avengers-graph: stopped"
    assert "Traceback" not in err
    server.wait_for(lambda: all(r.disconnected for r in server.requests), seconds=10)
