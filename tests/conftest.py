"""Shared fixtures. Heavy ones are session-scoped; nothing here reaches beyond loopback."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
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


class Clock:
    """Unix time for the deadlines of pools; an hour ahead once a condition holds.

    A deadline in real time would be missed where the machine stalls, or make the test wait.
    """

    def __init__(self) -> None:
        self._condition: Callable[[], object] = bool

    def __call__(self) -> float:
        return time.time() + (3600 if self._condition() else 0)

    def jump_once(self, condition: Callable[[], object]) -> None:
        """Let an hour pass when ``condition`` comes to hold."""
        self._condition = condition


@pytest.fixture
def clock() -> Clock:
    """The clock of the pools that ``pool_of`` makes."""
    return Clock()


@pytest.fixture
def pool_of(server: "OpenAIServer", clock: Clock) -> "Iterator[Callable[..., ExpertPool]]":
    """Makes pools: ``pool_of("alpha", "beta", timeout=1)`` are two models of the server.

    Retries follow at once, unless ``retry_policy`` says otherwise.
    """
    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.experts.retry import RetryPolicy
    from avengers_graph.settings.expert import Expert

    made: list[ExpertPool] = []
    at_once = RetryPolicy(first_pause=0.001)

    def make(
        *experts: "str | Expert", retry_policy: RetryPolicy = at_once, **fields: Any
    ) -> ExpertPool:
        shared = {"base_url": server.base_url, "timeout": 20.0, **fields}
        listed = [Expert(name=e, **shared) if isinstance(e, str) else e for e in experts]
        made.append(ExpertPool(listed, retry_policy=retry_policy, clock=clock))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> "ClusterIndex":
    """Two clusters, three experts; see ``routing.py``."""
    from tests.calibrated import fitted

    return fitted(tmp_path_factory.mktemp("small-index"))


@pytest.fixture
def graph_of(small_index: "ClusterIndex", pool_of: "Callable[..., ExpertPool]") -> Any:
    """Makes graphs over three models of the server; ``fields`` are those of ``pool_of``."""
    from avengers_graph.graph import create_avengers_graph
    from tests.calibrated import EXPERTS, WordEmbeddings

    def make(*, experts: Any = EXPERTS, fields: dict[str, Any] | None = None, **given: Any) -> Any:
        return create_avengers_graph(
            pool=pool_of(*experts, **(fields or {})),
            **{"index": small_index, "embeddings": WordEmbeddings(), **given},
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
