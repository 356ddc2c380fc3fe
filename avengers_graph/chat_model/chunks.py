"""From what the graph streams to the chunks a chat model streams."""

import json
import re
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

_PIECE = re.compile(r"\S+\s*|\s+")


def token_chunk(event: dict[str, Any]) -> ChatGenerationChunk:
    """A token that an expert is just writing, without usage: the last chunk carries that."""
    heard: AIMessageChunk = event["chunk"]
    chunk = AIMessageChunk(content=heard.content, tool_call_chunks=heard.tool_call_chunks)
    return ChatGenerationChunk(message=chunk, text=heard.text)


def answer_chunks(message: AIMessage) -> Iterator[ChatGenerationChunk]:
    """The winner's text word by word, then its tool calls."""
    for piece in _PIECE.findall(message.text):
        yield ChatGenerationChunk(message=AIMessageChunk(content=piece), text=piece)
    if message.tool_calls:
        calls = [
            tool_call_chunk(
                name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=i
            )
            for i, call in enumerate(message.tool_calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=calls))


def last_chunk(message: AIMessage) -> ChatGenerationChunk:
    """The end of the stream: usage and metadata, exactly once."""
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            usage_metadata=message.usage_metadata,
            response_metadata=message.response_metadata,
            chunk_position="last",
        )
    )
