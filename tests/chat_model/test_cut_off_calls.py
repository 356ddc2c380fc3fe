"""A tool call that was cut off is an invalid one, however its chunks are added up."""

import asyncio
from collections.abc import Callable
from functools import reduce
from operator import add as plus
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.messages.utils import message_chunk_to_message
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.tools import tool

from avengers_graph import ChatAvengers
from avengers_graph.chat_model.chunks import AnswerChunk
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]
CUT = '{"dry_run": false, "folder": "/srv/data/tm'
WHOLE = '{"folder": "/srv/data/tmp-old"}'
QUESTION = "Delete /srv/data/tmp-old"
done: list[tuple[str, bool]] = []


@tool
def delete(folder: str, dry_run: bool = True) -> str:
    """Delete a folder."""
    done.append((folder, dry_run))
    return "done"


def said(arguments: str) -> Reply:
    return Reply(tool_calls=[ToolUse("delete", arguments)], finish_reason="length")


def chunks_of(*arguments: str) -> list[ChatGenerationChunk]:
    calls = [
        tool_call_chunk(name="delete", args=text, id=f"call_{index}", index=index)
        for index, text in enumerate(arguments)
    ]
    said = AnswerChunk(content="", tool_call_chunks=calls)
    last = AnswerChunk(content="", chunk_position="last")
    return [ChatGenerationChunk(message=said), ChatGenerationChunk(message=last)]


@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("version", ["v0", "v1"])
def test_a_stream_ends_in_an_invalid_call(
    server: OpenAIServer, llm_of: Models, strategy: str, asynchronous: bool, version: str
) -> None:
    """It was completed by a guess, and an agent deleted ``/srv/data/tm``."""
    server.serve("alpha", said(CUT))
    model = llm_of(experts=("alpha",), strategy=strategy, samples=2, output_version=version)
    llm = model.bind_tools([delete])

    async def collect() -> list[Any]:
        return [chunk async for chunk in llm.astream(QUESTION)]

    chunks = asyncio.run(collect()) if asynchronous else list(llm.stream(QUESTION))
    whole = reduce(plus, chunks)
    assert whole.tool_calls == []
    [call] = whole.invalid_tool_calls
    assert (call["name"], call["args"]) == ("delete", CUT)
    kinds = [block["type"] for block in whole.content_blocks]
    assert kinds == (["invalid_tool_call"] if version == "v1" else [])
    invoked = llm.invoke(QUESTION)
    assert invoked.tool_calls == []
    assert [c["args"] for c in invoked.invalid_tool_calls] == [CUT]


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
def test_an_agent_carries_nothing_out(
    server: OpenAIServer, llm_of: Models, strategy: str, streaming: bool
) -> None:
    done.clear()
    server.serve("alpha", said(CUT))
    llm = llm_of(experts=("alpha",), strategy=strategy, samples=2, streaming=streaming or None)
    agent: Any = create_agent(llm, [delete])
    given = {"messages": [("user", QUESTION)]}
    for _ in agent.stream(given, stream_mode=["messages", "values"]):
        pass
    assert isinstance(agent.invoke(given)["messages"][-1], AIMessage)
    assert done == []


def test_each_call_is_looked_at_by_itself() -> None:
    message = generate_from_stream(iter(chunks_of(WHOLE, CUT))).generations[0].message
    assert type(message) is AIMessage
    assert [call["args"] for call in message.tool_calls] == [{"folder": "/srv/data/tmp-old"}]
    assert [call["args"] for call in message.invalid_tool_calls] == [CUT]


def test_a_complete_sum_is_a_plain_chunk() -> None:
    """So that whoever stores or converts a message finds a class that LangChain has."""
    whole = reduce(plus, [chunk.message for chunk in chunks_of(WHOLE)])
    assert type(whole) is AIMessageChunk
    assert type(message_chunk_to_message(whole)) is AIMessage


@pytest.mark.parametrize("arguments", ["", "{}", WHOLE, '{"folder": "a\nb"}'])
def test_what_is_whole_stays_a_call(arguments: str) -> None:
    whole: Any = reduce(plus, [chunk.message for chunk in chunks_of(arguments)])
    assert len(whole.tool_calls) == 1
    assert whole.invalid_tool_calls == []


def test_a_guess_shows_how_far_a_call_is() -> None:
    said, _ = chunks_of(CUT)
    partial: Any = said.message + AnswerChunk(content="")
    assert partial.tool_calls[0]["args"] == {"dry_run": False, "folder": "/srv/data/tm"}
