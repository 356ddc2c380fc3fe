"""One event loop in a background thread, on which every expert is called.

Slots, throttles and connections belong to one loop. Giving them their own lets synchronous
callers, callers inside a running loop (a notebook) and asynchronous callers share them, and
survives any number of ``asyncio.run``. A forked child gets a loop of its own, and finds the locks
that a thread of its parent held open.
"""

import asyncio
import contextvars
import os
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")


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

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Forget who holds it; for a child process that has just been forked."""
        self._lock = threading.Lock()


_locks: WeakSet[ForkSafeLock] = WeakSet()
_starting = ForkSafeLock()
_loop: asyncio.AbstractEventLoop | None = None


def _start_over() -> None:
    """A child inherits the loop and the locks, but not the threads that run and release them."""
    global _loop
    _loop = None
    for lock in list(_locks):
        lock.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_start_over)


def owned_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, started on first use."""
    global _loop
    with _starting:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="avengers-experts", daemon=True).start()
        return _loop


def submit(
    work: Coroutine[Any, Any, T], *, context: contextvars.Context | None = None
) -> "Future[T]":
    """Run ``work`` on the owned loop.

    It starts in an empty ``contextvars.Context`` unless it is given one: callbacks or
    configuration of the caller must be passed on purpose, never picked up by accident by an
    expert's call.
    """
    surroundings = contextvars.Context() if context is None else context
    return surroundings.run(asyncio.run_coroutine_threadsafe, work, owned_loop())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread, if one does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class _End:
    """Put last on a queue of items, with the error their source ended in, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


async def _pump(source: AsyncIterator[T], put: Callable[[T | _End], None]) -> None:
    try:
        async for item in source:
            put(item)
    except BaseException as error:
        put(_End(error))
        raise
    put(_End())


async def in_own_task(
    source: AsyncIterator[T], *, context: contextvars.Context
) -> AsyncGenerator[T, None]:
    """Read ``source`` on this loop, in one task of its own from beginning to end.

    The task runs in ``context``, whatever the context of each reader is. Closing this iterator
    cancels the task and waits until the task has let go of everything.
    """
    items: asyncio.Queue[T | _End] = asyncio.Queue()
    task = asyncio.create_task(_pump(source, items.put_nowait), context=context)
    try:
        while not isinstance(item := await items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Bridge(Generic[T]):
    """An async iterator running on the owned loop, read from any thread or any loop.

    Leaving the ``for`` early, by ``break``, an exception, a cancellation or Ctrl-C, cancels
    the work behind it. A reader on the owned loop itself has no thread to cross.
    """

    def __init__(
        self, source: AsyncIterator[T], *, context: contextvars.Context | None = None
    ) -> None:
        self._source = source
        self._context = context

    def __iter__(self) -> Generator[T, None, None]:
        if _running_loop() is owned_loop():
            raise RuntimeError(
                "a synchronous call on the loop of the experts would wait for itself for ever; "
                "await it there (ainvoke, astream), or make it in a thread (asyncio.to_thread)"
            )
        items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        future = submit(_pump(self._source, items.put), context=self._context)
        try:
            while not isinstance(item := items.get(), _End):
                yield item
            if item.error is not None:
                raise item.error
        finally:
            future.cancel()

    async def __aiter__(self) -> AsyncIterator[T]:
        here = asyncio.get_running_loop()
        if here is owned_loop():
            context = contextvars.Context() if self._context is None else self._context
            async with aclosing(in_own_task(self._source, context=context)) as own:
                async for item in own:
                    yield item
            return
        items: asyncio.Queue[T | _End] = asyncio.Queue()

        def put(item: T | _End) -> None:
            # A reader whose loop has closed is gone; there is nobody left to tell.
            if not here.is_closed():
                here.call_soon_threadsafe(items.put_nowait, item)

        future = submit(_pump(self._source, put), context=self._context)
        try:
            while not isinstance(got := await items.get(), _End):
                yield got
            if got.error is not None:
                raise got.error
        finally:
            future.cancel()
