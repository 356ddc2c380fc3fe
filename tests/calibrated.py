"""A small embedder, an index fitted with it, and questions for both."""

import re
import zlib
from pathlib import Path

from langchain_core.embeddings import Embeddings

from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex

DIM = 48
EXPERTS = ("alpha", "beta", "gamma")
SUM = "What is 6 plus 7?"
CAPITAL = "Which city is the capital of France?"


class WordEmbeddings(Embeddings):
    """Each word counts in one of ``DIM`` places: texts with words in common lie near."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = [0.01] * DIM
        for word in re.findall(r"[a-z]+", text.lower()):
            vector[zlib.crc32(word.encode()) % DIM] += 1.0
        return vector


def records() -> list[Record]:
    """alpha is good at sums, beta at capitals, gamma second at both."""
    sums = [f"What is {a} plus {b}?" for a in range(12) for b in (3, 8)]
    places = ["Spain", "Japan", "Peru", "Kenya", "Chile", "Norway", "Ghana", "Laos"]
    capitals = [f"Which city is the capital of {place}?" for place in places * 3]
    scores = {
        "sums": dict(zip(EXPERTS, (0.9, 0.1, 0.5), strict=True)),
        "capitals": dict(zip(EXPERTS, (0.1, 0.9, 0.5), strict=True)),
    }
    return [
        Record(query=query, dataset=name, scores=scores[name], id=f"{name}-{number}")
        for name, queries in (("sums", sums), ("capitals", capitals))
        for number, query in enumerate(queries)
    ]


def fitted(folder: Path) -> ClusterIndex:
    """The index of ``records``."""
    return ClusterIndex.fit(records(), WordEmbeddings(), n_clusters=2, path=folder)
