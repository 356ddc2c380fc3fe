"""A lock that does not outlive, in a child process, the thread that held it."""

import os
import threading
from types import TracebackType
from weakref import WeakSet

_locks: "WeakSet[ForkSafeLock]" = WeakSet()


class ForkSafeLock:
    """A lock, as a context manager, that a forked child finds open.

    A plain one that another thread holds at the moment of the fork stays locked in the child
    for ever: the thread that would release it is not there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Forget who holds it; for a child process that has just been forked."""
        self._lock = threading.Lock()


def _renew_all() -> None:
    for lock in list(_locks):
        lock.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_renew_all)
