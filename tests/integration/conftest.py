"""Real parts, started once for all tests here: a local model, the MiniLM embedder, an index."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from langchain_core.embeddings import Embeddings

from avengers_graph import ClusterIndex, ExpertPool
from avengers_graph.embedding import load_embeddings
from avengers_graph.local import LocalServers
from avengers_graph.records import Record

SMALLEST = "smollm2-135m"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts real servers."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def embeddings() -> Embeddings:
    return load_embeddings()


@pytest.fixture(scope="session")
def local_pool() -> Iterator[ExpertPool]:
    with LocalServers([SMALLEST], parallel=4, context=1024) as servers:
        pool = ExpertPool(servers.experts)
        yield pool
        pool.close()


@pytest.fixture(scope="session")
def index_folder(embeddings: Embeddings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sums = [f"What is {a} + {b}?" for a in range(2, 8) for b in (3, 5)]
    capitals = [f"What is the capital of {c}?" for c in ("France", "Japan", "Peru", "Kenya")]
    records = [
        Record(query=query, dataset="sums", scores={SMALLEST: 0.2, "absent": 0.9}) for query in sums
    ] + [
        Record(query=query, dataset="capitals", scores={SMALLEST: 0.8, "absent": 0.1})
        for query in capitals
    ]
    folder = tmp_path_factory.mktemp("index")
    ClusterIndex.fit(records, embeddings, n_clusters=2, path=folder)
    return folder


@pytest.fixture(scope="session")
def config_file(
    local_pool: ExpertPool, index_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An avengers.yaml for the running model."""
    # The smallest model answers a request with tools in words, which is a vote as well.
    experts = [
        {
            **expert.model_dump(mode="json", exclude_defaults=True),
            "supports": sorted({*expert.supports, "tools"}),
        }
        for expert in local_pool
    ]
    content = {
        "index": {"path": str(index_folder)},
        "experts": experts,
        "defaults": {"samples": 3, "params": {"max_tokens": 24}},
    }
    file = tmp_path_factory.mktemp("config") / "avengers.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@pytest.fixture
def config_in_environment(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVENGERS_CONFIG", str(config_file))
    assert os.environ["AVENGERS_CONFIG"]
    return config_file
