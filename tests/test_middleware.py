"""One routing decision for the whole run of an agent, over a real HTTP server."""

import asyncio
import builtins
import importlib
import sys
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langgraph.checkpoint.memory import InMemorySaver

from avengers_graph import AvengersMiddleware, ChatAvengers
from avengers_graph.settings.expert import Expert
from tests.calibrated import CAPITAL, EXPERTS, SUM, WordEmbeddings
from tests.servers.answers import Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = pytest.mark.integration


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def calls_then_says(received: Received) -> Reply:
    """A call with words that lie in another cluster than the question, then an answer."""
    if received.body["messages"][-1]["role"] == "tool":
        return Reply("13")
    return Reply(f"{CAPITAL} " * 5, tool_calls=[ToolUse("add", {"a": 6, "b": 7})])


@pytest.fixture
def llm(server: OpenAIServer, small_index: Any, pool_of: Callable[..., Any]) -> ChatAvengers:
    """A model that routes by the whole conversation: each step might go to another expert."""
    for name in EXPERTS:
        server.serve(name, calls_then_says)
    return ChatAvengers(
        pool=pool_of(*EXPERTS, supports=frozenset({"system", "tools"})),
        index=small_index,
        embeddings=WordEmbeddings(),
        strategy="direct",
        routing_text="conversation",
    )


def asked(question: str) -> Any:
    return {"messages": [{"role": "user", "content": question}]}


def models(server: OpenAIServer) -> list[str]:
    return [request.model for request in server.requests]


def test_without_it_a_step_may_go_elsewhere(server: OpenAIServer, llm: ChatAvengers) -> None:
    create_agent(llm, tools=[add]).invoke(asked(SUM))
    assert models(server) == ["alpha", "beta"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_all_steps_go_to_the_expert_of_the_first(
    server: OpenAIServer, llm: ChatAvengers, asynchronous: bool
) -> None:
    agent: Any = create_agent(llm, tools=[add], middleware=[AvengersMiddleware(llm)])
    state = asyncio.run(agent.ainvoke(asked(SUM))) if asynchronous else agent.invoke(asked(SUM))
    assert models(server) == ["alpha", "alpha"]
    assert state["avengers_experts"][0]["name"] == "alpha"
    assert state["messages"][-1].text == "13"


def test_the_next_run_of_a_thread_is_routed_anew(server: OpenAIServer, llm: ChatAvengers) -> None:
    middleware = [AvengersMiddleware(llm)]
    agent: Any = create_agent(llm, [add], middleware=middleware, checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "1"}}
    agent.invoke(asked(SUM), thread)
    state = agent.invoke(asked(f"{CAPITAL} " * 5), thread)
    assert models(server) == ["alpha", "alpha", "beta", "beta"]
    assert state["avengers_experts"][0]["name"] == "beta"


def test_the_decision_cannot_be_passed_in(server: OpenAIServer, llm: ChatAvengers) -> None:
    agent: Any = create_agent(llm, tools=[add], middleware=[AvengersMiddleware(llm)])
    agent.invoke({**asked(SUM), "avengers_experts": [{"name": "beta"}]})
    assert models(server) == ["alpha", "alpha"]


def test_an_expert_that_fails_is_replaced(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", Fault(400))
    agent: Any = create_agent(llm, tools=[add], middleware=[AvengersMiddleware(llm)])
    assert agent.invoke(asked(SUM))["messages"][-1].text == "13"
    assert "gamma" in models(server)


def test_experts_without_tools_are_not_decided_for(
    server: OpenAIServer, small_index: Any, pool_of: Callable[..., Any]
) -> None:
    server.serve("beta", calls_then_says)
    base = {"base_url": server.base_url}
    able = Expert(name="beta", supports=frozenset({"tools"}), **base)
    pool = pool_of(Expert(name="alpha", **base), able)
    llm = ChatAvengers(pool=pool, index=small_index, embeddings=WordEmbeddings(), strategy="direct")
    agent: Any = create_agent(llm, tools=[add], middleware=[AvengersMiddleware(llm)])
    state = agent.invoke(asked(SUM))
    assert [expert["name"] for expert in state["avengers_experts"]] == ["beta"]


def test_it_takes_the_place_of_the_agents_model(server: OpenAIServer, llm: ChatAvengers) -> None:
    other = GenericFakeChatModel(messages=iter([]))
    agent: Any = create_agent(other, middleware=[AvengersMiddleware(llm)])
    server.serve("alpha", "13")
    assert agent.invoke(asked(SUM))["messages"][-1].text == "13"


def test_without_langchain_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole_import = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "langchain":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return whole_import(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "avengers_graph.middleware")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'avengers-graph\[agents\]'"):
        importlib.import_module("avengers_graph.middleware")
