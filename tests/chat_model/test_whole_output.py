"""Structured output is whole, or an error: from one answer or many, in one piece or streamed."""

import json
from collections.abc import Callable
from functools import reduce
from operator import add as plus
from typing import Any

import pytest
from pydantic import BaseModel

from avengers_graph import ChatAvengers
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]
METHODS = ("json_schema", "function_calling", "json_mode")
QUESTION = "Which one?"


class Box(BaseModel):
    """A box."""

    w: int
    h: int


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
@pytest.mark.parametrize(
    "after", ["\n\nHope this helps!", "<|eot_id|>", "\n```", " // done", "<|im_end|>\nuser: more?"]
)
@pytest.mark.parametrize("samples", [1, 3])
def test_words_after_whole_json_are_no_part_of_the_data(
    server: OpenAIServer, one_by_one: Models, method: Any, after: str, samples: int
) -> None:
    server.serve("alpha", '{"w": 2, "h": 3}' + after)
    chain = one_by_one(samples=samples).with_structured_output(Box, method=method)
    assert chain.invoke(QUESTION) == Box(w=2, h=3)
    assert list(chain.stream(QUESTION)) == [Box(w=2, h=3)]


@pytest.mark.parametrize("schema", [Box, Box.model_json_schema()])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
def test_half_an_object_is_an_error(
    server: OpenAIServer,
    one_by_one: Models,
    method: Any,
    schema: Any,
    streamed: bool,
    strategy: str,
) -> None:
    """``h`` came out as 1 where the answer was cut off before 17."""
    cut = '{"w": 2, "h": 1'
    reply = Reply(cut, finish_reason="length")
    if method == "function_calling":
        reply = Reply(tool_calls=[ToolUse("Box", cut)], finish_reason="length")
    server.serve("alpha", reply)
    llm = one_by_one(samples=2, strategy=strategy)
    chain: Any = llm.with_structured_output(schema, method=method)
    with pytest.raises(ValueError, match="no whole JSON"):
        list(chain.stream(QUESTION)) if streamed else chain.invoke(QUESTION)
    raw: Any = llm.with_structured_output(schema, method=method, include_raw=True)
    answer = raw.invoke(QUESTION)
    assert answer["parsed"] is None
    assert "no whole JSON" in str(answer["parsing_error"])


@pytest.mark.parametrize("schema", [Box, Box.model_json_schema()])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("strategy", ["direct", "self-consistency"])
def test_the_raw_answer_streams_beside_what_it_holds(
    server: OpenAIServer, one_by_one: Models, method: Any, schema: Any, strategy: str
) -> None:
    text = json.dumps({"w": 2, "h": 3})
    called = Reply(tool_calls=[ToolUse("Box", text)])
    server.serve("alpha", called if method == "function_calling" else text)
    llm = one_by_one(samples=2, strategy=strategy)
    raw: Any = llm.with_structured_output(schema, method=method, include_raw=True)
    answer = reduce(plus, raw.stream(QUESTION))
    assert answer["parsed"] == (Box(w=2, h=3) if schema is Box else {"w": 2, "h": 3})
    assert answer["parsing_error"] is None
    assert answer["raw"].usage_metadata
