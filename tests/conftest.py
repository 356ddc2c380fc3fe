"""Shared fixtures. Heavy ones are session-scoped; nothing here reaches beyond loopback."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from avengers_graph.experts.pool import ExpertPool
    from tests.servers.openai_server import OpenAIServer

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def running_server() -> "Iterator[OpenAIServer]":
    """One OpenAI-compatible server for the whole session; tests take ``server``."""
    from tests.servers.openai_server import OpenAIServer

    with OpenAIServer() as running:
        yield running


@pytest.fixture
def server(running_server: "OpenAIServer") -> "OpenAIServer":
    """The server, with nothing scripted and nothing received."""
    running_server.reset()
    return running_server


@pytest.fixture
def pool_of(server: "OpenAIServer") -> "Iterator[Callable[..., ExpertPool]]":
    """Makes pools: ``pool_of("alpha", "beta", timeout=1)`` are two models of the server."""
    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.settings.expert import Expert

    made: list[ExpertPool] = []

    def make(*experts: "str | Expert", **fields: Any) -> ExpertPool:
        shared = {"base_url": server.base_url, "timeout": 20.0, **fields}
        listed = [Expert(name=e, **shared) if isinstance(e, str) else e for e in experts]
        made.append(ExpertPool(listed))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once, so that a test does not sleep through them."""
    monkeypatch.setattr("avengers_graph.experts.engine.FIRST_PAUSE", 0.001)
