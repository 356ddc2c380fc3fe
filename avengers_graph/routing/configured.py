"""The index that an ``avengers.yaml`` names, with its embedder."""

from typing import TYPE_CHECKING

from avengers_graph.embedding import load_embeddings
from avengers_graph.routing.cluster_index import ClusterIndex

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from avengers_graph.config import AvengersConfig


def open_configured(config: "AvengersConfig") -> "tuple[ClusterIndex, Embeddings]":
    """Load the embedder, and open the index with it.

    Raises:
        ClusterIndexError: the index is missing, damaged, or of another embedder.
        EmbeddingError: the embedder cannot be loaded.
    """
    embeddings = load_embeddings(config.embedding.model)
    place = config.index
    index = ClusterIndex.open(place.path, host=place.host, port=place.port, embeddings=embeddings)
    return index, embeddings
