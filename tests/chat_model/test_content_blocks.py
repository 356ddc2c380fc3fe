"""Experts that answer in content blocks, and callers who want the answer in content blocks."""

import asyncio
from collections.abc import Callable, Iterator
from functools import reduce
from operator import add as plus
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from avengers_graph import ChatAvengers, Expert
from tests.calibrated import SUM
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]
CALLED = Reply("Let me add.", tool_calls=[ToolUse("add", {"a": 6, "b": 7})])
TOLD = [("text", "Let me add."), ("tool_call", {"a": 6, "b": 7})]
THOUGHT = ("reasoning", "6 + 7, hm")


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def told(message: AIMessage) -> list[Any]:
    """Kind of each block, and what is in it."""
    return [
        (block["type"], block.get("reasoning", block.get("text", block.get("args"))))
        for block in message.content_blocks
    ]


def answer_of(llm: Any, form: str) -> AIMessage:
    async def collect() -> list[Any]:
        return [chunk async for chunk in llm.astream(SUM)]

    if form == "invoke":
        return llm.invoke(SUM)  # type: ignore[no-any-return]
    chunks = list(llm.stream(SUM)) if form == "stream" else asyncio.run(collect())
    return reduce(plus, chunks)  # type: ignore[no-any-return]


class Thinker(BaseChatModel):
    """Streams as langchain-anthropic does: blocks of thoughts, of text and of a call."""

    @property
    def _llm_type(self) -> str:
        return "thinker"

    def bind_tools(self, tools: Any, **given: Any) -> Any:
        return self.bind(tools=tools)

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        message = AIMessage(
            [
                {"type": "thinking", "thinking": "6 + 7, hm", "signature": "s"},
                {"type": "text", "text": "Let me add."},
                {"type": "tool_use", "id": "t1", "name": "add", "input": {"a": 6, "b": 7}},
            ],
            tool_calls=[{"name": "add", "args": {"a": 6, "b": 7}, "id": "t1"}],
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self, messages: list[BaseMessage], *_: Any, **__: Any
    ) -> Iterator[ChatGenerationChunk]:
        def chunk(block: Any, *calls: ToolCallChunk) -> ChatGenerationChunk:
            return ChatGenerationChunk(
                message=AIMessageChunk(content=[block], tool_call_chunks=list(calls))
            )

        yield chunk({"type": "thinking", "thinking": "6 + 7, hm", "index": 0})
        yield chunk({"type": "text", "text": "Let me ", "index": 1})
        yield chunk({"type": "text", "text": "add.", "index": 1})
        begun = {"type": "tool_use", "id": "t1", "name": "add", "input": {}, "index": 2}
        yield chunk(begun, tool_call_chunk(name="add", args="", id="t1", index=2))
        for piece in ('{"a": 6,', ' "b": 7}'):
            more = {"type": "input_json_delta", "partial_json": piece, "index": 2}
            yield chunk(more, tool_call_chunk(name=None, args=piece, id=None, index=2))


@pytest.mark.parametrize("form", ["invoke", "stream", "astream"])
@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
@pytest.mark.parametrize("version", ["v0", "v1"])
def test_an_answer_in_blocks(
    server: OpenAIServer, llm_of: Models, form: str, strategy: str, version: str
) -> None:
    server.serve("alpha", CALLED)
    llm = llm_of(experts=("alpha",), strategy=strategy, samples=2, output_version=version)
    answer = answer_of(llm.bind_tools([add]), form)
    assert told(answer) == TOLD
    assert [call["args"] for call in answer.tool_calls] == [{"a": 6, "b": 7}]
    assert isinstance(answer.content, list) == (version == "v1")


@pytest.mark.parametrize("form", ["invoke", "stream", "astream"])
@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
def test_the_environment_may_ask_for_blocks(
    server: OpenAIServer,
    llm_of: Models,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    strategy: str,
) -> None:
    """A ``<think>`` block was shown, and a call came twice, once without its arguments."""
    monkeypatch.setenv("LC_OUTPUT_VERSION", "v1")
    server.serve("alpha", Reply("<think>6 + 7, hm</think>Let me add.", CALLED.tool_calls))
    answer = answer_of(llm_of(experts=("alpha",), strategy=strategy).bind_tools([add]), form)
    assert told(answer) == [THOUGHT, *TOLD]


@pytest.mark.parametrize("form", ["invoke", "stream", "astream"])
@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("kind", ["openai", "thinker"])
def test_experts_that_answer_in_blocks(
    server: OpenAIServer, llm_of: Models, form: str, strategy: str, version: str, kind: str
) -> None:
    server.serve("alpha", Reply("<think>6 + 7, hm</think>Let me add.", CALLED.tool_calls))
    key = SecretStr("none")
    model: BaseChatModel = (
        Thinker()
        if kind == "thinker"
        else ChatOpenAI(
            model="alpha", base_url=server.base_url, api_key=key, output_version=version
        )
    )
    expert = Expert(name="alpha", llm=model, supports=frozenset({"tools", "system"}))
    llm = llm_of(experts=(expert,), strategy=strategy, samples=2, output_version=version)
    answer = answer_of(llm.bind_tools([add]), form)
    assert told(answer) == [THOUGHT, *TOLD]
    assert answer.text == "Let me add."
