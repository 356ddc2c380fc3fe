"""Running the graph apart from a graph that surrounds the chat model.

A chat model called inside a LangGraph node finds that graph's configuration in a context
variable. The inner graph must not take it for its own: it would see itself as a subgraph,
write into the parent's streams and save into its checkpointer. Callbacks are passed on
explicitly instead; every other context variable of the caller stays visible.
"""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from typing import TypeVar, cast

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables.config import var_child_runnable_config

from avengers_graph.chat_model.runs import draws_the_tree
from avengers_graph.experts.owned_loop import Bridge

T = TypeVar("T")


def _context() -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(var_child_runnable_config.set, None)
    for variable, value in list(context.items()):
        # Handlers that LangChain finds in the context, such as ``get_usage_metadata_callback``.
        if isinstance(value, BaseCallbackHandler) and not draws_the_tree(value):
            context.run(variable.set, None)
    return context


def outside_stream(source: AsyncIterator[T]) -> Generator[T, None, None]:
    """Read ``source`` from synchronous code, apart from the surrounding graph.

    It runs on the owned loop: closing this iterator, or Ctrl-C, cancels what it waits for,
    which a thread of a synchronous graph would sit out.
    """
    return iter(Bridge(source, context=_context()))


async def outside_astream(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Read ``source`` apart from the surrounding graph, in one task from beginning to end.

    Closing this iterator cancels that task and waits until it has let go of everything.
    """
    ended = object()
    items: asyncio.Queue[T | object] = asyncio.Queue()

    async def pump() -> None:
        try:
            async for item in source:
                items.put_nowait(item)
        finally:
            items.put_nowait(ended)

    task = asyncio.create_task(pump(), context=_context())
    try:
        while (item := await items.get()) is not ended:
            yield cast("T", item)
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
