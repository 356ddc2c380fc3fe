"""``langgraph.json`` with the real command line and a real server."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from langgraph_sdk import get_client

ROOT = Path(__file__).parents[2]
LANGGRAPH = Path(sys.executable).with_name("langgraph")
WAIT = 120
"""Seconds a server may take to start on a busy machine."""


def _environment(config_file: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AVENGERS_CONFIG": str(config_file),
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGSMITH_TRACING": "false",
        "PYTHONPATH": str(ROOT),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_validate(config_file: Path) -> None:
    done = subprocess.run(
        [LANGGRAPH, "validate"],
        cwd=ROOT,
        env=_environment(config_file),
        capture_output=True,
        text=True,
        timeout=WAIT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(config_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``langgraph dev``, started in a folder of its own so that it leaves nothing in the tree."""
    folder = tmp_path_factory.mktemp("dev")
    for name in ("langgraph.json", "pyproject.toml"):
        (folder / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    port = _free_port()
    log = (folder / "log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [LANGGRAPH, "dev", "--no-browser", "--no-reload", "--port", str(port)],
        cwd=folder,
        env=_environment(config_file),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + WAIT
        while True:
            try:
                if httpx.get(f"{url}/ok", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                pytest.fail("langgraph dev did not start:\n" + log.read()[-4000:])
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def test_the_graph_shows_its_nodes_and_settings(server: str) -> None:
    async def look() -> tuple[set[str], dict]:
        client = get_client(url=server)
        [assistant] = await client.assistants.search(graph_id="avengers")
        drawn = await client.assistants.get_graph(assistant["assistant_id"])
        schemas = await client.assistants.get_schemas(assistant["assistant_id"])
        return {node["id"] for node in drawn["nodes"]}, schemas

    nodes, schemas = asyncio.run(look())
    assert {"embed", "retrieve_cluster", "select_experts", "sample", "vote"} <= nodes
    samples = schemas["context_schema"]["properties"]["samples"]
    assert samples["langgraph_nodes"] == ["sample"]
    assert samples["maximum"] == 256


def test_one_streamed_run(server: str) -> None:
    async def run() -> list[tuple[str, dict]]:
        client = get_client(url=server)
        thread = await client.threads.create()
        question = "What is the capital of Peru? Answer with one word."
        return [
            (part.event, part.data)
            async for part in client.runs.stream(
                thread["thread_id"],
                "avengers",
                input={"messages": [{"role": "user", "content": question}]},
                context={"samples": 2},
                stream_mode=["updates", "custom"],
            )
        ]

    parts = asyncio.run(run())
    assert not [data for event, data in parts if event == "error"]
    seen = [node for event, data in parts if event == "updates" for node in data]
    assert seen == ["embed", "retrieve_cluster", "select_experts", "sample", "vote"]
    told = [data["type"] for event, data in parts if event == "custom"]
    assert "sample_finished" in told
    verdict = next(d["vote"]["verdict"] for e, d in parts if e == "updates" and "vote" in d)
    assert verdict["calls"] == 2
