"""Where a command's experts come from: a config file, or local models started for it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from avengers_graph.experts.pool import ExpertPool


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
