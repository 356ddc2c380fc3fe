"""``ChatAvengers``."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, Self

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
    UsageMetadataCallbackHandler,
)
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph.state import CompiledStateGraph
from pydantic import ConfigDict, Field, PrivateAttr

from avengers_graph.chat_model.chunks import answer_chunks, last_chunk, token_chunk
from avengers_graph.chat_model.isolation import (
    outside,
    outside_async,
    outside_iteration,
    outside_stream,
)
from avengers_graph.chat_model.settings import resolved_context
from avengers_graph.embedding import load_embeddings
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.graph import create_avengers_graph
from avengers_graph.index import ClusterIndex
from avengers_graph.settings.config import load_config
from avengers_graph.settings.context import Context
from avengers_graph.settings.plan import PlanSpec


class ChatAvengers(BaseChatModel):
    """Several experts behind one chat model.

    Example:
        ::

            llm = ChatAvengers.from_config("avengers.yaml", samples=8)
            answer = llm.invoke("What is 17 * 23?")
            answer.response_metadata["avengers"]["tally"]
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, populate_by_name=True)

    pool: ExpertPool = Field(exclude=True)
    index: ClusterIndex = Field(exclude=True)
    embeddings: Embeddings = Field(exclude=True)
    defaults: Context = Context()
    """Settings of every call; the fields below and the keywords of a call come before them."""

    plans: dict[str, PlanSpec] = Field(default_factory=dict)
    """Strategies of your own, by name."""

    model_name: str = Field("avengers", alias="model")
    """What the answers call their model."""
    strategy: str | None = None
    samples: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None
    deadline: float | None = Field(None, alias="timeout")
    """Seconds for a whole request; what is there by then is voted on."""

    _graph: CompiledStateGraph[Any, Context, Any, Any] = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Compile the graph; it holds no state between calls."""
        super().model_post_init(context)
        # Without False the graph would save into the checkpointer of a surrounding graph.
        self._graph = create_avengers_graph(
            pool=self.pool,
            index=self.index,
            embeddings=self.embeddings,
            checkpointer=False,
            plans={name: spec.to_plan(name) for name, spec in self.plans.items()},
        )

    @classmethod
    def from_config(cls, path: str | Path | None = None, **settings: Any) -> Self:
        """A model from an ``avengers.yaml`` (AVENGERS_CONFIG, else ./avengers.yaml).

        ``settings`` are fields of this class or of ``Context`` and override the file's.

        Raises:
            ConfigError: the file or a setting is wrong.
            ClusterIndexError: the index is missing, damaged, or of another embedder.
        """
        config = load_config(path)
        embeddings = load_embeddings(config.embedding.model)
        index = ClusterIndex.open(
            config.index.path, host=config.index.host, port=config.index.port, embeddings=embeddings
        )
        own = {
            n: v for n, v in settings.items() if n in cls.model_fields or n in ("model", "timeout")
        }
        rest = {n: v for n, v in settings.items() if n not in own}
        defaults = resolved_context(config.defaults, rest, stream=False)
        return cls(
            pool=ExpertPool(config.experts),
            index=index,
            embeddings=embeddings,
            **{"defaults": defaults, "plans": config.plans, **own},
        )

    @property
    def _llm_type(self) -> str:
        return "avengers"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        """What tells one configuration from another; part of the key of an answer cache."""
        return {
            "model_name": self.model_name,
            "pool": [expert.model_dump(mode="json") for expert in self.pool],
            "index_generation": self.index.generation,
            "plans": {name: spec.model_dump(mode="json") for name, spec in self.plans.items()},
            "context": self._context({}, stop=None, stream=False).model_dump(mode="json"),
        }

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to every expert that supports them; the majority's call wins."""
        formatted = [convert_to_openai_tool(tool) for tool in tools]
        choice = _openai_tool_choice(tool_choice, formatted)
        extra = kwargs if choice is None else {"tool_choice": choice, **kwargs}
        return self.bind(tools=formatted, **extra)

    # -- one call ---------------------------------------------------------------------------

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        context, name = self._request(kwargs, stop=stop, stream=False)
        config: RunnableConfig = {"callbacks": _child_manager(run_manager)}
        with outside() as run:
            state = run(self._graph.invoke, {"messages": messages}, config, context=context)
        return _result(state["messages"][-1], name)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        context, name = self._request(kwargs, stop=stop, stream=False)
        config: RunnableConfig = {"callbacks": _async_child_manager(run_manager)}
        work = self._graph.ainvoke({"messages": messages}, config, context=context)
        state = await outside_async(work)
        return _result(state["messages"][-1], name)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        context, name = self._request(kwargs, stop=stop, stream=True)
        config: RunnableConfig = {"callbacks": _async_child_manager(run_manager)}
        told = _Telling(name)
        source = self._graph.astream({"messages": messages}, config, **_STREAM, context=context)
        with closing(outside_iteration(source)) as events:
            for item in events:
                for chunk in told.on(item):
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        for chunk in told.at_the_end():
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        context, name = self._request(kwargs, stop=stop, stream=True)
        config: RunnableConfig = {"callbacks": _async_child_manager(run_manager)}
        told = _Telling(name)
        source = self._graph.astream({"messages": messages}, config, **_STREAM, context=context)
        async with aclosing(outside_stream(source)) as events:
            async for item in events:
                for chunk in told.on(item):
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        for chunk in told.at_the_end():
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    # -- what a call runs with --------------------------------------------------------------

    def _request(
        self, given: dict[str, Any], *, stop: list[str] | None, stream: bool
    ) -> tuple[Context, str]:
        """The run's settings, and the name its answer carries."""
        given = dict(given)
        name = given.pop("model", None) or given.pop("model_name", None) or self.model_name
        return self._context(given, stop=stop, stream=stream), name

    def _context(self, given: dict[str, Any], *, stop: list[str] | None, stream: bool) -> Context:
        own = {
            "strategy": self.strategy,
            "samples": self.samples,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "stop": stop if stop is not None else self.stop,
            "deadline": self.deadline,
        }
        aliased = {"deadline" if n == "timeout" else n: v for n, v in given.items()}
        return resolved_context(self.defaults, {**own, **aliased}, stream=stream)

    # -- lifetime ---------------------------------------------------------------------------

    def close(self) -> None:
        """Close the experts' connections."""
        self.pool.close()

    async def aclose(self) -> None:
        """As ``close``, for asynchronous callers."""
        await self.pool.aclose()


_STREAM: dict[str, Any] = {"stream_mode": ["custom", "values"]}


class _Telling:
    """Turns the graph's stream into chunks: tokens as they come, or the winner at the end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._heard = False
        self._state: dict[str, Any] = {}

    def on(self, item: tuple[str, Any]) -> Iterator[ChatGenerationChunk]:
        """The chunks one item of the stream gives at once."""
        mode, value = item
        if mode == "values":
            self._state = value
        elif value["type"] == "sample_token":
            self._heard = True
            yield token_chunk(value)

    def at_the_end(self) -> Iterator[ChatGenerationChunk]:
        """What is left to say when the graph has ended."""
        message = _named(self._state["messages"][-1], self._name)
        if not self._heard:
            yield from answer_chunks(message)
        yield last_chunk(message)


def _named(message: AIMessage, name: str) -> AIMessage:
    """The answer under the name its caller gave the model."""
    metadata = {**message.response_metadata, "model_name": name}
    return message.model_copy(update={"response_metadata": metadata})


def _result(message: AIMessage, name: str) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=_named(message, name))])


def _inherited(run_manager: Any) -> dict[str, Any]:
    """What the inner run takes over from the wrapper's, so that traces nest.

    Counters of usage stay outside: the wrapper's own message carries the sum of all samples,
    and they would count it twice.
    """
    handlers = [
        h
        for h in run_manager.inheritable_handlers
        if not isinstance(h, UsageMetadataCallbackHandler)
    ]
    return {
        "handlers": [],
        "inheritable_handlers": handlers,
        "parent_run_id": run_manager.run_id,
        "inheritable_tags": run_manager.inheritable_tags,
        "inheritable_metadata": run_manager.inheritable_metadata,
    }


def _child_manager(run_manager: CallbackManagerForLLMRun | None) -> CallbackManager | None:
    return None if run_manager is None else CallbackManager(**_inherited(run_manager))


def _async_child_manager(
    run_manager: AsyncCallbackManagerForLLMRun | CallbackManagerForLLMRun | None,
) -> AsyncCallbackManager | None:
    return None if run_manager is None else AsyncCallbackManager(**_inherited(run_manager))


def _openai_tool_choice(choice: Any, tools: list[dict[str, Any]]) -> Any:
    """A tool choice as OpenAI-compatible servers take it."""
    if choice is True or choice == "any":
        return "required"
    names = [tool["function"]["name"] for tool in tools if "function" in tool]
    if isinstance(choice, str) and choice in names:
        return {"type": "function", "function": {"name": choice}}
    return choice or None
