"""The routing alone: who would be asked, and nobody is."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph

from avengers_graph import ChatAvengers, ExpertRouter
from avengers_graph.errors import ConfigError
from avengers_graph.settings.expert import Expert
from tests.calibrated import CAPITAL, EXPERTS, SUM, WordEmbeddings
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


@pytest.fixture
def router_of(small_index: Any, pool_of: Callable[..., Any]) -> Callable[..., ExpertRouter]:
    """Makes routers over three experts, or those that are given."""

    def make(*experts: Any, **settings: Any) -> ExpertRouter:
        pool = pool_of(*(experts or EXPERTS))
        return ExpertRouter(
            ChatAvengers(pool=pool, index=small_index, embeddings=WordEmbeddings(), **settings)
        )

    return make


def names(ranking: Any) -> list[str]:
    return [expert["name"] for expert in ranking]


@pytest.mark.parametrize("asked", [SUM, [HumanMessage(SUM)], [("user", SUM)]])
def test_the_best_expert_comes_first(
    server: OpenAIServer, router_of: Callable[..., ExpertRouter], asked: Any
) -> None:
    assert names(router_of().invoke(asked)) == ["alpha", "gamma", "beta"]
    assert names(asyncio.run(router_of().ainvoke(asked))) == ["alpha", "gamma", "beta"]
    assert server.requests == []


def test_it_stands_in_a_chain(router_of: Callable[..., ExpertRouter]) -> None:
    chain = ChatPromptTemplate.from_messages([("user", "{question}")]) | router_of()
    rankings = chain.batch([{"question": SUM}, {"question": CAPITAL}])
    assert [names(ranking)[0] for ranking in rankings] == ["alpha", "beta"]


def test_settings_of_the_model_and_of_the_call_hold(
    router_of: Callable[..., ExpertRouter],
) -> None:
    router = router_of(exclude_experts=["alpha"])
    assert names(router.invoke(SUM)) == ["gamma", "beta"]
    assert names(router.invoke(SUM, force_experts=["beta"])) == ["beta"]
    with pytest.raises(ConfigError, match="unknown parameter 'sampels'"):
        router.invoke(SUM, sampels=3)


def test_tools_are_for_experts_that_have_them(
    server: OpenAIServer, router_of: Callable[..., ExpertRouter]
) -> None:
    base = {"base_url": server.base_url}
    able = Expert(name="beta", supports=frozenset({"tools"}), **base)
    router = router_of(Expert(name="alpha", **base), able)

    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    assert names(router.invoke(SUM)) == ["alpha", "beta"]
    assert names(router.invoke(SUM, tools=[add])) == ["beta"]


def test_a_graph_around_it_keeps_its_own_state(router_of: Callable[..., ExpertRouter]) -> None:
    """Stopping early inside a graph must not stop that graph, nor save into its checkpoints."""
    router, found = router_of(), []
    builder = StateGraph(MessagesState)
    builder.add_node("route", lambda state: found.append(router.invoke(state["messages"])))
    builder.add_node("after", lambda state: {"messages": [names(found[0])[0]]})
    builder.add_edge(START, "route")
    builder.add_edge("route", "after")
    builder.add_edge("after", END)
    graph = builder.compile(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    state = graph.invoke({"messages": [HumanMessage(SUM)]}, thread)
    assert [message.text for message in state["messages"]] == [SUM, "alpha"]
    assert set(graph.get_state(thread).values) == {"messages"}
