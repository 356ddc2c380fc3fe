"""A chat model whose streams know the run they belong to."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any
from uuid import UUID, uuid4

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config

from avengers_graph.chat_model.runs import Run, as_current


class TracedChatModel(BaseChatModel):
    """Makes the run of a call the current one, also where ``BaseChatModel`` does not pass it on.

    ``stream`` and ``astream`` fix the id of their run beforehand, and configure its callbacks
    once, so that traces of the experts and progress events find it.
    """

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """See ``BaseChatModel.stream``."""
        config, run_id = _with_run_id(config)
        manager = CallbackManager.configure(config.get("callbacks"))
        config["callbacks"] = manager
        run = self._run(manager, run_id, config)
        chunks = super().stream(input, config, stop=stop, **kwargs)
        with closing(chunks):  # type: ignore[type-var]
            while True:
                with as_current(run):
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                yield chunk

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """See ``BaseChatModel.astream``."""
        config, run_id = _with_run_id(config)
        manager = AsyncCallbackManager.configure(config.get("callbacks"))
        config["callbacks"] = manager
        run = self._run(manager, run_id, config)
        chunks = super().astream(input, config, stop=stop, **kwargs)
        async with aclosing(chunks):  # type: ignore[type-var]
            while True:
                with as_current(run):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                yield chunk

    def _run(self, manager: Any, run_id: UUID, config: RunnableConfig) -> Run:
        """The run, with the handlers, tags and metadata of the model itself and of the call."""
        own = type(manager).configure(
            manager,
            self.callbacks,
            inheritable_tags=config.get("tags"),
            local_tags=self.tags,
            inheritable_metadata=config.get("metadata"),
            local_metadata=self.metadata,
        )
        return Run.of(own, run_id=run_id)

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with as_current(None if run_manager is None else Run.of(run_manager)):
            return super()._generate_with_cache(
                messages, stop=stop, run_manager=run_manager, **kwargs
            )

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with as_current(None if run_manager is None else Run.of(run_manager)):
            return await super()._agenerate_with_cache(
                messages, stop=stop, run_manager=run_manager, **kwargs
            )


def _with_run_id(config: RunnableConfig | None) -> tuple[RunnableConfig, UUID]:
    """A copy of the configuration that fixes the id of the run."""
    known = ensure_config(config)
    run_id = known.get("run_id") or uuid4()
    return {**known, "run_id": run_id}, run_id
