"""Chat model objects as experts: asked for whole answers or streams, tools, and what they keep.

Models of other packages answer in blocks of their own: Anthropic signs its thinking, Google its
calls, and both refuse a conversation that comes back without them. An answer that calls tools
keeps such blocks beside its text, and they go back to objects of the same class.
"""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Self

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.runnables.base import RunnableBindingBase
from langchain_openai.chat_models.base import BaseChatOpenAI

from avengers_graph.errors import ConfigError
from avengers_graph.experts.dialect import REFUSALS, Dialect
from avengers_graph.experts.failures import status_of
from avengers_graph.experts.streamed_answer import as_chunk, put_right
from avengers_graph.experts.wire import EXTRAS
from avengers_graph.settings.chat_models import takes_temperature

_OURS = frozenset({"reasoning_content", "refusal", "parsed", "tool_calls", EXTRAS})
"""What an answer has in fields of its own anyway."""
_IN_THE_MESSAGE = frozenset({"text", "tool_use", "tool_call", "tool_call_chunk"})
"""Blocks that say no more than the text and the calls of the message that they stand in."""


@dataclass(frozen=True, slots=True)
class ObjectManners:
    """How a chat model object wants to be asked: by its profile, and by what it refused.

    Those of an endpoint teach nothing: its ``Dialect`` knows how it is asked.
    """

    is_object: bool
    takes_temperature: bool = True
    knows_async: bool = True

    @classmethod
    def of(cls, llm: BaseChatModel | None) -> Self:
        """The manners of an object that was not asked yet; None for an endpoint."""
        return cls(llm is not None, takes_temperature=llm is None or takes_temperature(llm))

    def after(self, error: Exception) -> Self | None:
        """The manners that avoid the failure of a request sent with these; None without."""
        if not self.is_object:
            return None
        if isinstance(error, NotImplementedError) and self.knows_async:
            return replace(self, knows_async=False)
        refuses = isinstance(error, TypeError) or status_of(error) in REFUSALS
        if not refuses or not self.takes_temperature:
            return None
        is_about_it = Dialect().after(str(error), {"temperature": None}) is not None
        return replace(self, takes_temperature=False) if is_about_it else None


def object_client(
    llm: BaseChatModel, *, streaming: bool, with_temperature: bool = True
) -> BaseChatModel:
    """A chat model object as it is asked for whole answers, or for streams.

    Where its owner has switched streams off, they stay off. The object's own temperature is taken
    from it where its server refuses one.
    """
    quiet: dict[str, Any] = {"cache": False}
    if not with_temperature and "temperature" in type(llm).model_fields:
        quiet["temperature"] = None
    if not streaming or llm.disable_streaming is True:
        quiet["disable_streaming"] = True
        if "streaming" in type(llm).model_fields:
            # Left on, ChatOpenAI asks for a stream even where it reads a whole answer.
            quiet["streaming"] = False
    return llm.model_copy(update=quiet)


def with_tools(
    model: BaseChatModel, tools: Any, choice: Any
) -> tuple[BaseChatModel, dict[str, Any]]:
    """The model with tools in its own form, and what is bound to it as keyword arguments.

    The choice is given as LangChain's models understand it.

    Raises:
        ConfigError: what the model makes of itself and the tools is no chat model.
    """
    if isinstance(choice, Mapping):
        choice = choice["function"]["name"]
    if choice == "required":
        choice = "any"
    if choice == "none" and not isinstance(model, BaseChatOpenAI):
        return model, {}  # to other models it would be the name of a tool
    bound: Any = model.bind_tools(tools, **({} if choice is None else {"tool_choice": choice}))
    keywords: dict[str, Any] = {}
    while isinstance(bound, RunnableBindingBase):
        # What is bound outside comes last when it is called.
        keywords = {**bound.kwargs, **keywords}
        bound = bound.bound
    if not isinstance(bound, BaseChatModel):
        raise ConfigError(
            f"bind_tools of {type(model).__name__} gives a {type(bound).__name__}; an expert needs "
            "a chat model, or a binding of one"
        )
    return bound, keywords


async def object_chunks(
    chunks: AsyncGenerator[BaseMessage], *, model: BaseChatModel, provider: str
) -> AsyncGenerator[AIMessageChunk]:
    """The stream of a chat model object put right, with what the object wants to see again."""
    with_extras: list[AIMessageChunk] = []

    async def noted() -> AsyncGenerator[BaseMessage]:
        async with aclosing(chunks):
            async for chunk in chunks:
                if isinstance(chunk, AIMessage):
                    piece = as_chunk(chunk)
                    in_blocks = isinstance(piece.content, list)
                    if in_blocks or piece.tool_call_chunks or piece.additional_kwargs:
                        with_extras.append(piece)
                    yield piece

    right = put_right(noted(), counts_all=isinstance(model, BaseChatOpenAI), says_why=False)
    async with aclosing(right):
        async for chunk in right:
            yield chunk
    if with_extras:
        first, *rest = with_extras
        whole = kept_with(add_ai_message_chunks(first, *rest), provider)
        if extras := whole.additional_kwargs.get(EXTRAS):
            yield AIMessageChunk(content="", additional_kwargs={EXTRAS: extras})


def kept_with(answer: AIMessage, provider: str) -> AIMessage:
    """The answer; one that calls tools with what its model wants to see again kept in it."""
    if not (answer.tool_calls or answer.invalid_tool_calls):
        return answer
    blocks = answer.content if isinstance(answer.content, list) else []
    tells = any(not isinstance(b, dict) or b.get("type") not in _IN_THE_MESSAGE for b in blocks)
    beside = {n: v for n, v in answer.additional_kwargs.items() if n not in _OURS and v}
    kept = {"content": blocks if tells else None, "additional_kwargs": beside}
    kept = {name: value for name, value in kept.items() if value and _is_plain(value)}
    extras = {EXTRAS: {"from": provider, "message": kept}} if kept else {}
    return answer.model_copy(update={"additional_kwargs": {**answer.additional_kwargs, **extras}})


def with_kept_blocks(messages: Sequence[BaseMessage], provider: str) -> list[BaseMessage]:
    """The prompt with what its answers came with, where the same sort of model gave them."""
    return [_restored(message, provider) for message in messages]


def _restored(message: BaseMessage, provider: str) -> BaseMessage:
    extras = message.additional_kwargs.get(EXTRAS)
    if not isinstance(extras, Mapping) or extras.get("from") != provider:
        return message
    kept = extras.get("message", {})
    beside = {**message.additional_kwargs, **kept.get("additional_kwargs", {})}
    del beside[EXTRAS]
    content = kept.get("content", message.content)
    return message.model_copy(update={"content": content, "additional_kwargs": beside})


def _is_plain(value: object) -> bool:
    """Whether a checkpoint and a trace can hold it."""
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
