"""The whole graph on a real HTTP server, under ``invoke`` and ``ainvoke`` alike."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from avengers_graph.errors import AllExpertsFailedError
from avengers_graph.plans import STRATEGIES
from avengers_graph.settings.context import Context
from tests.calibrated import CAPITAL, EXPERTS, SUM
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]
NODES = ["embed", "retrieve_cluster", "select_experts", "sample", "vote"]


def asked(question: str = SUM) -> dict[str, Any]:
    return {"messages": [HumanMessage(question)]}


def in_thread(name: str = "1") -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


@pytest.fixture
def answering(server: OpenAIServer) -> OpenAIServer:
    """Every expert says what it is called and 13."""
    for name in EXPERTS:
        server.serve(name, f"{name} says 13")
    return server


@pytest.mark.parametrize(("question", "best"), [(SUM, "alpha"), (CAPITAL, "beta")])
def test_the_best_expert_of_the_cluster_answers(
    answering: OpenAIServer, graph_of: Graphs, run: Run, question: str, best: str
) -> None:
    result = run(graph_of(), asked(question), context=Context(samples=3))
    assert {r.model for r in answering.requests} == {best}
    assert result["verdict"]["expert"] == best
    assert result["messages"][-1].content == f"{best} says 13"
    assert set(result) == {"messages", "verdict"}


def test_the_answer_says_how_it_came_about(
    answering: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    context = Context(samples=3, early_stop=False)
    message = run(graph_of(), asked(), context=context)["messages"][-1]
    told = message.response_metadata["avengers"]
    assert [e["name"] for e in told["experts"]] == ["alpha", "gamma", "beta"]
    assert sum(c["weight"] for c in told["clusters"]) == pytest.approx(1)
    assert (told["answer"], told["kind"], told["agreement"]) == ("13", "number", 1.0)
    assert told["tally"] == [{"answer": "13", "votes": 3, "weight": 3.0, "samples": [0, 1, 2]}]
    assert (told["calls"], told["calls_saved"], told["usage_estimated"]) == (3, 0, False)
    # 17 and 13 characters, four to a token, three times
    usage = {"input_tokens": 15, "output_tokens": 12, "total_tokens": 27}
    assert message.usage_metadata == usage


def test_without_a_context_the_defaults_hold(
    answering: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    run(graph_of(defaults=Context(samples=2, early_stop=False)), asked())
    assert len(answering.requests) == 2


def test_a_context_may_be_a_plain_mapping(
    answering: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(defaults=Context(samples=5, early_stop=False))
    result = run(graph, asked(), context={"strategy": "direct"})
    assert result["verdict"]["calls"] == 1
    with pytest.raises(ValueError, match="stratgy"):
        run(graph, asked(), context={"stratgy": "direct"})


def test_the_next_ranked_takes_over(answering: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    answering.serve("alpha", Fault(401, "no key"))
    result = run(graph_of(), asked(), context=Context(samples=2))
    assert result["verdict"]["expert"] == "gamma"
    assert result["verdict"]["answer"] == "13"


def test_when_nobody_answers_each_cause_is_named(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Fault(401, "no key"))
    server.serve("beta", Fault(503, "overloaded"))
    server.serve("gamma", Fault(400, "too long"))
    graph = graph_of(fields={"retries": 0})
    with pytest.raises(AllExpertsFailedError) as caught:
        run(graph, asked(), context=Context(samples=2))
    assert set(caught.value.causes) == set(EXPERTS)
    for name, words in (("alpha", "no key"), ("beta", "overloaded"), ("gamma", "too long")):
        assert words in caught.value.causes[name]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_runs(
    answering: OpenAIServer, graph_of: Graphs, run: Run, strategy: str
) -> None:
    result = run(graph_of(), asked(), context=Context(strategy=strategy, samples=4))
    assert result["verdict"]["answer"] == "13"
    assert result["messages"][-1].response_metadata["avengers"]["strategy"] == strategy


def test_no_vote_leaks_from_turn_to_turn(
    answering: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(checkpointer=InMemorySaver())
    context = Context(samples=2, early_stop=False)
    sizes = []
    for turn in range(4):
        answering.serve("alpha", str(turn))
        result = run(graph, asked(f"What is {turn} plus 0?"), config=in_thread(), context=context)
        state = graph.get_state(in_thread()).values
        assert result["verdict"]["answer"] == str(turn)
        assert [s["text"] for s in state["samples"]] == [str(turn)] * 2
        assert sorted(s["index"] for s in state["samples"]) == [0, 1], "in order of arrival"
        assert (state["spent"]["calls"], state["round"]) == (2, 0)
        assert len(state["messages"]) == 2 * (turn + 1)
        sizes.append(len(json.dumps({k: v for k, v in state.items() if k != "messages"})))
    assert max(sizes) - min(sizes) < 20, "the state does not grow with the turns"
    assert answering.requests[-1].body["messages"][-1]["content"] == "What is 3 plus 0?"
    assert len(answering.requests[-1].body["messages"]) == 7


def test_threads_are_separate(answering: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    graph = graph_of(checkpointer=InMemorySaver())
    context = Context(strategy="direct")
    run(graph, asked(SUM), config=in_thread("a"), context=context)
    run(graph, asked(CAPITAL), config=in_thread("b"), context=context)
    assert len(answering.requests[-1].body["messages"]) == 1


@pytest.mark.parametrize("node", NODES)
def test_a_run_goes_on_where_it_was_interrupted(
    answering: OpenAIServer, graph_of: Graphs, run: Run, node: str
) -> None:
    graph = graph_of(checkpointer=InMemorySaver(), interrupt_before=[node])
    context = Context(samples=3, early_stop=False)
    run(graph, asked(), config=in_thread(), context=context)
    assert graph.get_state(in_thread()).next == (node,)
    asked_before = len(answering.requests)
    assert asked_before == (3 if node == "vote" else 0)
    # Settings are resolved in the first node; after it a resumed run needs no context.
    resumed = {"context": context} if node == "embed" else {}
    result = run(graph, None, config=in_thread(), **resumed)
    assert result["verdict"]["answer"] == "13"
    assert result["verdict"]["calls"] == 3
    assert len(answering.requests) == 3


def test_the_state_is_plain(answering: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    graph = graph_of(checkpointer=InMemorySaver())
    run(graph, asked(), config=in_thread(), context=Context(strategy="multi-model", samples=3))
    state = graph.get_state(in_thread()).values
    plain = {key: value for key, value in state.items() if key != "messages"}
    assert json.loads(json.dumps(plain)) == plain
    assert "query_embedding" not in state
    answer = state["messages"][-1]
    assert json.loads(json.dumps(answer.response_metadata)) == answer.response_metadata


@pytest.mark.parametrize("first", range(3))
@pytest.mark.parametrize("early_stop", [True, False])
def test_the_answer_does_not_depend_on_the_order_of_arrival(
    server: OpenAIServer, graph_of: Graphs, run: Run, first: int, early_stop: bool
) -> None:
    texts = {"alpha": "14", "gamma": "13", "beta": "13"}
    for position, (name, text) in enumerate(texts.items()):
        server.serve(name, Reply(text, delay=0.05 * ((position - first) % 3)))
    context = Context(strategy="multi-model", samples=3, top_experts=3, early_stop=early_stop)
    verdict = run(graph_of(), asked(), context=context)["verdict"]
    assert verdict["answer"] == "13"
    if not early_stop:
        assert [row["samples"] for row in verdict["tally"]] == [[1, 2], [0]]
        assert verdict["expert"] == "gamma"


def test_a_tie_goes_to_the_better_ranked_whoever_comes_first(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Reply("14", delay=0.1))
    server.serve("gamma", "13")
    server.serve("beta", "12")
    context = Context(strategy="multi-model", samples=3)
    assert run(graph_of(), asked(), context=context)["verdict"]["answer"] == "14"


def test_the_graph_sits_in_a_parent(answering: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    builder = StateGraph(MessagesState)
    builder.add_node("avengers", graph_of(defaults=Context(samples=2)))
    builder.add_edge(START, "avengers")
    parent = builder.compile(checkpointer=InMemorySaver())
    for turn in range(2):
        result = run(parent, asked(), config=in_thread())
        assert set(result) == {"messages"}
        assert len(result["messages"]) == 2 * (turn + 1)
        assert result["messages"][-1].response_metadata["avengers"]["calls"] == 2


def test_progress_is_streamed(answering: OpenAIServer, graph_of: Graphs) -> None:
    events = list(
        graph_of().stream(
            asked(), context=Context(samples=2, early_stop=False), stream_mode="custom"
        )
    )
    kinds = [event["type"] for event in events]
    assert sorted(kinds) == ["sample_finished"] * 2 + ["sample_started"] * 2
    assert json.dumps(events)


def test_tokens_of_a_single_sample_are_streamed(answering: OpenAIServer, graph_of: Graphs) -> None:
    context = Context(strategy="direct", stream_tokens=True)
    events = graph_of().stream(asked(), context=context, stream_mode="custom")
    tokens = [event["text"] for event in events if event["type"] == "sample_token"]
    assert "".join(tokens) == "alpha says 13"


def test_cancelling_a_run_cancels_its_calls(server: OpenAIServer, graph_of: Graphs) -> None:
    server.serve("alpha", Reply("late", delay=60))
    graph = graph_of()

    async def give_up() -> None:
        running = asyncio.create_task(graph.ainvoke(asked(), context=Context(samples=3)))
        await asyncio.to_thread(server.wait_for, lambda: len(server.requests) == 3)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(give_up())
    server.wait_for(lambda: all(r.disconnected for r in server.requests))


def test_a_batch_of_questions_shares_the_limits(answering: OpenAIServer, graph_of: Graphs) -> None:
    answering.serve("alpha", Reply("13", delay=0.05))
    graph = graph_of(fields={"max_concurrency": 2})
    results = graph.batch([asked()] * 4, context=Context(samples=2, early_stop=False))
    assert [r["verdict"]["answer"] for r in results] == ["13"] * 4
    assert answering.peak == 2
    assert isinstance(results[0]["messages"][-1], AIMessage)


def test_under_messages_only_the_answer_is_streamed(
    answering: OpenAIServer, graph_of: Graphs
) -> None:
    """Inner models would stream their samples into the caller's messages."""
    graph, context = graph_of(), Context(samples=3, early_stop=False)
    streamed = graph.stream(asked(), context=context, stream_mode="messages")
    assert "".join(message.text for message, _ in streamed) == "alpha says 13"
    assert all(r.body.get("stream") in (None, False) for r in answering.requests)


def test_usage_counted_around_a_graph_is_what_the_experts_reported(
    answering: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of()
    with get_usage_metadata_callback() as counter:
        result = run(graph, asked(), context=Context(samples=3, early_stop=False))
    assert list(counter.usage_metadata) == ["alpha"]
    total = result["messages"][-1].usage_metadata
    counted = counter.usage_metadata["alpha"]
    for key in ("input_tokens", "output_tokens", "total_tokens"):
        assert counted[key] == total[key]


def test_it_is_invoked_synchronously_inside_a_running_loop(
    answering: OpenAIServer, graph_of: Graphs
) -> None:
    graph = graph_of()

    async def cell() -> str:
        return str(graph.invoke(asked(), context=Context(samples=2))["verdict"]["answer"])

    assert asyncio.run(cell()) == "13"


def test_replaying_a_run_keeps_its_settings(
    answering: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(checkpointer=InMemorySaver())
    context = Context(samples=4, temperature=0.3, early_stop=False)
    run(graph, asked(), config=in_thread(), context=context)
    before = next(s for s in graph.get_state_history(in_thread()) if s.next == ("sample",))
    answering.requests.clear()
    result = run(graph, None, config=before.config)
    assert result["verdict"]["calls"] == 4
    assert [r.body["temperature"] for r in answering.requests] == [0.3] * 4
