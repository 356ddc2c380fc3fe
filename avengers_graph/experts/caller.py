"""One expert as the engine sees it: a request in, sample texts and usage out.

Everything that limits an expert lives here once per process: its throttle, its cap on
requests in flight, its connections, its rest after failures, and whether its server turned
out to ignore ``n``.
"""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import openai
from asyncio_throttle.throttler import Throttler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration
from langchain_core.runnables import RunnableBinding
from pydantic import SecretStr

from avengers_graph.config import Expert
from avengers_graph.errors import ExpertError, ExpertResponseError
from avengers_graph.experts.breaker import FAILURES, Breaker
from avengers_graph.experts.chat_openai import api_key, endpoint_chat
from avengers_graph.experts.failures import status_of
from avengers_graph.experts.prompt import estimated_tokens, for_expert
from avengers_graph.experts.redaction import secrets_in

_REFUSALS = (400, 422)
"""What a server that does not know ``n`` answers to it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer as it came from the expert."""

    message: AIMessage
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    usage_estimated: bool
    usage: UsageMetadata | None = None
    """What the server reported for the whole request, with the first of its choices only."""


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
    slots: asyncio.Semaphore
    """Requests in flight at once."""
    throttle: Throttler | None
    breaker: Breaker
    secrets: tuple[str, ...]
    """Keys and the like, to be kept out of messages."""
    honours_n: bool
    """Whether one request may ask for several samples."""

    async def answer(self, call: Call, *, on_chunk: OnChunk) -> list[Choice]:
        """One request for ``call.n`` answers.

        There are fewer where the server ignores ``n``, and none where it refuses ``n``:
        ``honours_n`` is False then, and the answers can be asked for one by one.
        """
        ...

    async def aclose(self, *, in_flight: bool = False) -> None:
        """Close the connections; with ``in_flight``, once no call under way can need them."""
        ...


class ExpertCaller:
    """Sends requests to one expert. Belongs to the owned loop."""

    def __init__(self, expert: Expert, *, key: SecretStr | None = None) -> None:
        self.expert = expert
        self.slots = asyncio.Semaphore(expert.max_concurrency)
        limit = expert.rate_limit
        self.throttle = Throttler(limit.requests, limit.period) if limit else None
        self.breaker = Breaker(failures=max(FAILURES, expert.retries + 2))
        self._key = None if key is None else key.get_secret_value()
        if expert.api_key_env:
            self._key = api_key(expert)
        held = secrets_in([expert.llm, expert.extra_body])
        self.secrets = held if self._key is None else (self._key, *held)
        self.honours_n = expert.llm is None and "n" in expert.supports
        self._http: Any = None
        self._clients: dict[bool, BaseChatModel] = {}

    def client(self, *, streaming: bool) -> BaseChatModel:
        """The chat model behind the expert; connections are shared by both forms."""
        if streaming not in self._clients:
            self._clients[streaming] = self._make_client(streaming=streaming)
        return self._clients[streaming]

    def _make_client(self, *, streaming: bool) -> BaseChatModel:
        if self.expert.llm is not None:
            given: BaseChatModel = self.expert.llm
            quiet = {"cache": False, "disable_streaming": not streaming}
            return given.model_copy(update=quiet)
        if self._http is None:
            self._http = openai.DefaultAsyncHttpxClient(timeout=self.expert.timeout)
        return endpoint_chat(self.expert, streaming=streaming, http=self._http, key=self._key)

    async def answer(self, call: Call, *, on_chunk: OnChunk) -> list[Choice]:
        """One request for ``call.n`` answers; none where the server refuses ``n``."""
        if call.n == 1 and (call.stream or self.expert.stream_requests):
            return [await self._streamed(call, on_chunk=on_chunk)]
        try:
            return await self._sent(call)
        except Exception as error:
            if call.n > 1 and status_of(error) in _REFUSALS:
                self.honours_n = False
                return []
            raise

    async def _sent(self, call: Call) -> list[Choice]:
        started = time.monotonic()
        model, arguments = self._bound(call, streaming=False)
        if call.n > 1:
            arguments["n"] = call.n
        async with asyncio.timeout(self.expert.timeout):
            result = await model.agenerate(
                [self._prompt(call)],
                callbacks=call.callbacks,
                tags=["nostream"],
                metadata={"avengers_expert": self.expert.name},
                run_name=self.expert.name,
                **arguments,
            )
        generations = [g for g in result.generations[0] if isinstance(g, ChatGeneration)]
        if not generations:
            raise ExpertResponseError(
                f"{self.expert.base_url or self.expert.provider} answered without choices "
                f"after {time.monotonic() - started:.1f} s"
            )
        return _choices(generations, prompt=self._prompt(call))

    async def _streamed(self, call: Call, *, on_chunk: OnChunk) -> Choice:
        whole: AIMessageChunk | None = None
        async for chunk in self._chunks(call):
            whole = chunk if whole is None else whole + chunk
            on_chunk(chunk)
        if whole is None:
            raise ExpertError(f"{self.expert.name} ended its stream without a chunk")
        return _streamed_choice(whole, prompt=call.messages)

    async def _chunks(self, call: Call) -> AsyncIterator[AIMessageChunk]:
        model, arguments = self._bound(call, streaming=True)
        config: Any = {
            "callbacks": call.callbacks,
            "tags": ["nostream"],
            "metadata": {"avengers_expert": self.expert.name},
            "run_name": self.expert.name,
        }
        async with asyncio.timeout(self.expert.timeout):
            async for chunk in model.astream(self._prompt(call), config, **arguments):
                if isinstance(chunk, AIMessageChunk):
                    yield chunk

    def _prompt(self, call: Call) -> list[BaseMessage]:
        return for_expert(call.messages, self.expert)

    def _bound(self, call: Call, *, streaming: bool) -> tuple[BaseChatModel, dict[str, Any]]:
        """The model to call and its keyword arguments, tools bound in its own way."""
        model, params = self.client(streaming=streaming), dict(call.params)
        arguments: dict[str, Any] = {}
        if call.temperature is not None:
            arguments["temperature"] = call.temperature
        max_tokens = params.pop("max_tokens", self.expert.max_tokens)
        if max_tokens is not None:
            arguments["max_tokens"] = max_tokens
        extra = {**self.expert.extra_body, **params.pop("extra_body", {})}
        if extra:
            arguments["extra_body"] = extra
        if self.expert.llm is None and "response_format" in params:
            # As a parameter of its own the client would parse the answer, and raise where we
            # want a sample that abstains.
            arguments.setdefault("extra_body", {})["response_format"] = params.pop(
                "response_format"
            )
        if self.expert.llm is not None and "tools" in params:
            binding = model.bind_tools(
                params.pop("tools"), tool_choice=params.pop("tool_choice", None)
            )
            if isinstance(binding, RunnableBinding) and isinstance(binding.bound, BaseChatModel):
                model = binding.bound
                arguments |= binding.kwargs
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


def answer_length(message: AIMessage) -> int:
    """Tokens of an answer by its length: four characters each, reasoning and tool calls too."""
    calls = [call["name"] + json.dumps(call["args"]) for call in message.tool_calls]
    reasoning = message.additional_kwargs.get("reasoning_content") or ""
    return max(1, math.ceil(len("".join([message.text, reasoning, *calls])) / 4))


def _choices(generations: list[ChatGeneration], *, prompt: list[BaseMessage]) -> list[Choice]:
    """Answers with their tokens.

    With ``n`` above 1 every generation repeats the usage of the whole request, so it is taken
    once and shared out by length. llama.cpp counts one choice only there: a total that is
    nearer, as a ratio, to the length of the first choice than to that of all is taken for it.
    """
    messages = [g.message for g in generations if isinstance(g.message, AIMessage)]
    lengths = [answer_length(m) for m in messages]
    usage = messages[0].usage_metadata
    if usage is None:
        counted_in, outputs, estimated = estimated_tokens(prompt), lengths, True
    else:
        counted_in, total = usage["input_tokens"], usage["output_tokens"]
        one_choice_only = len(messages) > 1 and total < math.sqrt(lengths[0] * sum(lengths))
        whole = total * sum(lengths) / lengths[0] if one_choice_only else total
        outputs = _shared_out(round(whole), lengths)
        estimated = one_choice_only
    return [
        Choice(
            message=message,
            finish_reason=(generation.generation_info or {}).get("finish_reason"),
            # The prompt is read once for all choices of a request: count it with the first.
            input_tokens=counted_in if position == 0 else 0,
            output_tokens=output,
            usage_estimated=estimated,
            usage=usage if position == 0 else None,
        )
        for position, (message, generation, output) in enumerate(
            zip(messages, generations, outputs, strict=True)
        )
    ]


def _streamed_choice(whole: AIMessageChunk, *, prompt: Sequence[BaseMessage]) -> Choice:
    """The chunks of a stream as one answer."""
    message = AIMessage(
        content=whole.content,
        tool_calls=whole.tool_calls,
        invalid_tool_calls=whole.invalid_tool_calls,
        additional_kwargs=whole.additional_kwargs,
        response_metadata=whole.response_metadata,
        usage_metadata=whole.usage_metadata,
    )
    usage = whole.usage_metadata
    return Choice(
        message=message,
        finish_reason=whole.response_metadata.get("finish_reason"),
        input_tokens=usage["input_tokens"] if usage else estimated_tokens(prompt),
        output_tokens=usage["output_tokens"] if usage else answer_length(message),
        usage_estimated=usage is None,
        usage=usage,
    )


def _shared_out(total: int, lengths: list[int]) -> list[int]:
    """``total`` tokens in proportion to ``lengths``; the sum is exact."""
    shares, given, seen = [], 0, 0
    for length in lengths:
        seen += length
        upto = round(total * seen / sum(lengths))
        shares.append(upto - given)
        given = upto
    return shares
