"""How long routing takes on a warm index: embed, retrieve, select, each question alone.

Run: python benchmarks/routing_latency.py [--questions 200] [--index DIR]
Without an index it fits one on generated records in a temporary directory. It prints one line
of milliseconds per part, median and 95th percentile. Targets: under 25 ms in all at the
median, under 5 ms without the embedding.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from avengers_graph import Expert, ExpertPool, create_avengers_graph
from avengers_graph.embedding import embed_query, load_embeddings
from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex, rank_experts

WORDS = """
    a the of train market river number function list prime history cell energy price city
    write sum which country force music law doctor protein python loop string court rain
    feeling happy angry letter equation triangle sentence poem verb king war bank tax
""".split()  # noqa: SIM905


def generated_records(count: int, rng: np.random.Generator) -> list[Record]:
    """Queries of random words in six data sets, scored at random for seven experts."""
    return [
        Record(
            " ".join(rng.choice(WORDS, size=int(rng.integers(8, 40)))),
            f"set {at % 6}",
            {f"expert {e}": float(rng.random() < 0.5) for e in range(7)},
        )
        for at in range(count)
    ]


@contextlib.contextmanager
def served(given: Path | None, rng: np.random.Generator) -> Iterator[ClusterIndex]:
    """The index to ask: the given one, or one fitted for the occasion."""
    if given is not None:
        yield ClusterIndex.open(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield ClusterIndex.fit(
            generated_records(1500, rng), load_embeddings(), n_clusters=64, path=folder
        )


class Timed(Embeddings):
    """An embedder that keeps how long its last query took."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self.seconds = 0.0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embeddings.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        start = time.perf_counter()
        vector = self._embeddings.embed_query(text)
        self.seconds = time.perf_counter() - start
        return vector


def routed_by_the_graph(
    index: ClusterIndex, given: Embeddings, questions: Sequence[str]
) -> list[list[float]]:
    """Seconds from a question to the ranked experts in the real graph: [all, all but embedding].

    LangGraph's own share is included. Left before ``sample``, so that no expert is called.
    """
    embeddings = Timed(given)
    experts = [Expert(name=name, base_url="http://127.0.0.1:9/v1") for name in index.experts]
    graph = create_avengers_graph(pool=ExpertPool(experts), index=index, embeddings=embeddings)
    seconds = []
    for question in questions:
        start = time.perf_counter()
        inputs = {"messages": [{"role": "user", "content": question}]}
        with contextlib.closing(graph.stream(inputs, stream_mode="updates")) as steps:
            for step in steps:
                if "select_experts" in step:
                    whole = time.perf_counter() - start
                    seconds.append([whole, whole - embeddings.seconds])
                    break
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--index", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with served(options.index, rng) as index:
        embeddings = index.load_embeddings()
        asked = [
            " ".join(rng.choice(WORDS, size=int(rng.integers(5, 41))))
            for _ in range(options.questions + 20)
        ]
        rows = []
        for question in asked:
            start = time.perf_counter()
            vector = embed_query(embeddings, question)
            embedded = time.perf_counter()
            hits = index.nearest(vector, k=index.settings.top_clusters)
            retrieved = time.perf_counter()
            rank_experts(index.evidence(vector, hits), candidates=index.experts)
            selected = time.perf_counter()
            rows.append(
                [embedded - start, retrieved - embedded, selected - retrieved, selected - start]
            )
        whole = routed_by_the_graph(index, embeddings, asked)
        # The first questions warm the caches of torch and Chroma.
        times = 1e3 * np.array(rows[20:])
        print(f"{len(times)} questions of up to 40 words, {index.n_clusters} clusters")
        for name, column in zip(("embed", "retrieve", "select", "all"), times.T, strict=True):
            low, high = np.median(column), np.quantile(column, 0.95)
            print(f"{name:>9}  median {low:7.2f} ms   95% {high:7.2f} ms")
        rest = np.median(times[:, 1] + times[:, 2])
        print(f"{'not embed':>9}  median {rest:7.2f} ms")
        print("the three nodes in the graph, LangGraph's share included")
        for name, column in zip(("all", "not embed"), 1e3 * np.array(whole[20:]).T, strict=True):
            low, high = np.median(column), np.quantile(column, 0.95)
            print(f"{name:>9}  median {low:7.2f} ms   95% {high:7.2f} ms")


if __name__ == "__main__":
    main()
