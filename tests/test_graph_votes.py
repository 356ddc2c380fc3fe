"""What the graph's vote takes over from its Context, on a real HTTP server."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from avengers_graph.settings.context import Context
from tests.calibrated import SUM
from tests.conftest import Clock
from tests.servers.answers import Fault, Reply, ToolUse
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


ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
ADDED = '{"name": "add", "arguments": {"a": 6, "b": 7}}'


@pytest.mark.parametrize(
    "text",
    [
        f"I will add them.\n<tool_call>{ADDED}</tool_call>",
        f"```json\n{ADDED}\n```",
        '{"function": {"name": "add", "arguments": "{\\"a\\": 6, \\"b\\": 7}"}}',
        '[TOOL_CALLS]add{"a": 6, "b": 7}',
        "add(6, b=7)",
    ],
)
def test_a_text_that_wins_as_a_call_comes_back_as_a_call(
    server: OpenAIServer, graph_of: Graphs, run: Run, text: str
) -> None:
    server.serve("alpha", text, Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})]))
    context = Context(samples=4, params={"tools": [ADD]}, early_stop=False)
    result = run(graph_of(fields={"supports": {"tools"}}), asked(SUM), context=context)
    assert [row["votes"] for row in result["verdict"]["tally"]] == [4]
    message = result["messages"][-1]
    assert [(call["name"], call["args"]) for call in message.tool_calls] == [
        ("add", {"a": 6, "b": 7})
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "drop", "arguments": {}}',
        "<tool_call>drop()</tool_call>",
        '{"name": "add", "arguments": {"a": 6, "b": 7',
        'add(a=6, b="seven")',
    ],
)
def test_calls_that_nobody_can_carry_out_do_not_outvote_one_that_can_be(
    server: OpenAIServer, graph_of: Graphs, run: Run, text: str
) -> None:
    server.serve("alpha", text, text, text, Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})]))
    context = Context(samples=4, params={"tools": [ADD]}, early_stop=False)
    result = run(graph_of(fields={"supports": {"tools"}}), asked(SUM), context=context)
    (call,) = result["messages"][-1].tool_calls
    assert call["args"] == {"a": 6, "b": 7}
    assert len(result["verdict"]["abstained"]) == 3


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
