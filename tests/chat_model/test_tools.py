"""Tools, agents and structured output through ``ChatAvengers``."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from avengers_graph.chat_model import ChatAvengers
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.routing import ClusterIndex
from avengers_graph.settings.context import Context
from tests.calibrated import EXPERTS, WordEmbeddings
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Sum(BaseModel):
    """The parts of a sum."""

    total: int
    kind: Literal["small", "large"]


@pytest.fixture
def model(
    server: OpenAIServer, small_index: ClusterIndex, pool_of: Callable[..., ExpertPool]
) -> ChatAvengers:
    supports = {"tools", "json_schema", "json_mode", "system"}
    return ChatAvengers(
        pool=pool_of(*EXPERTS, supports=supports, max_concurrency=1),
        index=small_index,
        embeddings=WordEmbeddings(),
        samples=3,
        defaults=Context(early_stop=False),
    )


def test_the_majority_of_calls_wins_with_a_valid_id(
    server: OpenAIServer, model: ChatAvengers
) -> None:
    uses = [{"a": 1, "b": 1}, {"a": 6, "b": 7}, {"b": 7, "a": 6}]
    server.serve("alpha", *[Reply(tool_calls=[ToolUse("add", args)]) for args in uses])
    message = model.bind_tools([add]).invoke("What is 6 plus 7?")
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [("add", {"a": 6, "b": 7})]
    history = [
        HumanMessage("What is 6 plus 7?"),
        message,
        ToolMessage("13", tool_call_id=message.tool_calls[0]["id"]),
    ]
    server.serve("alpha", "It is 13.")
    assert model.bind_tools([add]).invoke(history).content == "It is 13."


def test_parallel_calls_are_one_ballot(server: OpenAIServer, model: ChatAvengers) -> None:
    first, second = ToolUse("add", {"a": 1, "b": 2}), ToolUse("add", {"a": 3, "b": 4})
    server.serve("alpha", Reply(tool_calls=[first]), Reply(tool_calls=[first, second]))
    message = model.bind_tools([add]).invoke("What are 1 plus 2 and 3 plus 4?")
    assert [c["args"] for c in message.tool_calls] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert len({c["id"] for c in message.tool_calls}) == 2


def test_a_text_is_a_ballot_against_a_call(server: OpenAIServer, model: ChatAvengers) -> None:
    call = Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})])
    server.serve("alpha", call, "It is 13.", "It is 13.")
    message = model.bind_tools([add]).invoke("What is 6 plus 7?")
    assert message.tool_calls == []
    assert message.content == "It is 13."


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("any", "required"),
        (True, "required"),
        ("add", {"type": "function", "function": {"name": "add"}}),
        ("none", "none"),
        (None, None),
    ],
)
def test_tool_choice_goes_out_as_servers_take_it(
    server: OpenAIServer, model: ChatAvengers, choice: Any, sent: Any
) -> None:
    model.bind_tools([add], tool_choice=choice).invoke("add 6 and 7")
    assert server.requests[0].body.get("tool_choice") == sent
    assert server.requests[0].body["tools"][0]["function"]["name"] == "add"


@pytest.mark.parametrize("samples", [1, 3])
def test_tool_calls_are_streamed(server: OpenAIServer, model: ChatAvengers, samples: int) -> None:
    server.serve("alpha", Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})]))
    whole: Any = None
    for chunk in model.bind_tools([add]).stream("add 6 and 7", samples=samples):
        whole = chunk if whole is None else whole + chunk
    assert [(c["name"], c["args"]) for c in whole.tool_calls] == [("add", {"a": 6, "b": 7})]
    assert whole.tool_calls[0]["id"]
    assert whole.response_metadata["finish_reason"] == "tool_calls"


def test_an_agent_runs_its_loop(server: OpenAIServer, model: ChatAvengers) -> None:
    agent: Any = create_agent(model, [add])
    result = agent.invoke({"messages": [HumanMessage("Please add 6 and 7")]})
    kinds = [type(message).__name__ for message in result["messages"]]
    assert kinds == ["HumanMessage", "AIMessage", "ToolMessage", "AIMessage"]
    assert result["messages"][1].tool_calls[0]["args"] == {"a": 6, "b": 6}
    assert result["messages"][-1].content == "The tool says 12"
    assert len(server.requests) == 6


def test_structured_output_is_voted_on(server: OpenAIServer, model: ChatAvengers) -> None:
    values = [{"total": 1, "kind": "small"}, {"total": 13, "kind": "large"}]
    server.serve("alpha", *[Reply(tool_calls=[ToolUse("Sum", value)]) for value in values])
    answer = model.with_structured_output(Sum).invoke("What is 6 plus 7?")
    assert answer == Sum(total=13, kind="large")


def test_raw_and_parsed(server: OpenAIServer, model: ChatAvengers) -> None:
    server.serve("alpha", Reply(tool_calls=[ToolUse("Sum", {"total": 13, "kind": "small"})]))
    both: Any = model.with_structured_output(Sum, include_raw=True).invoke("What is 6 plus 7?")
    assert both["parsed"] == Sum(total=13, kind="small")
    assert isinstance(both["raw"], AIMessage)
    assert both["raw"].response_metadata["avengers"]["kind"] in ("tool_calls", "json")
