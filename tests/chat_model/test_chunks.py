"""What a caller gets who adds up the chunks of a stream."""

import json
from collections.abc import Callable
from functools import reduce
from operator import add as plus
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool

from avengers_graph import ChatAvengers
from avengers_graph.chat_model.chunks import TokenChunks
from tests.calibrated import SUM
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def piece(args: str, *, index: int | None = 0, name: str | None = "add", **more: Any) -> Any:
    """A piece of a call; without a name it is left out, as most servers do after the first."""
    function = {"arguments": args} if name is None else {"name": name, "arguments": args}
    place = {} if index is None else {"index": index}
    return {**place, "type": "function", "function": function, **more}


FIRST, SECOND = '{"a": 6, "b": 7}', '{"a": 1, "b": 2}'
SHAPES: dict[str, list[list[Any]]] = {
    "index 0 twice": [[piece(FIRST, id="x1")], [piece(SECOND, id="x2")]],
    "index 0 twice in one chunk": [[piece(FIRST, id="x1"), piece(SECOND, id="x2")]],
    "one id for both": [[piece(FIRST, id="x1")], [piece(SECOND, id="x1", index=1)]],
    "no ids": [[piece(FIRST)], [piece(SECOND, index=1)]],
    "no index": [[piece(FIRST, id="x1", index=None)], [piece(SECOND, id="x2", index=None)]],
    "name in every piece": [
        [piece(FIRST[:7], id="x1")],
        [piece(FIRST[7:], id="x1")],
        [piece(SECOND[:7], id="x2", index=1)],
        [piece(SECOND[7:], id="x2", index=1)],
    ],
    "no index, in pieces": [
        [piece(FIRST[:7], id="x1", index=None)],
        [piece(FIRST[7:], name=None, index=None)],
        [piece(SECOND[:7], id="x2", index=None)],
        [piece(SECOND[7:], name=None, index=None)],
    ],
    "pieces in turn": [
        [piece(FIRST[:7], id="x1"), piece(SECOND[:7], id="x2", index=1)],
        [piece(FIRST[7:], name=None), piece(SECOND[7:], name=None, index=1)],
    ],
}


def streamed(deltas: list[list[Any]]) -> Fault:
    """The calls as events of a server."""
    choices = [
        *({"index": 0, "delta": {"role": "assistant", "tool_calls": calls}} for calls in deltas),
        {"index": 0, "delta": {}, "finish_reason": "tool_calls"},
    ]
    events = [{"id": "x", "model": "alpha", "choices": [choice]} for choice in choices]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    return Fault(status=200, body=body, content_type="text/event-stream")


@pytest.mark.parametrize("settings", [{"strategy": "direct"}, {"samples": 3}], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_parallel_calls_add_up_whatever_tells_them_apart(
    server: OpenAIServer, llm_of: Models, shape: str, settings: dict[str, Any]
) -> None:
    server.serve("alpha", streamed(SHAPES[shape]))
    fields = {"stream_requests": True}
    llm = llm_of(experts=("alpha",), fields=fields, batching="never", **settings)
    whole: Any = reduce(plus, llm.bind_tools([add]).stream(SUM))
    assert [call["name"] for call in whole.tool_calls] == ["add", "add"]
    assert [call["args"] for call in whole.tool_calls] == [json.loads(FIRST), json.loads(SECOND)]
    assert len({call["id"] for call in whole.tool_calls} - {None, ""}) == 2
    assert whole.invalid_tool_calls == []


def chunks_of(*heard: AIMessageChunk, answer: AIMessage) -> list[AIMessageChunk]:
    tokens = TokenChunks()
    chunks = [chunk.message for one in heard for chunk in tokens.of(one)]
    return [*chunks, *(chunk.message for chunk in tokens.rest(answer))]  # type: ignore[list-item]


def test_a_text_that_turned_out_to_be_a_call_is_followed_by_the_call() -> None:
    text = '{"name": "add", "arguments": {"a": 6, "b": 7}}'
    call: Any = {"name": "add", "args": {"a": 6, "b": 7}, "id": "x", "type": "tool_call"}
    answer = AIMessage("", tool_calls=[call])
    whole: Any = reduce(plus, chunks_of(AIMessageChunk(content=text), answer=answer))
    assert whole.text == text
    assert whole.tool_calls == [call]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("tagged", [True, False])
def test_reasoning_comes_once_and_first(live: bool, tagged: bool) -> None:
    if tagged:
        heard = [AIMessageChunk(content=text) for text in ("<think>6 +", " 7</think>\n", "13")]
    else:
        thoughts = [{"reasoning_content": text} for text in ("6 +", " 7")]
        heard = [AIMessageChunk(content="", additional_kwargs=kwargs) for kwargs in thoughts]
        heard.append(AIMessageChunk(content="13"))
    answer = AIMessage("13", additional_kwargs={"reasoning_content": "6 + 7"})
    chunks = chunks_of(*(heard if live else ()), answer=answer)
    whole = reduce(plus, chunks)
    assert whole.text == "13"
    assert whole.additional_kwargs == {"reasoning_content": "6 + 7"}
    assert chunks[0].additional_kwargs, "before the answer"
