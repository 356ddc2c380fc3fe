"""What the graph's vote takes over from its Context, on a real HTTP server."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from avengers_graph.context import Context
from tests.calibrated import SUM
from tests.conftest import Clock
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]


def asked(question: str) -> dict[str, Any]:
    return {"messages": [HumanMessage(question)]}


def test_free_texts_are_compared_by_the_graphs_embedder(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "green river", "blue sky over hills", "blue sky over hills and a lake")
    context = Context(samples=3, answer_kind="free_text")
    result = run(graph_of(), asked(SUM), context=context)
    assert "blue sky" in result["messages"][-1].text


def test_a_label_question_takes_its_list_from_the_context(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "Sounds like spam to me.", "spam", "ham")
    context = Context(samples=3, answer_kind="label", labels=["spam", "ham"], early_stop=False)
    result = run(graph_of(), asked("What is this mail?"), context=context)
    assert [row["answer"] for row in result["verdict"]["tally"]] == ["spam", "ham"]


def test_a_merged_object_is_the_answer(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    objects = [{"a": 1, "b": 2, "c": 9}, {"a": 1, "b": 7, "c": 3}, {"a": 5, "b": 2, "c": 3}]
    server.serve("alpha", *map(json.dumps, objects))
    for merge, answers in ((True, [{"a": 1, "b": 2, "c": 3}]), (False, objects)):
        context = Context(samples=3, answer_kind="json", merge=merge)
        result = run(graph_of(), asked("Give a, b and c as JSON."), context=context)
        assert json.loads(result["messages"][-1].text) in answers


def test_tokens_are_a_budget(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", "13")
    graph = graph_of(fields={"max_concurrency": 1})
    context = Context(samples=8, max_tokens_spent=12, early_stop=False)
    result = run(graph, asked(SUM), context=context)
    # 5 tokens in and 1 out a sample: the second one uses the budget up
    assert sum(row["votes"] for row in result["verdict"]["tally"]) == 2


def test_experts_that_are_better_make_an_answer_more_confident(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    for name in ("alpha", "beta"):
        server.serve(name, "13")
    confidence = {}
    for name in ("alpha", "beta"):
        context = Context(samples=3, force_experts=[name], early_stop=False)
        confidence[name] = run(graph_of(), asked(SUM), context=context)["verdict"]["confidence"]
    assert confidence["alpha"] > confidence["beta"]


def test_a_failure_that_another_expert_made_good_is_no_ballot(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Fault(401))
    server.serve("gamma", "13")
    result = run(graph_of(), asked(SUM), context=Context(samples=4, early_stop=False))
    verdict = result["verdict"]
    assert (verdict["answer"], verdict["agreement"]) == ("13", 1.0)
    assert verdict["abstained"] == []


def test_a_failure_that_nobody_made_good_is_an_abstention(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13", Fault(400), "13")
    context = Context(samples=3, force_experts=["alpha"], early_stop=False, batching="never")
    verdict = run(graph_of(fields={"max_concurrency": 1}), asked(SUM), context=context)["verdict"]
    assert len(verdict["abstained"]) == 1
    assert verdict["agreement"] < 1


def test_the_time_a_person_takes_is_not_the_experts(
    server: OpenAIServer, graph_of: Graphs, run: Run, clock: Clock
) -> None:
    server.serve("alpha", "13")
    graph = graph_of(checkpointer=InMemorySaver(), interrupt_before=["sample"])
    thread = {"configurable": {"thread_id": "1"}}
    context = Context(samples=2, deadline=20.0)
    run(graph, asked(SUM), config=thread, context=context)
    clock.jump_once(lambda: True)
    assert run(graph, None, config=thread, context=context)["verdict"]["answer"] == "13"
