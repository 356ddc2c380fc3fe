"""From what the graph streams to the chunks a chat model streams."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from avengers_graph.chat_model.reasoning import WithoutReasoning

_PIECE = re.compile(r"\S+\s*|\s+")


class Telling:
    """Turns the graph's stream into chunks: tokens as they come, or the winner at the end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._heard = self._calls_heard = False
        self._state: dict[str, Any] = {}
        self._text = WithoutReasoning()
        self._ids: dict[int | None, str] = {}

    def progress(self, item: tuple[str, Any]) -> dict[str, Any] | None:
        """Take note of one item; an event that is not a token is returned, to be told."""
        mode, value = item
        if mode == "values":
            self._state = value
        elif value["type"] != "sample_token":
            return dict(value)
        return None

    def tokens(self, item: tuple[str, Any]) -> Iterator[ChatGenerationChunk]:
        """The chunk of a token that an expert is just writing."""
        mode, value = item
        if mode == "custom" and value["type"] == "sample_token":
            chunk = _token_chunk(value["chunk"], self._text, ids=self._ids)
            if chunk is not None:
                self._heard = True
                self._calls_heard |= bool(value["chunk"].tool_call_chunks)
                yield chunk

    def at_the_end(self) -> Iterator[ChatGenerationChunk]:
        """What is left to say when the graph has ended."""
        message = self._message()
        if not self._heard:
            yield from _answer_chunks(message)
        elif rest := self._text.rest():
            yield ChatGenerationChunk(message=AIMessageChunk(content=rest), text=rest)
        if self._heard and not self._calls_heard:
            # What streamed as text turned out to be calls.
            yield from _call_chunks(message)
        yield _last_chunk(message)

    def result(self) -> ChatResult:
        """The answer in one piece; LangChain copies ``llm_output`` to its metadata."""
        message = self._message()
        output = {"token_usage": _token_usage(message), "model_name": self._name}
        return ChatResult(generations=[ChatGeneration(message=message)], llm_output=output)

    def _message(self) -> AIMessage:
        """The answer under the name its caller gave the model."""
        message: AIMessage = self._state["messages"][-1]
        metadata = {**message.response_metadata, "model_name": self._name}
        return message.model_copy(update={"id": None, "response_metadata": metadata})


def _token_usage(message: AIMessage) -> dict[str, int]:
    """The usage under the names that OpenAI's API has for it."""
    usage = message.usage_metadata
    if usage is None:
        return {}
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }


def _token_chunk(
    heard: AIMessageChunk, text: WithoutReasoning, *, ids: dict[int | None, str]
) -> ChatGenerationChunk | None:
    """A token without usage (the last chunk carries that); None when nothing is left of it."""
    content: Any = heard.content
    if isinstance(content, str):
        content = text.of(content)
    calls = [_identified(call, ids) for call in heard.tool_call_chunks]
    if not content and not calls:
        return None
    chunk = AIMessageChunk(content=content, tool_call_chunks=calls)
    return ChatGenerationChunk(message=chunk, text=chunk.text)


def _identified(call: ToolCallChunk, ids: dict[int | None, str]) -> ToolCallChunk:
    """The piece of a tool call; the first one (it has the name) brings an id no other call has.

    Args:
        ids: those of the calls so far, by the index that tells the pieces of one from another's.
    """
    begun = call["index"] is not None and call["index"] in ids
    if begun or not call["name"]:
        # Some servers say the id with every piece.
        return {**call, "id": ids[call["index"]]} if begun and call["id"] else call
    taken = not call["id"] or call["id"] in ids.values()
    identity = f"call_{uuid4().hex}" if taken or call["id"] is None else call["id"]
    ids[call["index"]] = identity
    return {**call, "id": identity}


def _answer_chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    """The winner's text word by word, then its tool calls."""
    for piece in _PIECE.findall(message.text):
        yield ChatGenerationChunk(message=AIMessageChunk(content=piece), text=piece)
    yield from _call_chunks(message)


def _call_chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    calls = [
        *((call["name"], json.dumps(call["args"]), call["id"]) for call in message.tool_calls),
        *((call["name"], call["args"], call["id"]) for call in message.invalid_tool_calls),
    ]
    if calls:
        chunks = [
            tool_call_chunk(name=name, args=args, id=identity, index=index)
            for index, (name, args, identity) in enumerate(calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=chunks))


def _last_chunk(message: AIMessage) -> ChatGenerationChunk:
    """The end of the stream: a refusal, usage and metadata, exactly once."""
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            additional_kwargs=message.additional_kwargs,
            usage_metadata=message.usage_metadata,
            response_metadata=message.response_metadata,
            chunk_position="last",
        )
    )
