"""Chunks of what an expert streams: whose ids the pieces of tool calls carry."""

import operator
from functools import reduce
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk

from avengers_graph.chat_model.chunks import TokenChunks


def piece(
    index: int | None, args: str, *, name: str | None = None, identity: str | None = None
) -> Any:
    chunk = tool_call_chunk(name=name, args=args, id=identity, index=index)
    return AIMessageChunk("", tool_call_chunks=[chunk])


def heard(*pieces: Any) -> AIMessageChunk:
    tokens = TokenChunks()
    chunks = [chunk.message for one in pieces for chunk in tokens.of(one)]
    return reduce(operator.add, chunks)


def test_a_server_that_says_the_id_with_every_piece_means_one_call() -> None:
    whole = heard(
        piece(0, '{"a":', name="add", identity="x"),
        piece(0, " 6", identity="x"),
        piece(0, "}", identity="x"),
    )
    [call] = whole.tool_calls
    assert (call["name"], call["args"], call["id"]) == ("add", {"a": 6}, "x")


def test_two_calls_of_one_id_get_two() -> None:
    whole = heard(
        piece(0, "{}", name="add", identity="x"),
        piece(1, '{"b":', name="add", identity="x"),
        piece(1, " 7}", identity="x"),
    )
    first, second = whole.tool_calls
    assert first["id"] == "x" != second["id"]
    assert second["args"] == {"b": 7}


def test_a_call_without_an_id_gets_one() -> None:
    [call] = heard(piece(0, "{", name="add", identity=""), piece(0, "}")).tool_calls
    assert call["id"].startswith("call_")
