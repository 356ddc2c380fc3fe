"""What commands print with: numbers of things, and bars of progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 query``, ``2 queries``; ``many`` is ``one`` with an s unless given."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Bars on stderr, one for each kind of work; the callback that moves them."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:>10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def moved(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield moved
