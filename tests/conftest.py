"""Shared fixtures. Heavy ones are session-scoped; nothing here reaches beyond loopback."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.routing import ClusterIndex
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
    """The server, with nothing scripted, nothing received and nothing learned about it."""
    from avengers_graph.experts import dialect

    running_server.reset()
    dialect.forget()
    return running_server


@pytest.fixture
def pool_of(server: "OpenAIServer") -> "Iterator[Callable[..., ExpertPool]]":
    """Makes pools: ``pool_of("alpha", "beta", timeout=1)`` are two models of the server."""
    from avengers_graph.config import Expert
    from avengers_graph.experts.pool import ExpertPool

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
    monkeypatch.setattr("avengers_graph.experts.attempt.FIRST_PAUSE", 0.001)


@pytest.fixture
def hour_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Puts the engine's clock an hour ahead once a condition holds, so that deadlines pass.

    A deadline in real time would be missed where the machine stalls, or make the test wait.
    """

    def once(condition: Callable[[], object]) -> None:
        def now() -> float:
            return time.time() + (3600 if condition() else 0)

        clock = SimpleNamespace(time=now, monotonic=time.monotonic)
        monkeypatch.setattr("avengers_graph.experts.engine.time", clock)

    return once


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> "ClusterIndex":
    """Two clusters, three experts; see ``routing.py``."""
    from tests.calibrated import fitted

    return fitted(tmp_path_factory.mktemp("small-index"))


@pytest.fixture
def graph_of(small_index: "ClusterIndex", pool_of: "Callable[..., ExpertPool]") -> Any:
    """Makes graphs over three models of the server; ``fields`` are those of each expert."""
    from avengers_graph.graph import create_avengers_graph
    from tests.calibrated import EXPERTS, WordEmbeddings

    def make(*, experts: Any = EXPERTS, fields: dict[str, Any] | None = None, **given: Any) -> Any:
        return create_avengers_graph(
            pool=pool_of(*experts, **(fields or {})),
            index=small_index,
            embeddings=WordEmbeddings(),
            **given,
        )

    return make


@pytest.fixture(params=["invoke", "ainvoke"])
def run(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Runs a graph, synchronously in one test and asynchronously in another."""

    def synchronously(graph: Any, given: Any, **more: Any) -> dict[str, Any]:
        return dict(graph.invoke(given, **more))

    def asynchronously(graph: Any, given: Any, **more: Any) -> dict[str, Any]:
        return dict(asyncio.run(graph.ainvoke(given, **more)))

    return synchronously if request.param == "invoke" else asynchronously
