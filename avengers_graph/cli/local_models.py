"""Local models started for a command, and the index of their calibration records."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.routing import ClusterIndex

CLUSTERS = 16
"""For 300 questions; the paper finds the number flat between 14 and 140 for thousands."""


@contextmanager
def chosen_pool(
    *, config: Path | None, local: str | None, console: Console
) -> "Iterator[ExpertPool]":
    """A pool for the life of the block; local servers end with it."""
    from avengers_graph.experts.pool import ExpertPool

    if local is None:
        yield ExpertPool.from_yaml(config)
        return
    with local_pool(local, console=console) as pool:
        yield pool


@contextmanager
def local_pool(models: str, *, console: Console) -> "Iterator[ExpertPool]":
    """Real local models: ``default``, ``large``, or names, paths and hub files with commas."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.local import LocalServers, model_set

    names = model_set(models) if models in ("default", "large") else models.split(",")
    columns = (TextColumn("  {task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    bar = progress.add_task("starting local models", total=None)

    def report(message: str, done: float | None) -> None:
        total = None if done is None else 1.0
        progress.update(bar, description=message, total=total, completed=done or 0.0)

    with ExitStack() as stack:
        with progress:
            servers = stack.enter_context(LocalServers(names, on_progress=report))
        yield ExpertPool(servers.experts)


def demo_index(embeddings: "Embeddings", *, console: Console) -> "ClusterIndex":
    """Open the demo's index; fit it where that was not done yet."""
    from avengers_graph.errors import ClusterIndexError
    from avengers_graph.records import read_records
    from avengers_graph.routing import ClusterIndex

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
    from avengers_graph.local.cache import cache_folder

    with _records_file() as source:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    return cache_folder("demo-index") / digest


def _records_file() -> AbstractContextManager[Path]:
    return as_file(files("avengers_graph") / "data" / "records.jsonl")
