"""The agent example, on the test server and on a local model."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avengers_graph import ChatAvengers, ClusterIndex, ExpertPool
from examples.agent import TOOLS, make_agent
from tests.calibrated import EXPERTS, SUM, WordEmbeddings
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer, Received

REPOSITORY = Path(__file__).parents[2]
STEPS = (
    ToolUse("add", {"a": 6, "b": 7}),
    ToolUse("count_letters", {"word": "apples"}),
    ToolUse("days_between", {"start": "2026-01-01", "end": "2026-01-14"}),
)


def next_step(received: Received) -> Reply:
    """Each tool once, then what they said."""
    results = [m["content"] for m in received.body["messages"] if m["role"] == "tool"]
    if len(results) < len(STEPS):
        return Reply(tool_calls=[STEPS[len(results)]])
    return Reply(f"They say {', '.join(results)}.")


@pytest.mark.integration
def test_on_the_test_server(
    server: OpenAIServer, small_index: ClusterIndex, pool_of: Callable[..., ExpertPool]
) -> None:
    for name in EXPERTS:
        server.serve(name, next_step)
    llm = ChatAvengers(
        pool=pool_of(*EXPERTS, supports={"tools", "system"}),
        index=small_index,
        embeddings=WordEmbeddings(),
        strategy="multi-model",
        samples=3,
        early_stop=False,
    )
    asked: Any = {"messages": [("user", SUM)]}
    result = make_agent(llm).invoke(asked)
    assert result["messages"][-1].text == "They say 13, 6, 13."
    assert len(server.requests) == 3 * (len(STEPS) + 1)
    offered = server.requests[0].body["tools"]
    assert [one["function"]["name"] for one in offered] == [one.name for one in TOOLS]


@pytest.mark.integration
@pytest.mark.long
def test_on_a_local_model() -> None:
    model = "qwen2.5-coder-0.5b"
    command = ["local", "--models", model, sys.executable, "examples/agent.py"]
    done = subprocess.run(
        [sys.executable, "-m", "avengers_graph", *command],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert "Name: add" in done.stdout
    assert f"samples of {model}" in done.stdout
    # The last message answers in words: the loop ended by itself, not at its limit of turns.
    last = done.stdout.rsplit(" Ai Message ", 1)[1]
    assert "42" in last
    assert "Tool Calls" not in last
    assert "limit" not in last
