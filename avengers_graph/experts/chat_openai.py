"""The client of an OpenAI-compatible endpoint, built so that our engine stays in charge."""

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import openai
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import PrivateAttr, SecretStr

from avengers_graph.errors import ConfigError, MissingKeyError
from avengers_graph.experts.dialect import REFUSALS, Endpoint, dialect_of, remember
from avengers_graph.experts.error_bodies import told_in
from avengers_graph.experts.event_stream import data_of, events_of, is_stream, text_of
from avengers_graph.experts.redaction import names_a_secret
from avengers_graph.experts.streamed_answer import as_message, put_right
from avengers_graph.experts.wire import EXTRAS, read_chunk, read_completion
from avengers_graph.settings.expert import Expert
from avengers_graph.settings.servers import ANY, SERVERS, Server, server_of

KEYLESS = "not-needed"
"""What the openai client is given for an endpoint that asks for no key; it insists on one."""
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<bare>[A-Za-z_]\w*))")


class EndpointChat(ChatOpenAI):
    """``ChatOpenAI`` that reads what servers really send, and sends what they take.

    Answers are read by ``wire`` and, where they stream, put right by ``streamed_answer``. A
    request that is refused for one of its parameters goes out again without it (``dialect``).
    """

    _server: Server = PrivateAttr(default=ANY)
    _sender: str = PrivateAttr(default="")
    """What tells messages of this kind of server from those of others."""

    @property
    def _llm_type(self) -> str:
        return "avengers-endpoint"

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        raw = await self._posted(payload, messages)
        text = text_of(raw.http_response.content)
        if is_stream(text):
            chunks = _put_right(_read(raw.http_response))
            answers = [as_message(add_ai_message_chunks(*[chunk async for chunk in chunks]))]
        else:
            answers = read_completion(data_of(text))
        for answer in answers:
            self._sign(answer)
        return ChatResult(
            generations=[ChatGeneration(message=answer) for answer in answers],
            llm_output={"model_name": self.model_name},
        )

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        payload = self._get_request_payload(messages, stop=stop, **options, **kwargs)
        raw = await self._posted(payload, messages)
        chunks = _put_right(_read(raw.http_response))
        async with aclosing(chunks):
            async for chunk in chunks:
                self._sign(chunk)
                yield ChatGenerationChunk(message=chunk)

    async def _posted(self, payload: dict[str, Any], messages: Sequence[BaseMessage]) -> Any:
        """The server's answer, to a request in the form that it takes."""
        endpoint = Endpoint(str(self.openai_api_base), self.model_name, self._server)
        dialect = dialect_of(endpoint)
        tried = {dialect}
        while True:
            request = dialect.payload(payload, messages)
            try:
                raw = await self.async_client.with_raw_response.create(**request)
            except openai.APIStatusError as error:
                refusal = told_in(error.body) if error.status_code in REFUSALS else ""
                milder = dialect.after(refusal, request)
                if milder is None or milder in tried:
                    raise
                dialect = milder
                tried.add(dialect)
            else:
                remember(endpoint, dialect)
                return raw

    def _get_request_payload(
        self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        payload = super()._get_request_payload(input_, stop=stop, **kwargs)
        if (limit := payload.pop("max_completion_tokens", None)) is not None:
            payload["max_tokens"] = limit
        messages = self._convert_input(input_).to_messages()
        for plain, message in zip(payload["messages"], messages, strict=True):
            extras = message.additional_kwargs.get(EXTRAS)
            if isinstance(extras, Mapping) and extras.get("from") == self._sender:
                plain |= _with_extras(plain, extras)
        return payload

    def _sign(self, message: AIMessage) -> None:
        """Say whom a message's extras go back to; other servers refuse what they do not know."""
        if EXTRAS in message.additional_kwargs:
            message.additional_kwargs[EXTRAS]["from"] = self._sender


async def _read(response: Any) -> AsyncGenerator[BaseMessage]:
    """The chunks as they were sent; one message where the server does not stream."""
    try:
        async for event in events_of(response.aiter_bytes()):
            read = read_completion(event.data)[:1] if event.is_whole else [read_chunk(event.data)]
            for message in read:
                if message is not None:
                    yield message
    except Exception as error:
        broken = _of_the_connection(error, response.request)
        if broken is None:
            raise
        raise broken from error
    finally:
        await response.aclose()


def _put_right(chunks: AsyncGenerator[BaseMessage]) -> AsyncGenerator[AIMessageChunk]:
    return put_right(chunks, counts_all=True, says_why=True)


def _of_the_connection(error: Exception, request: Any) -> openai.APIConnectionError | None:
    """A connection that broke while an answer came, as the client says it of a request.

    The type is known by its name: which HTTP library it is from depends on the client's version.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if "TimeoutException" in names:
        return openai.APITimeoutError(request=request)
    return openai.APIConnectionError(request=request) if "RequestError" in names else None


def _with_extras(plain: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    """What a message and its calls came with, where it stood."""
    of_calls = extras.get("calls", {})
    calls = [{**call, **of_calls.get(call["id"], {})} for call in plain.get("tool_calls") or ()]
    return {**extras.get("message", {}), **({"tool_calls": calls} if calls else {})}


def api_key(expert: Expert) -> str:
    """The expert's key from the environment, without blanks or a line end around it.

    Raises:
        MissingKeyError: its variable is not set, or cannot be a key.
    """
    if expert.api_key_env is None:
        return KEYLESS
    key = os.environ.get(expert.api_key_env, "").strip()
    if not (key.isascii() and key.isprintable()):
        # As a header it would be refused by an error that quotes it, escaped.
        raise MissingKeyError(
            f"expert {expert.name!r}: the environment variable {expert.api_key_env!r} holds a "
            "character that no key has (a line break, or one beyond ASCII); copy the key again"
        )
    if not key:
        raise MissingKeyError(
            f"expert {expert.name!r} needs its key in the environment variable "
            f"{expert.api_key_env!r}, which is not set; export it, or drop api_key_env if the "
            "endpoint asks for none"
        )
    return key


def request_headers(expert: Expert) -> dict[str, str]:
    """The expert's headers, with the values of the environment variables that they name.

    Raises:
        ConfigError: a header that holds a secret has it written out.
        MissingKeyError: a variable is not set.
    """

    def value_of(found: re.Match[str]) -> str:
        name = found["braced"] or found["bare"]
        value = os.environ.get(name, "").strip()
        if not (value and value.isascii() and value.isprintable()):
            raise MissingKeyError(
                f"expert {expert.name!r}: its header {header!r} needs the environment variable "
                f"{name!r}, which is not set or holds a character that no header can; export it"
            )
        return value

    headers: dict[str, str] = {}
    for header, value in expert.headers.items():
        if names_a_secret(header) and _VARIABLE.search(value) is None:
            raise ConfigError(
                f"expert {expert.name!r}: its header {header!r} has a secret written out; put the "
                "secret into an environment variable, and `$NAME` in its place"
            )
        headers[header] = _VARIABLE.sub(value_of, value)
    return headers


def _in_place_of_openais(key: str) -> dict[str, str | openai.Omit]:
    """What to send for the headers that the environment has for OpenAI: they may hold its key."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = (line.partition(":")[0].strip() for line in lines)
    ours = {"authorization": f"Bearer {key}"}
    return {name: ours.get(name.lower(), openai.Omit()) for name in names if name}


def endpoint_chat(expert: Expert, *, streaming: bool, http: Any, key: str | None) -> EndpointChat:
    """A client for one expert.

    Retries are off because the engine retries; the answer cache is off because it would hand
    every sample the same text; ``http`` is an async client of the loop that will use it.
    What the environment holds for OpenAI itself (organisation, project, proxy, headers) or for
    LangChain's own models (the form of a content) stays here.
    """
    base_url = str(expert.base_url)
    chat = EndpointChat(
        model=expert.model_name,
        base_url=base_url,
        api_key=SecretStr(key or KEYLESS),
        timeout=expert.timeout,
        max_retries=0,
        cache=False,
        disable_streaming=not streaming,
        use_responses_api=False,
        output_version="v0",
        http_async_client=http,
        openai_proxy=None,
    )
    headers: Any = {**_in_place_of_openais(key or KEYLESS), **request_headers(expert)}
    chat.root_async_client = chat.root_async_client.with_options(set_default_headers=headers)
    chat.root_async_client.organization = chat.root_async_client.project = None
    chat.async_client = chat.root_async_client.chat.completions
    server = server_of(expert.server, base_url)
    chat._server = ANY if server is None else SERVERS[server]
    chat._sender = server or expert.name
    return chat
