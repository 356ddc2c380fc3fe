"""One expert as the engine sees it: a request in, sample texts and usage out.

Connections live here, once for each pool and key, and what was found out of the server: whether it
honours ``n``.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import openai
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from avengers_graph.errors import ExpertError, ExpertResponseError
from avengers_graph.experts.answers import counted
from avengers_graph.experts.chat_openai import (
    EndpointChat,
    api_key,
    endpoint_chat,
    request_headers,
)
from avengers_graph.experts.dialect import REFUSALS
from avengers_graph.experts.failures import as_expert_error, is_of_unknown_model, status_of
from avengers_graph.experts.limits import Limits
from avengers_graph.experts.model_list import PATIENCE, ModelList, listed_models
from avengers_graph.experts.model_objects import (
    ObjectManners,
    kept_with,
    object_chunks,
    object_client,
    with_kept_blocks,
    with_tools,
)
from avengers_graph.experts.prompt import for_expert
from avengers_graph.experts.redaction import secrets_in
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.experts.streamed_answer import as_message
from avengers_graph.settings.expert import Expert
from avengers_graph.settings.servers import ANY, SERVERS, server_of

_SHORTLY = 3.0
"""Seconds that an error waits for what its message may hold besides."""
_MAY_REFUSE = (404, 500, 501)
_IS_ABOUT_N = re.compile(r"(?<![\w'’])n(?![\w'’])|\bcompletion choice", re.IGNORECASE)
"""What others say with a status that may mean anything: OpenRouter, llama.cpp, TGI."""
_CREDENTIALS = re.compile(r"//[^/@\s']*@")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an expert."""

    messages: Sequence[BaseMessage]
    n: int
    temperature: float | None
    position: int = 0
    """How many samples of this expert the request asked for before."""
    params: dict[str, Any] = field(default_factory=dict)
    callbacks: Any = None
    stream: bool = False
    """Whether its chunks are wanted as they come; for one answer."""


OnChunk = Callable[[AIMessageChunk], None]
"""Hears each chunk of a request that goes out as a stream."""


class Caller(Protocol):
    """What the engine needs of an expert, real or replayed."""

    expert: Expert
    limits: Limits
    honours_n: bool
    """Whether one request may ask for several samples."""

    async def answer(self, call: Call, *, on_chunk: OnChunk) -> list[AIMessage]:
        """One request for ``call.n`` answers, as ``answers.counted`` leaves them.

        There are fewer where the server ignores ``n``, and none where it refuses ``n``:
        ``honours_n`` is False then, and the answers can be asked for one by one.

        Raises:
            ExpertError: whatever went wrong, without any secret.
        """
        ...

    async def aclose(self, *, in_flight: bool = False) -> None:
        """Close the connections; with ``in_flight``, once no call under way can need them."""
        ...


class ExpertCaller:
    """Sends requests to one expert. Belongs to the owned loop."""

    def __init__(
        self, expert: Expert, *, retry_policy: RetryPolicy, key: SecretStr | None = None
    ) -> None:
        self.expert = expert
        self._key = None if key is None else key.get_secret_value()
        if expert.api_key_env:
            self._key = api_key(expert)
        held = secrets_in([expert.llm, expert.extra_body, {"headers": request_headers(expert)}])
        self._secrets = held if self._key is None else (self._key, *held)
        server = server_of(expert.server, expert.base_url or "")
        row = ANY if server is None else SERVERS[server]
        self._streams_only = expert.stream_requests or row.streams_only
        self.limits = Limits(expert, key=self._key, retry_policy=retry_policy)
        self.honours_n = expert.llm is None and "n" in expert.supports
        self._manners = ObjectManners.of(expert.llm)
        self._http: Any = None
        self._clients: dict[bool, BaseChatModel] = {}
        self._models: ModelList | None = None
        self._listing = asyncio.Lock()

    def client(self, *, streaming: bool) -> BaseChatModel:
        """The chat model behind the expert; connections are shared by both forms."""
        if streaming not in self._clients:
            self._clients[streaming] = self._make_client(streaming=streaming)
        return self._clients[streaming]

    def _make_client(self, *, streaming: bool) -> BaseChatModel:
        if self.expert.llm is not None:
            return object_client(
                self.expert.llm,
                streaming=streaming,
                with_temperature=self._manners.takes_temperature,
            )
        if self._http is None:
            self._http = _http_client(self.expert.timeout)
        return endpoint_chat(self.expert, streaming=streaming, http=self._http, key=self._key)

    async def answer(self, call: Call, *, on_chunk: OnChunk) -> list[AIMessage]:
        """One request for ``call.n`` answers; none where the server refuses ``n``."""
        manners = self._manners
        try:
            if call.n == 1 and manners.knows_async and (call.stream or self._streams_only):
                return [await self._streamed(call, on_chunk=on_chunk)]
            return await self._sent(call)
        except Exception as error:  # noqa: BLE001 - any failure of a call is an outcome
            if call.n > 1 and _refuses_n(error):
                self.honours_n = False
                return []
            failure = None
            # By what this request was sent with: another one may have learned it meanwhile.
            milder = manners.after(error)
            if milder is None:
                asked = self.expert.llm is None and is_of_unknown_model(error)
                served = await self._served() if asked else ()
                failure = as_expert_error(error, self.expert, secrets=self._secrets, served=served)
        if failure is None:
            if milder is not None and milder != self._manners:
                self._manners = milder
                self._clients.clear()
            return await self.answer(call, on_chunk=on_chunk)
        raise failure  # outside of the block: the client's error holds the request with its key

    async def models(self) -> ModelList:
        """What the endpoint lists; asked once.

        Raises:
            ExpertError: it cannot be asked, or answers with no list of models.
        """
        try:
            async with self._listing:
                if self._models is None:
                    self._models = await listed_models(self._endpoint())
                return self._models
        except Exception as error:  # noqa: BLE001 - as in ``answer``
            failure = as_expert_error(error, self.expert, secrets=self._secrets)
        raise failure

    async def _served(self) -> tuple[str, ...]:
        """The names of what the endpoint lists, for a message; none where it does not say them."""
        try:
            async with asyncio.timeout(_SHORTLY):
                return (await self.models()).names
        except (ExpertError, TimeoutError):
            self._models = ModelList((), frozenset())
            return ()

    async def told(self, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What the server says beside OpenAI's protocol; nothing where it does not know the path.

        Args:
            path: from the root of the server, as ``/props``.
            body: makes it a POST.
        """
        root = str(self.expert.base_url).rstrip("/").removesuffix("/v1")
        client = self._endpoint().with_options(timeout=PATIENCE, max_retries=0)
        try:
            if body is None:
                said = await client.get(root + path, cast_to=object)
            else:
                said = await client.post(root + path, cast_to=object, body=body)
        except (openai.OpenAIError, ValueError):
            return {}
        return said if isinstance(said, Mapping) else {}

    def _endpoint(self) -> openai.AsyncOpenAI:
        """The client beneath the chat model of an expert that has a ``base_url``."""
        chat = self.client(streaming=False)
        assert isinstance(chat, EndpointChat)
        return cast("openai.AsyncOpenAI", chat.root_async_client)

    async def _sent(self, call: Call) -> list[AIMessage]:
        started = time.monotonic()
        prompt = self._prompt(call)
        model, arguments = self._bound(call, streaming=False)
        if call.n > 1:
            arguments["n"] = call.n
        run: dict[str, Any] = {
            "callbacks": call.callbacks,
            "tags": ["nostream"],
            "metadata": {"avengers_expert": self.expert.name},
            "run_name": self.expert.name,
        }
        async with asyncio.timeout(self.expert.timeout):
            if self._manners.knows_async:
                result = await model.agenerate([prompt], **run, **arguments)
            else:
                result = await asyncio.to_thread(model.generate, [prompt], **run, **arguments)
        generations = [g for g in result.generations[0] if isinstance(g, ChatGeneration)]
        messages = [g.message for g in generations if isinstance(g.message, AIMessage)]
        if not messages:
            raise ExpertResponseError(
                f"{self.expert.base_url or self.expert.provider} answered without choices "
                f"after {time.monotonic() - started:.1f} s",
                is_retryable=True,
            )
        if self.expert.llm is not None:
            messages = [kept_with(message, self.expert.provider) for message in messages]
        return counted(messages, prompt=prompt)

    async def _streamed(self, call: Call, *, on_chunk: OnChunk) -> AIMessage:
        prompt = self._prompt(call)
        whole: AIMessageChunk | None = None
        async with aclosing(self._chunks(call, prompt)) as chunks:
            async for chunk in chunks:
                whole = chunk if whole is None else whole + chunk
                on_chunk(chunk)
        if whole is None:
            raise ExpertError(f"{self.expert.name} ended its stream without a chunk")
        return counted([as_message(whole)], prompt=prompt)[0]

    async def _chunks(
        self, call: Call, prompt: list[BaseMessage]
    ) -> AsyncGenerator[AIMessageChunk]:
        model, arguments = self._bound(call, streaming=True)
        config: Any = {
            "callbacks": call.callbacks,
            "tags": ["nostream"],
            "metadata": {"avengers_expert": self.expert.name},
            "run_name": self.expert.name,
        }
        chunks: Any = model.astream(prompt, config, **arguments)
        if self.expert.llm is not None:
            chunks = object_chunks(chunks, model=model, provider=self.expert.provider)
        async with asyncio.timeout(self.expert.timeout), aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    def _prompt(self, call: Call) -> list[BaseMessage]:
        prompt = for_expert(call.messages, self.expert)
        return with_kept_blocks(prompt, self.expert.provider) if self.expert.llm else prompt

    def _bound(self, call: Call, *, streaming: bool) -> tuple[BaseChatModel, dict[str, Any]]:
        """The model to call and its keyword arguments, tools bound in its own way."""
        model, params = self.client(streaming=streaming), dict(call.params)
        arguments: dict[str, Any] = {}
        if call.temperature is not None and self._manners.takes_temperature:
            arguments["temperature"] = call.temperature
        max_tokens = params.pop("max_tokens", self.expert.max_tokens)
        if max_tokens is not None:
            arguments["max_tokens"] = max_tokens
        extra = {**self.expert.extra_body, **params.pop("extra_body", {})}
        if extra:
            arguments["extra_body"] = extra
        if isinstance(model, BaseChatOpenAI) and "response_format" in params:
            # As a parameter of its own the client would parse the answer, and raise where we
            # want a sample that abstains.
            arguments.setdefault("extra_body", {})["response_format"] = params.pop(
                "response_format"
            )
        if self.expert.llm is not None and "tools" in params:
            model, bound = with_tools(model, params.pop("tools"), params.pop("tool_choice", None))
            arguments |= bound
        return model, {**arguments, **params}

    async def aclose(self, *, in_flight: bool = False) -> None:
        """Close the connections; with ``in_flight``, once no call under way can need them.

        The next call opens new ones.
        """
        http, self._http = self._http, None
        self._clients.clear()
        if http is not None and in_flight:
            await asyncio.sleep(self.expert.timeout)  # no call takes longer
        if http is not None:
            await http.aclose()


def _refuses_n(error: Exception) -> bool:
    """Whether a request for several answers was refused because it asked for several."""
    status = status_of(error)
    return status in REFUSALS or (
        status in _MAY_REFUSE and _IS_ABOUT_N.search(str(error)) is not None
    )


def _http_client(timeout: float) -> Any:
    """Connections to an endpoint.

    Raises:
        ExpertError: the environment names a proxy that cannot be used.
    """
    try:
        return openai.DefaultAsyncHttpxClient(timeout=timeout)
    except (ValueError, ImportError) as error:
        told = _CREDENTIALS.sub("//", str(error))
        raise ExpertError(
            f"the proxy that the environment sets cannot be used ({told}); give ALL_PROXY, "
            "HTTPS_PROXY and HTTP_PROXY a URL that begins with http://, https:// or socks5:// "
            "(which needs `pip install socksio`), or unset them"
        ) from None
