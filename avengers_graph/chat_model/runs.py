"""The run a call of the chat model is: where its traces nest, and who hears of its progress.

``BaseChatModel`` hands a run manager to ``_generate`` but none to ``_stream``; the run is kept
in a context variable for the latter.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackManager, BaseCallbackHandler, CallbackManager
from langchain_core.tracers.base import AsyncBaseTracer, BaseTracer
from langchain_core.tracers.log_stream import LogStreamCallbackHandler
from langgraph.config import get_stream_writer

EVENT_PREFIX = "avengers_"
"""Custom events are named by it and the type of the engine's event: ``avengers_sample_finished``.

The types are ``sample_started``, ``sample_finished``, ``sample_cancelled`` and ``failed_over``.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One call of the chat model, as callbacks know it."""

    run_id: UUID
    handlers: list[BaseCallbackHandler]
    """Everyone who hears of the call, and of its progress."""
    inheritable: list[BaseCallbackHandler]
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    inheritable_tags: list[str] = field(default_factory=list)
    inheritable_metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, manager: Any, *, run_id: UUID | None = None) -> "Run":
        """The run of a run manager, or of a callback manager and the id its run will have."""
        return cls(
            run_id=manager.run_id if run_id is None else run_id,
            handlers=manager.handlers,
            inheritable=manager.inheritable_handlers,
            tags=manager.tags,
            metadata=manager.metadata,
            inheritable_tags=manager.inheritable_tags,
            inheritable_metadata=manager.inheritable_metadata,
        )

    def child_manager(self) -> AsyncCallbackManager:
        """Callbacks of the graph inside the call."""
        tracers = [h for h in self.inheritable if draws_the_tree(h)]
        return AsyncCallbackManager(
            handlers=tracers,
            inheritable_handlers=tracers,
            parent_run_id=self.run_id,
            tags=self.inheritable_tags,
            inheritable_tags=self.inheritable_tags,
            metadata=self.inheritable_metadata,
            inheritable_metadata=self.inheritable_metadata,
        )

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """Dispatch a custom event."""
        CallbackManager(self.handlers, tags=self.tags, metadata=self.metadata).on_custom_event(
            name, data, run_id=self.run_id
        )

    async def atell(self, name: str, data: dict[str, Any]) -> None:
        """As ``tell``, for asynchronous handlers."""
        manager = AsyncCallbackManager(self.handlers, tags=self.tags, metadata=self.metadata)
        await manager.on_custom_event(name, data, run_id=self.run_id)


def draws_the_tree(handler: BaseCallbackHandler) -> bool:
    """Whether a handler is told of the calls within the call.

    A tracer shows them below the wrapper's run. Any other handler (a usage counter, a token
    printer, ``astream_events``) sees one call of one chat model: it would count usage twice,
    or print the tokens of the experts beside those of the answer.
    """
    return isinstance(handler, BaseTracer | AsyncBaseTracer) and not isinstance(
        handler, LogStreamCallbackHandler
    )


_current: ContextVar[Run | None] = ContextVar("avengers_chat_model_run", default=None)


def current_run() -> Run | None:
    """The run whose ``_stream`` is being read."""
    return _current.get()


@contextmanager
def as_current(run: Run | None) -> Iterator[None]:
    """Make a run the current one."""
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


def surrounding_writer() -> Callable[[Any], None] | None:
    """The custom stream of a LangGraph graph that the call is made in; None outside of one."""
    with suppress(RuntimeError, KeyError):
        return get_stream_writer()
    return None


def as_custom_event(event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and data of the custom event for an event of the engine; the same name is its type."""
    name = EVENT_PREFIX + event["type"]
    return name, {**event, "type": name}
