"""Sentence embeddings for routing: loading a model, embedding many texts, and its fingerprint."""

from avengers_graph.embedding.fingerprint import fingerprint, same_embedder
from avengers_graph.embedding.loading import DEFAULT_MODEL, load_embeddings, spec_of
from avengers_graph.embedding.vectors import embed_query, embed_texts

__all__ = [
    "DEFAULT_MODEL",
    "embed_query",
    "embed_texts",
    "fingerprint",
    "load_embeddings",
    "same_embedder",
    "spec_of",
]
