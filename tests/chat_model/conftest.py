"""Chat models over three experts of the test server that can do everything."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings

from avengers_graph import ChatAvengers, ClusterIndex, ExpertPool
from avengers_graph.embedding import load_embeddings
from avengers_graph.local import LocalServers
from tests.calibrated import EXPERTS, WordEmbeddings, records

EVERYTHING = frozenset({"tools", "json_schema", "json_mode", "n", "images", "logprobs", "system"})


@pytest.fixture
def llm_of(
    small_index: ClusterIndex, pool_of: Callable[..., ExpertPool]
) -> Callable[..., ChatAvengers]:
    """Makes chat models; ``fields`` are those of each expert."""

    def make(
        *, experts: Any = EXPERTS, fields: dict[str, Any] | None = None, **given: Any
    ) -> ChatAvengers:
        pool = pool_of(*experts, **{"supports": EVERYTHING, **(fields or {})})
        return ChatAvengers(
            pool=pool, index=small_index, embeddings=WordEmbeddings(), **{"samples": 3, **given}
        )

    return make


@pytest.fixture
def one_by_one(llm_of: Callable[..., ChatAvengers]) -> Callable[..., ChatAvengers]:
    """Makes chat models of one expert that is asked one sample at a time, and for all of them."""

    def make(**given: Any) -> ChatAvengers:
        fixed = {"experts": ("alpha",), "fields": {"max_concurrency": 1}, "batching": "never"}
        return llm_of(**{**fixed, "early_stop": False, **given})

    return make


@pytest.fixture(scope="session")
def minilm() -> Embeddings:
    """The real embedder."""
    return load_embeddings()


@pytest.fixture(scope="session")
def minilm_index(minilm: Embeddings, tmp_path_factory: pytest.TempPathFactory) -> ClusterIndex:
    """The records of ``routing.py``, fitted with it."""
    folder = tmp_path_factory.mktemp("minilm-index")
    return ClusterIndex.fit(records(), minilm, n_clusters=2, path=folder)


@pytest.fixture(scope="session")
def smallest_local_pool() -> Iterator[ExpertPool]:
    """A real language model behind a real server."""
    with LocalServers(["smollm2-135m"], parallel=2, context=1024) as servers:
        pool = ExpertPool(servers.experts)
        yield pool
        pool.close()
