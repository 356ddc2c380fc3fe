"""Running the graph apart from a graph that surrounds the chat model.

A chat model called inside a LangGraph node finds that graph's configuration in a context
variable. The inner graph must not take it for its own: it would see itself as a subgraph,
write into the parent's streams and save into its checkpointer. Callbacks are passed on
explicitly instead, counters of usage stay outside (the wrapper's own message carries the sum
of all samples, and they would count it twice), and every other context variable of the caller
stays visible.
"""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.runnables.config import var_child_runnable_config

from avengers_graph.experts.owned_loop import Bridge

T = TypeVar("T")


def _context() -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(var_child_runnable_config.set, None)
    for variable, value in list(context.items()):
        # Set by ``get_usage_metadata_callback``, and picked up by every run that sees it.
        if isinstance(value, UsageMetadataCallbackHandler):
            context.run(variable.set, None)
    return context


@contextmanager
def outside() -> Iterator[Callable[..., Any]]:
    """A function that calls another one apart from the surrounding graph."""
    yield _context().run


async def outside_async(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` apart from the surrounding graph; cancelling the wait cancels it."""
    return await asyncio.create_task(work, context=_context())


def outside_iteration(source: AsyncIterator[T]) -> Generator[T, None, None]:
    """Read ``source`` from synchronous code, apart from the surrounding graph.

    It runs on the owned loop: closing this iterator cancels what it waits for, which a thread
    of a synchronous graph would sit out.
    """
    return iter(Bridge(source, context=_context()))


async def outside_stream(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Read ``source`` apart from the surrounding graph, in one task from beginning to end.

    Closing this iterator cancels that task and waits until it has let go of everything.
    """
    ended = object()
    items: asyncio.Queue[Any] = asyncio.Queue()

    async def pump() -> None:
        try:
            async for item in source:
                items.put_nowait(item)
        finally:
            items.put_nowait(ended)

    task = asyncio.create_task(pump(), context=_context())
    try:
        while (item := await items.get()) is not ended:
            yield item
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
