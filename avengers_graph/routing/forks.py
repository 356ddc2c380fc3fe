"""What is left of an index in a forked child: Chroma's threads do not survive a fork."""

import os
from typing import Any
from weakref import WeakValueDictionary

from avengers_graph.errors import ClusterIndexError

_opened: "WeakValueDictionary[tuple[str, int], Any]" = WeakValueDictionary()
"""Open indexes by place and by the process that opened them; a forked child inherits them."""
_started_in: int | None = None
"""Process in which an embedded Chroma was first opened."""


def refuse_after_fork() -> None:
    """Say so where opening an embedded Chroma would hang.

    Raises:
        ClusterIndexError: this is the child of a process that used it.
    """
    global _started_in
    if _started_in not in (None, os.getpid()):
        raise ClusterIndexError(
            "this process was forked from one that uses Chroma, and would hang; start workers "
            "with multiprocessing.get_context('spawn'), or open the index on a Chroma server"
        )
    _started_in = os.getpid()


def remember(index: Any, place: str) -> None:
    """Let forked children find an open index, as long as somebody holds it."""
    _opened[place, os.getpid()] = index


def inherited(place: str) -> Any | None:
    """The index a parent process had open there; None where this process was not forked."""
    for (at, opener), index in _opened.items():
        if at == place and opener != os.getpid():
            return index
    return None
