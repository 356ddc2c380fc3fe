"""Scored queries with planted clusters, and the two homes of an index: a folder and a server."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from avengers_graph.records import Record
from avengers_graph.routing.model import Vectors
from avengers_graph.settings.config import IndexPlace

TOPICS = ("algebra", "poetry", "chemistry", "travel")
EXPERTS = ("ada", "bo", "cy")


class TopicEmbeddings(Embeddings):
    """A deterministic embedder: hashed words, so that texts of one topic are close."""

    def __init__(self, *, dim: int = 24, salt: int = 0) -> None:
        self.dim = dim
        self.salt = salt

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        total = np.full(self.dim, 1e-3)
        for word in text.lower().split():
            seed = [self.salt, *word.encode()]
            total += np.random.default_rng(seed).normal(size=self.dim)
        return [float(value) for value in total / np.linalg.norm(total)]


def planted(per_topic: int = 30) -> list[Record]:
    """Each topic has an expert that is right on most of its queries."""
    records = []
    for number, topic in enumerate(TOPICS):
        for at in range(per_topic):
            scores = {
                name: float((at % 10) < (9 if column == number % len(EXPERTS) else 3))
                for column, name in enumerate(EXPERTS)
            }
            costs = {name: 0.001 * (column + 1) for column, name in enumerate(EXPERTS)}
            query = f"{topic} {topic} {topic} question {at}"
            records.append(Record(query, topic, scores, costs))
    return records


@pytest.fixture(scope="session")
def embeddings() -> TopicEmbeddings:
    return TopicEmbeddings()


@pytest.fixture(scope="session")
def records() -> list[Record]:
    return planted()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real ``chroma run`` on loopback; its port."""
    folder = tmp_path_factory.mktemp("chroma-server")
    port = free_port()
    program = Path(sys.executable).with_name("chroma")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "run", "--host", "127.0.0.1", "--port", str(port), "--path", folder / "data"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_healthy(server, port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait_until_healthy(server: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(600):
        assert server.poll() is None, "chroma run ended before it served"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=2)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("chroma run did not answer within a minute")


@pytest.fixture(params=["embedded", pytest.param("server", marks=pytest.mark.integration)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IndexPlace]:
    """Where an index is kept; empty at first."""
    if request.param == "embedded":
        yield IndexPlace(path=tmp_path / "index")
        return
    import chromadb

    place = IndexPlace(host="127.0.0.1", port=request.getfixturevalue("chroma_server"))
    yield place
    client = chromadb.HttpClient(host="127.0.0.1", port=place.port)
    for collection in client.list_collections():
        client.delete_collection(collection.name)


@pytest.fixture(scope="module")
def blobs() -> Vectors:
    """Five tight groups of 40 unit vectors, one after another."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(5, 16), 40, axis=0)
    vectors = centres + 0.05 * rng.normal(size=centres.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
