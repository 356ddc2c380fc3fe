"""Turns that called tools go back with what came with them, to the server that sent it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool

from avengers_graph import ChatAvengers, ClusterIndex, Expert, ExpertPool
from tests.calibrated import SUM, WordEmbeddings
from tests.experts.rounds import listen
from tests.servers.answers import Answer, Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer, Received
from tests.shapes.shape import body, call, event

pytestmark = pytest.mark.integration
SUPPORTS = frozenset({"tools", "system"})
Models = Callable[..., ChatAvengers]


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@pytest.fixture
def avengers(
    server: OpenAIServer, small_index: ClusterIndex, pool_of: Callable[..., ExpertPool]
) -> Models:
    def make(*experts: Expert, fields: dict[str, Any] | None = None, **given: Any) -> ChatAvengers:
        pool = pool_of(*(experts or ["alpha"]), supports=SUPPORTS, retries=0, **(fields or {}))
        return ChatAvengers(
            pool=pool, index=small_index, embeddings=WordEmbeddings(), **{"samples": 2, **given}
        )

    return make


def agent_says(llm: ChatAvengers) -> str:
    turns = create_agent(llm, tools=[add]).invoke({"messages": [("user", SUM)]})["messages"]
    return str(turns[-1].text)


def called_turns(received: Received) -> list[dict[str, Any]]:
    """The turns of a request that called tools."""
    return [m for m in received.body["messages"] if m.get("tool_calls")]


def wanting_reasoning(received: Received) -> str | Answer:
    """Thinks before it calls, and wants the thought back, as DeepSeek and Kimi do."""
    if any(not turn.get("reasoning_content") for turn in called_turns(received)):
        told = "The `reasoning_content` in the thinking mode must be passed back to the API."
        return Fault(400, told)
    if received.body["messages"][-1]["role"] == "tool":
        return Reply("13", reasoning="The tool says so.")
    return Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})], reasoning="I should add.")


@pytest.mark.parametrize("given", [{}, {"strategy": "direct"}])
@pytest.mark.parametrize("fields", [{}, {"stream_requests": True}, {"server": "deepseek"}])
def test_reasoning_goes_back_where_it_is_wanted(
    server: OpenAIServer, avengers: Models, given: dict[str, Any], fields: dict[str, Any]
) -> None:
    server.serve("alpha", wanting_reasoning)
    assert agent_says(avengers(fields=fields, **given)) == "13"
    (turn,) = called_turns(server.requests[-1])
    assert turn["reasoning_content"] == "I should add."


def test_reasoning_stays_where_nobody_wants_it(server: OpenAIServer, avengers: Models) -> None:
    use = Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})], reasoning="I should add.")
    server.serve("alpha", use, use, "13")
    assert agent_says(avengers()) == "13"
    (turn,) = called_turns(server.requests[-1])
    assert "reasoning_content" not in turn


SIGNATURE = {"google": {"thought_signature": "signed"}}
DETAILS = [{"type": "reasoning.encrypted", "data": "secret", "index": 0}]
SIGNED: dict[str, Any] = {
    "content": "",
    "reasoning_details": DETAILS,
    "tool_calls": [call(index=0, extra_content=SIGNATURE)],
}


def signing(received: Received) -> str | Answer:
    """Signs its calls, as Gemini does, and wants the signature back."""
    if received.body["messages"][-1]["role"] == "tool":
        (turn,) = called_turns(received)
        signed = [use.get("extra_content") for use in turn["tool_calls"]] == [SIGNATURE]
        right = signed and turn.get("reasoning_details") == DETAILS
        return "13" if right else Fault(400, "a function call is missing a thought_signature")
    if received.body.get("stream"):
        sent = [event(SIGNED), event({}, "tool_calls")]
        text = "".join(f"data: {json.dumps(item)}\n\n" for item in sent)
        return Fault(200, body=text, content_type="text/event-stream")
    return Fault(200, body=json.dumps(body(SIGNED, "tool_calls")))


@pytest.mark.parametrize("given", [{}, {"strategy": "direct"}])
@pytest.mark.parametrize("fields", [{}, {"stream_requests": True}])
def test_what_a_server_signed_goes_back_to_it(
    server: OpenAIServer, avengers: Models, given: dict[str, Any], fields: dict[str, Any]
) -> None:
    server.serve("alpha", signing)
    assert agent_says(avengers(fields=fields, **given)) == "13"


def test_another_server_does_not_get_it(
    server: OpenAIServer, avengers: Models, pool_of: Callable[..., ExpertPool]
) -> None:
    server.serve("alpha", signing)
    turn = avengers(strategy="direct").bind_tools([add]).invoke(SUM)
    messages = [HumanMessage(SUM), turn, ToolMessage("13", tool_call_id=turn.tool_calls[0]["id"])]
    url = server.base_url
    beta = Expert(name="beta", base_url=url, server="mistral", supports=SUPPORTS)
    server.serve("beta", "13")
    assert listen(pool_of(beta), ("beta", 1), messages=messages).texts == {0: "13"}
    (sent,) = called_turns(server.asked("beta")[0])
    assert "reasoning_details" not in sent
    assert "extra_content" not in sent["tool_calls"][0]


HALF = "\ud83d"


def test_half_a_character_anywhere_in_a_prompt(server: OpenAIServer, avengers: Models) -> None:
    server.serve("alpha", "13")
    use: Any = {"name": "add", "args": {"a": HALF}, "id": "c1"}
    answer = avengers().invoke(
        [
            ("system", HALF),
            HumanMessage([{"type": "text", "text": f"{SUM} {HALF}"}]),
            AIMessage(HALF, tool_calls=[use]),
            ToolMessage(HALF, tool_call_id="c1"),
            ("user", f"{SUM} {HALF}"),
        ]
    )
    assert answer.text == "13"
    assert "\N{REPLACEMENT CHARACTER}" in server.requests[-1].prompt
