"""What an embedder is, told by what it does: the rounded vectors of fixed probe texts.

A name would not do: the same weights come from the hub, a folder or a package, and one name
can hold other weights tomorrow.
"""

from typing import TYPE_CHECKING

import numpy as np

from avengers_graph.embedding.vectors import embed_texts

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

PROBES = (
    "What is 17 times 23?",
    "def reverse(words): return words[::-1]",
    "Wie heißt die Hauptstadt von Österreich? 奥地利的首都是哪里？",
)
DIGITS = 4
TOLERANCE = 5e-3
"""Largest difference of one coordinate between runs of the same weights: other hardware, other
kernels and half precision stay well below, other weights well above."""

Fingerprint = tuple[tuple[float, ...], ...]


def fingerprint(embeddings: "Embeddings") -> Fingerprint:
    """Unit vectors of the probe texts, rounded: ``len(PROBES)`` tuples of ``dim`` numbers.

    Raises:
        EmbeddingError: the embedder fails on the probes.
    """
    vectors = embed_texts(embeddings, PROBES)
    return tuple(tuple(round(float(value), DIGITS) + 0.0 for value in vector) for vector in vectors)


def same_embedder(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two fingerprints come from the same weights, up to ``TOLERANCE``."""
    if [len(vector) for vector in one] != [len(vector) for vector in other]:
        return False
    return bool(np.abs(np.array(one) - np.array(other)).max() <= TOLERANCE)
