"""``ChatAvengers``."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel, LanguageModelInput, ModelProfile
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict, Field, PrivateAttr, SecretStr, ValidationError
from typing_extensions import Unpack

from avengers_graph.chat_model.keywords import ConfigKeywords, ModelKeywords
from avengers_graph.chat_model.profile import pool_profile
from avengers_graph.chat_model.settings import (
    NOT_OURS,
    RUN,
    constructor_fields,
    pool_of,
    refuse_unknown,
    resolved_context,
)
from avengers_graph.chat_model.stream import Call, Graph
from avengers_graph.chat_model.structured import (
    Method,
    Schema,
    best_method,
    call_keywords,
    capabilities_of,
    output_parser,
    traced_keywords,
    with_parser,
    with_reader,
)
from avengers_graph.chat_model.tools import (
    AnyTool,
    openai_keywords,
    openai_tool_choice,
    openai_tools,
)
from avengers_graph.chat_model.traces import Run
from avengers_graph.errors import ConfigError, describe
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import estimated_tokens
from avengers_graph.graph import create_avengers_graph, index_of_config
from avengers_graph.plans import Plan, make_plan
from avengers_graph.routing import ClusterIndex
from avengers_graph.settings.config import load_config
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert
from avengers_graph.types import RankedExpert

_OWN_SETTINGS = ("strategy", "samples", "temperature", "max_tokens", "stop", "deadline", "retries")
"""Settings and parameters that are fields of the model as well."""


class ChatAvengers(BaseChatModel):
    """Several experts behind one chat model.

    Besides the fields below, every field of ``Context`` and every parameter that experts are
    passed can be given here, as a default, and with each call. An unknown one is an error.

    Example:
        ::

            llm = ChatAvengers(models=[ChatOpenAI(...), ChatOllama(...)])  # before any records
            llm = ChatAvengers.from_config("avengers.yaml", samples=8)
            answer = llm.invoke("What is 17 * 23?")
            print_vote(answer)  # verbose=True prints the vote on every answer
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, populate_by_name=True)

    pool: ExpertPool = Field(exclude=True)
    index: ClusterIndex | None = Field(exclude=True)
    embeddings: Embeddings | None = Field(exclude=True)
    defaults: Context = Context()
    """Settings of every call; the fields below and the keywords of a call come before them."""

    plans: dict[str, Plan] = Field(default_factory=dict)
    """Strategies of your own, by name."""

    model_name: str = Field(default="avengers", alias="model")
    """What the answers call their model."""
    strategy: str | None = None
    samples: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stop: list[str] | str | None = None
    deadline: float | None = Field(default=None, alias="timeout")
    """Seconds for a whole request; what is there by then is voted on."""
    retries: int | None = Field(default=None, alias="max_retries")
    """Further tries of a call after a failure that may pass; None: each expert's own number."""
    api_key: SecretStr | None = Field(default=None, exclude=True)
    """Key for the endpoints whose expert names no ``api_key_env``."""
    streaming: bool | None = None
    """Whether ``invoke`` streams inside too, so that callbacks hear tokens; None: when asked."""

    _graph: Graph = PrivateAttr()
    _pool: ExpertPool = PrivateAttr()

    def __init__(
        self,
        *,
        models: Sequence[BaseChatModel | Expert] | None = None,
        pool: ExpertPool | None = None,
        index: ClusterIndex | None = None,
        embeddings: Embeddings | None = None,
        **settings: Unpack[ModelKeywords],
    ) -> None:
        """See the class.

        Args:
            models: the experts as chat model objects, named by their models.
            pool: the experts, instead of ``models``.
            index: the fitted clusters; None begins without, see ``Context.unranked``.
            embeddings: what the index was fitted with; None loads that.
            settings: fields of the class, fields of ``Context`` and parameters of the experts.

        Raises:
            ConfigError: no experts, an unknown keyword, or a value that no call could run with.
        """
        parts = {"pool": pool_of(models, pool), "index": index, "embeddings": embeddings}
        given = {**parts, **settings}
        try:
            super().__init__(**constructor_fields(given, fields=type(self).model_fields))
        except ValidationError as error:
            raise ConfigError(describe(error)) from error
        context = self._context({}, stop=None, stream=False)
        make_plan(context.strategy, samples=1, top_experts=1, own=self.plans)

    def model_post_init(self, context: Any, /) -> None:
        """Compile the graph; it holds no state between calls."""
        super().model_post_init(context)
        self._build()

    def _build(self) -> None:
        self._pool = self.pool if self.api_key is None else self.pool.with_key(self.api_key)
        # Without False the graph would save into the checkpointer of a surrounding graph.
        self._graph = create_avengers_graph(
            pool=self._pool,
            index=self.index,
            embeddings=self.embeddings,
            checkpointer=False,
            plans=self.plans,
        )

    @classmethod
    def from_config(
        cls, path: str | Path | None = None, **settings: Unpack[ConfigKeywords]
    ) -> Self:
        """A model from an ``avengers.yaml`` (AVENGERS_CONFIG, else ./avengers.yaml).

        ``settings`` are what the constructor takes, and override the file's.

        Raises:
            ConfigError: the file or a setting is wrong.
            ClusterIndexError: the index is missing, damaged, or of another embedder.
        """
        config = load_config(path)
        constructor_fields(settings, fields=cls.model_fields)
        index, embeddings = index_of_config(config)
        given: dict[str, Any] = {
            "pool": ExpertPool(config.experts),
            "index": index,
            "embeddings": embeddings,
            "defaults": config.defaults,
            "plans": config.plans,
            **settings,
        }
        return cls(**given)

    # -- what it is -------------------------------------------------------------------------

    @property
    def _llm_type(self) -> str:
        return "avengers"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        """What tells one configuration from another; part of the key of an answer cache."""
        return {
            "model_name": self.model_name,
            "pool": self.pool.identity(),
            "index_generation": None if self.index is None else self.index.generation,
            "plans": {name: plan.model_dump(mode="json") for name, plan in self.plans.items()},
            "context": self._context({}, stop=None, stream=False).model_dump(mode="json"),
        }

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        return super()._get_invocation_params(stop=stop, **traced_keywords(kwargs))

    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        return super()._get_llm_string(stop=stop, **traced_keywords(kwargs))

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        """What LangSmith files a call under: the settings it really runs with."""
        context = self._context({}, stop=stop, stream=False)
        given = {"temperature": context.temperature, **context.params, **kwargs}
        return super()._get_ls_params(**{**given, "stop": given.get("stop")})

    def _resolve_model_profile(self) -> ModelProfile:
        return pool_profile(self.pool)

    def _combine_llm_outputs(self, llm_outputs: list[dict[str, Any] | None], /) -> dict[str, Any]:
        """The usage of several calls; streamed ones have no output."""
        usage: Counter[str] = Counter()
        for output in llm_outputs:
            usage.update(output["token_usage"] if output else {})
        return {"token_usage": dict(usage), "model_name": self.model_name}

    # -- what it is bound to ----------------------------------------------------------------

    def bind_tools(
        self,
        tools: Sequence[AnyTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to every expert that supports them; the majority's call wins.

        Args:
            tool_choice: a tool's name, ``any`` (or True), ``auto``, ``none``, or as OpenAI has it.
            strict: asks servers that can to keep to the tools' schemas.

        Raises:
            ConfigError: ``tool_choice`` names a tool that is not there, a keyword is unknown, or
                no expert supports tools.
        """
        formatted = openai_tools(tools, strict=strict)
        choice = openai_tool_choice(tool_choice, formatted)
        refuse_unknown(kwargs)
        if formatted:
            self.pool.check_supports("tools")
        extra = kwargs if choice is None else {"tool_choice": choice, **kwargs}
        return self.bind(tools=formatted, **extra)

    def with_structured_output(
        self,
        schema: Schema,
        *,
        method: Method | None = None,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as instances of ``schema``; samples vote as the objects they parse to.

        Args:
            schema: a pydantic class, a TypedDict, or a JSON or OpenAI schema.
            method: ``function_calling``, ``json_schema`` or ``json_mode``; None takes what most
                experts of the pool support, the earlier of these on a tie.
            include_raw: whether to return a dict of ``raw``, ``parsed`` and ``parsing_error``.
            strict: asks servers that can to keep to the schema.
            kwargs: settings and parameters of the calls.

        Raises:
            ConfigError: an unknown method or keyword, or one that no expert supports.
        """
        refuse_unknown(kwargs)
        chosen = method or best_method(expert.supports for expert in self.pool)
        keywords = call_keywords(schema, method=chosen, strict=strict)
        self.pool.check_supports(*capabilities_of(method))
        described = {"kwargs": {"method": chosen, "strict": strict}, "schema": schema}
        llm = self.bind(
            **keywords, response_schema=schema, ls_structured_output_format=described, **kwargs
        )
        return with_parser(llm, output_parser(schema, method=chosen), include_raw=include_raw)

    def ranked_experts(self, input: LanguageModelInput, **kwargs: Any) -> list[RankedExpert]:  # noqa: A002 - LangChain's name
        """Who would be asked, best first; nobody is.

        Args:
            input: as ``invoke`` takes.
            kwargs: settings and parameters of the call.

        Raises:
            ConfigError: no expert can take the request, or a keyword is unknown.
        """
        messages = self._convert_input(input).to_messages()
        return self._call(messages, None, None, kwargs).ranking()

    # -- one call ---------------------------------------------------------------------------

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """See ``BaseChatModel.stream``."""
        config, run = Run.of_stream(CallbackManager, config, model=self)
        return super().stream(input, config, stop=stop, **{**kwargs, RUN: run})

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """See ``BaseChatModel.astream``."""
        config, run = Run.of_stream(AsyncCallbackManager, config, model=self)
        chunks = super().astream(input, config, stop=stop, **{**kwargs, RUN: run})
        # ``BaseChatModel`` leaves the call within to be closed some time after a reader left.
        async with run.calls, aclosing(chunks):  # type: ignore[type-var]
            async for chunk in chunks:
                yield chunk

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """With the run for ``_stream``, which ``invoke`` reads where callbacks hear tokens."""
        run = None if run_manager is None else Run.of(run_manager)
        return super()._generate_with_cache(messages, stop, run_manager, **{**kwargs, RUN: run})

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """As ``_generate_with_cache``, with an asynchronous cache."""
        run = None if run_manager is None else Run.of(run_manager)
        given = {**kwargs, RUN: run}
        return await super()._agenerate_with_cache(messages, stop, run_manager, **given)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, stop, run_manager, kwargs)
        for _ in call:
            pass
        return call.result()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, stop, run_manager, kwargs)
        async for _ in call:
            pass
        return call.result()

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        return iter(self._call(messages, stop, run_manager, kwargs, stream=True))

    def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        return aiter(self._call(messages, stop, run_manager, kwargs, stream=True))

    def _call(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: Any,
        given: Mapping[str, Any],
        *,
        stream: bool = False,
    ) -> Call:
        """A call's settings: its keywords over the fields over the defaults."""
        keywords = openai_keywords({name: given[name] for name in given if name not in NOT_OURS})
        name = keywords.pop("model", None) or keywords.pop("model_name", None)
        keywords, reader = with_reader(keywords)
        context = self._context(keywords, stop=stop, stream=stream)
        if reader is not None:
            context = context.model_copy(update={"parse_sample": reader})
        return Call(
            graph=self._graph,
            messages=messages,
            context=context,
            name=name or self.model_name,
            run=given.get(RUN) if run_manager is None else Run.of(run_manager),
            manager=run_manager,
            verbose=self.verbose,
        )

    def _context(
        self, given: Mapping[str, Any], *, stop: list[str] | None, stream: bool
    ) -> Context:
        own = {name: getattr(self, name) for name in _OWN_SETTINGS}
        context = resolved_context(self.defaults, own, {"stop": stop}, given, stream=stream)
        for name in context.named_experts:
            _ = self.pool[name]
        return context

    def get_num_tokens(self, text: str) -> int:
        """Tokens by length, about four characters each: the experts' tokenizers differ."""
        return estimated_tokens([HumanMessage(text)])

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Tokens by length, as those that the pool's ``context_length`` is checked with."""
        return estimated_tokens(messages)

    # -- lifetime ---------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """A copy that shares pool, index and embedder, as every copy does."""
        return self.__copy__()

    def __getstate__(self) -> dict[Any, Any]:
        """Without the compiled graph: whoever unpickles this compiles it anew.

        Raises:
            ConfigError: there is an ``api_key``; keys travel in the environment only.
        """
        if self.api_key is not None:
            raise ConfigError(
                "a model with api_key cannot be pickled, as the key would be in the pickle; "
                "name the key's environment variable in each expert's api_key_env instead"
            )
        return {**super().__getstate__(), "__pydantic_private__": None}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        self._build()

    def close(self) -> None:
        """Close the experts' connections; they open again when they are needed."""
        self._pool.close()

    async def aclose(self) -> None:
        """As ``close``, for asynchronous callers."""
        await self._pool.aclose()
