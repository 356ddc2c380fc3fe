"""The index of the demo: fitted once on the project's own calibration records."""

import hashlib
from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

from langchain_core.embeddings import Embeddings
from rich.console import Console

from avengers_graph.errors import ClusterIndexError
from avengers_graph.local.cache import cache_folder
from avengers_graph.records import read_records
from avengers_graph.routing import ClusterIndex

CLUSTERS = 16
"""For 300 questions; the paper finds the number flat between 14 and 140 for thousands."""


def demo_index(embeddings: Embeddings, *, console: Console) -> ClusterIndex:
    """Open the demo's index; fit it where that was not done yet."""
    folder = demo_index_folder()
    try:
        return ClusterIndex.open(folder, embeddings=embeddings)
    except ClusterIndexError:
        # Not fitted yet, left half way, or by an older version: the records are here, fit it.
        with _records_file() as source, console.status("fitting the index on our calibration"):
            records = read_records([source])
            return ClusterIndex.fit(records, embeddings, n_clusters=CLUSTERS, path=folder)


def demo_index_folder() -> Path:
    """A folder of its own for each content of the records: newer records are fitted anew."""
    with _records_file() as source:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    return cache_folder("demo-index") / digest


def _records_file() -> AbstractContextManager[Path]:
    return as_file(files("avengers_graph") / "data" / "records.jsonl")
