"""The fifth node: the answer, the person who may decide, and what is said without one."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from avengers_graph.settings.context import Context
from tests.calibrated import SUM
from tests.servers.answers import Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]
THREAD: Any = {"configurable": {"thread_id": "1"}}


def asked(graph: Any, run: Run, **context: Any) -> dict[str, Any]:
    given = {"early_stop": False, **context}
    return run(graph, {"messages": [HumanMessage(SUM)]}, config=THREAD, context=Context(**given))


@pytest.mark.parametrize(("decision", "answer"), [("It is 15.", "It is 15."), (True, "13")])
def test_a_person_decides_where_confidence_is_low(
    server: OpenAIServer, graph_of: Graphs, run: Run, decision: Any, answer: str
) -> None:
    server.serve("alpha", "13", "14", "15")
    graph = graph_of(checkpointer=InMemorySaver(), fields={"max_concurrency": 1})
    paused = asked(graph, run, samples=3, min_confidence=0.99)
    question = paused["__interrupt__"][0].value
    assert question["answer"] == "13"
    assert question["verdict"]["confidence"] < 0.99
    assert len(graph.get_state(THREAD).values["messages"]) == 1
    result = run(graph, Command(resume=decision), config=THREAD)
    assert result["messages"][-1].content == answer
    assert len(result["messages"]) == 2
    assert len(server.requests) == 3, "nobody is asked again"


def test_early_agreement_does_not_pass_for_confidence(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", *["13"] * 5, Reply("12", delay=0.2))
    graph = graph_of(checkpointer=InMemorySaver())
    paused = asked(graph, run, samples=8, min_confidence=0.9, early_stop=True)
    assert paused["__interrupt__"][0].value["verdict"]["agreement"] == 5 / 8


def test_a_person_who_answers_instead_calls_no_tool(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Reply(tool_calls=[ToolUse("wipe", {"disk": "/"}, id="x1")]))
    tool = {"type": "function", "function": {"name": "wipe", "parameters": {"type": "object"}}}
    graph = graph_of(checkpointer=InMemorySaver(), fields={"supports": {"tools"}})
    asked(graph, run, samples=1, min_confidence=1.0, params={"tools": [tool]})
    message = run(graph, Command(resume="Do nothing."), config=THREAD)["messages"][-1]
    assert message.content == "Do nothing."
    assert message.tool_calls == []


def test_nobody_is_bothered_where_confidence_is_high(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13")
    result = asked(graph_of(checkpointer=InMemorySaver()), run, samples=8, min_confidence=0.5)
    assert "__interrupt__" not in result
    assert result["messages"][-1].content == "13"


def test_when_all_abstain_the_best_text_is_returned(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "Let me think.", "Who knows?")
    verdict_and_text = asked(graph_of(), run, samples=2)
    verdict = verdict_and_text["verdict"]
    assert (verdict["answer"], verdict["winner"], verdict["tally"]) == (None, None, [])
    assert verdict["confidence"] == 0
    assert verdict_and_text["messages"][-1].content in ("Let me think.", "Who knows?")


def test_when_nothing_was_said_at_all_the_answer_is_empty(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "")
    result = asked(graph_of(), run, samples=2)
    assert result["messages"][-1].content == ""
    assert result["verdict"]["winner"] is None


def test_an_error_is_never_the_answer(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", Fault(400, "the answer is 99"))
    server.serve("gamma", "I do not know.")
    result = asked(graph_of(), run, samples=2)
    assert result["messages"][-1].content == "I do not know."


def test_the_text_returned_is_the_winners_own(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "<think>6 + 7</think>The sum is \\boxed{13}.", "13", "12")
    graph = graph_of(fields={"max_concurrency": 1})
    result = asked(graph, run, samples=3)
    assert result["messages"][-1].content == "The sum is \\boxed{13}."
    assert result["verdict"]["winner"] == 0


def test_the_majority_of_tool_calls_wins(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve(
        "alpha",
        Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 8}, id="x1")]),
        Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7}, id="x2")]),
        Reply(tool_calls=[ToolUse("add", {"b": 7, "a": 6}, id="x3")]),
    )
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    graph = graph_of(fields={"supports": {"tools"}, "max_concurrency": 1})
    message = asked(graph, run, samples=3, params={"tools": [tool]})["messages"][-1]
    call = {"type": "tool_call", "name": "add", "args": {"a": 6, "b": 7}, "id": "x2"}
    assert message.tool_calls == [call]
    assert message.response_metadata["finish_reason"] == "tool_calls"


def test_a_broken_tool_call_stays_visible(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", Reply(tool_calls=[ToolUse("add", '{"a": ', id="x1")]))
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    graph = graph_of(fields={"supports": {"tools"}})
    message = asked(graph, run, samples=1, params={"tools": [tool]})["messages"][-1]
    assert message.tool_calls == []
    assert message.invalid_tool_calls[0]["name"] == "add"
