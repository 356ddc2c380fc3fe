"""How a call of the chat model stands in its surroundings: its run, its tracers, its context.

A chat model called inside a LangGraph node finds that graph's configuration in a context
variable. The inner graph must not take that configuration for its own: it would see itself as a
subgraph, write into the parent's streams and save into its checkpointer. Callbacks are passed on
explicitly instead; every other context variable of the caller stays visible.
"""

import contextvars
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from langchain_core.callbacks import AsyncCallbackManager, BaseCallbackHandler, CallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, var_child_runnable_config
from langchain_core.tracers.base import AsyncBaseTracer, BaseTracer
from langchain_core.tracers.log_stream import LogStreamCallbackHandler
from langgraph.config import get_stream_writer

from avengers_graph.chat_model.usage_once import without_usage

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
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    inheritable_tags: list[str] = field(default_factory=list)
    inheritable_metadata: dict[str, Any] = field(default_factory=dict)
    calls: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closes what asynchronous readers of the run left open."""

    @classmethod
    def of(cls, manager: Any, *, run_id: UUID | None = None) -> "Run":
        """The run of a run manager, or of a callback manager and the id its run will have."""
        return cls(
            run_id=manager.run_id if run_id is None else run_id,
            handlers=manager.handlers,
            tags=manager.tags,
            metadata=manager.metadata,
            inheritable_tags=manager.inheritable_tags,
            inheritable_metadata=manager.inheritable_metadata,
        )

    @classmethod
    def of_stream(
        cls,
        managers: type[CallbackManager | AsyncCallbackManager],
        config: RunnableConfig | None,
        *,
        model: BaseChatModel,
    ) -> "tuple[RunnableConfig, Run]":
        """The configuration of a stream of ``model``, and the run that will come of it.

        The id is fixed and the callbacks are made here, so that what happens within the call is
        told to the same handlers, under the same run.
        """
        known = ensure_config(config)
        manager: Any = managers.configure(known.get("callbacks"))
        own = managers.configure(
            manager,
            model.callbacks,
            inheritable_tags=known.get("tags"),
            local_tags=model.tags,
            inheritable_metadata=known.get("metadata"),
            local_metadata=model.metadata,
        )
        run_id = known.get("run_id") or uuid4()
        fixed: RunnableConfig = {**known, "callbacks": manager, "run_id": run_id}
        return fixed, cls.of(own, run_id=run_id)

    def child_manager(self) -> AsyncCallbackManager:
        """Callbacks of the graph inside the call.

        The call's own run has the usage of all samples. Tracers hear of the experts' calls
        without any, so that whoever adds up a run tree counts each token once.
        """
        tracers = [without_usage(h) for h in self.handlers if _draws_the_tree(h)]
        return AsyncCallbackManager(
            handlers=tracers,
            inheritable_handlers=tracers,
            parent_run_id=self.run_id,
            tags=self.inheritable_tags,
            inheritable_tags=self.inheritable_tags,
            metadata=self.inheritable_metadata,
            inheritable_metadata=self.inheritable_metadata,
        )

    def tell(self, event: dict[str, Any]) -> None:
        """Dispatch an event of the engine as a custom event."""
        manager = CallbackManager(self.handlers, tags=self.tags, metadata=self.metadata)
        manager.on_custom_event(event["type"], event, run_id=self.run_id)

    async def atell(self, event: dict[str, Any]) -> None:
        """As ``tell``, for asynchronous handlers."""
        manager = AsyncCallbackManager(self.handlers, tags=self.tags, metadata=self.metadata)
        await manager.on_custom_event(event["type"], event, run_id=self.run_id)


def _draws_the_tree(handler: BaseCallbackHandler) -> bool:
    """Whether a handler is told of the calls within the call.

    A tracer shows them below the wrapper's run. Any other handler (a usage counter, a token
    printer, ``astream_events``) sees one call of one chat model: it would count usage twice,
    or print the tokens of the experts beside those of the answer.
    """
    return isinstance(handler, BaseTracer | AsyncBaseTracer) and not isinstance(
        handler, LogStreamCallbackHandler
    )


def context_apart() -> contextvars.Context:
    """The caller's context variables without those by which LangChain nests one run in another."""
    context = contextvars.copy_context()
    context.run(var_child_runnable_config.set, None)
    for variable, value in list(context.items()):
        # Handlers that LangChain finds there, as ``collect_runs`` puts them: the run has them.
        if isinstance(value, BaseCallbackHandler):
            context.run(variable.set, None)
    return context


def surrounding_writer() -> Callable[[Any], None] | None:
    """The custom stream of a LangGraph graph that the call is made in; None outside of one."""
    with suppress(RuntimeError, KeyError):
        return get_stream_writer()
    return None
