"""The graph before there are records: the same five nodes, without index and embedder."""

from collections.abc import Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from avengers_graph import Context, ExpertPool, create_avengers_graph
from tests.calibrated import EXPERTS, SUM, WordEmbeddings
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration
Run = Callable[..., dict[str, Any]]
Pools = Callable[..., ExpertPool]
QUESTION = {"messages": [("user", SUM)]}


def test_each_node_writes_what_it_knows(server: OpenAIServer, pool_of: Pools) -> None:
    graph = create_avengers_graph(pool=pool_of(*EXPERTS))
    written: dict[str, Any] = {}
    for update in graph.stream(QUESTION, stream_mode="updates"):
        written.update(update)
    assert list(written) == ["embed", "retrieve_cluster", "select_experts", "sample", "vote"]
    assert written["embed"].keys() == {"request", "plan"}
    assert written["retrieve_cluster"] == {"clusters": []}
    assert all("no index" in expert["why"] for expert in written["select_experts"]["experts"])


@pytest.mark.parametrize(
    ("defaults", "context", "strategy"),
    [
        (None, None, "multi-model"),
        (None, Context(samples=2), "multi-model"),
        (Context(samples=2), {"top_experts": 2}, "multi-model"),
        (Context(strategy="self-consistency"), None, "self-consistency"),
        (None, Context(strategy="direct"), "direct"),
        (Context(strategy="adaptive"), {"strategy": "direct"}, "direct"),
    ],
)
def test_several_experts_are_asked_unless_a_strategy_is_given(
    pool_of: Pools, run: Run, defaults: Any, context: Any, strategy: str
) -> None:
    graph = create_avengers_graph(pool=pool_of(*EXPERTS), defaults=defaults)
    result = run(graph, QUESTION, context=context)
    assert result["messages"][-1].response_metadata["avengers"]["strategy"] == strategy


def test_an_embedder_without_index_compares_free_texts(
    server: OpenAIServer, pool_of: Pools, run: Run
) -> None:
    embedded: list[list[str]] = []

    class Noted(WordEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            embedded.append(texts)
            return super().embed_documents(texts)

        def embed_query(self, text: str) -> list[float]:
            assert text != "Why?", "the question is not embedded"
            return super().embed_query(text)

    for name in EXPERTS:
        server.serve(name, f"Because {name} says so.")
    graph = create_avengers_graph(pool=pool_of(*EXPERTS), embeddings=Noted())
    run(graph, {"messages": [("user", "Why?")]}, context=Context(samples=3))
    assert [len(texts) for texts in embedded] == [3]


def test_a_stopped_run_goes_on(server: OpenAIServer, pool_of: Pools, run: Run) -> None:
    saver = InMemorySaver()
    thread = {"configurable": {"thread_id": "1"}}
    pool = pool_of(*EXPERTS)
    for node in ("retrieve_cluster", "select_experts", "sample"):
        graph = create_avengers_graph(pool=pool, checkpointer=saver, interrupt_before=[node])
        run(graph, QUESTION, config=thread)
        assert graph.get_state(thread).next == (node,)  # type: ignore[arg-type]
        assert "verdict" in run(graph, None, config=thread)
