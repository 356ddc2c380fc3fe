"""The first node: what a request resolves to."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from avengers_graph.errors import ConfigError, EmbeddingError
from avengers_graph.nodes.embed import own_settings, resolve_request
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import resolve
from tests.calibrated import EXPERTS, WordEmbeddings
from tests.servers.openai_server import OpenAIServer

TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]


def test_a_surrounding_graphs_context_is_none_of_our_concern() -> None:
    theirs = {"samples": 3, "user": "ada"}
    assert own_settings(theirs, nested=True) == {"samples": 3}
    assert own_settings(theirs, nested=False) == theirs
    assert own_settings("theirs", nested=True) is None
    with pytest.raises(ConfigError, match="the context is a str"):
        own_settings("theirs", nested=False)


def test_a_request_is_resolved_once() -> None:
    context = Context(params={"stop": ["x"], "seed": None}, deadline=60, answer_kind="number")
    request = resolve_request(resolve(context), question="q", messages=[HumanMessage("q")])
    assert request["params"] == {"stop": ["x"]}
    assert request["kind"] == "number"
    assert request["needs"] == []
    assert "params" not in request["settings"]
    assert request["settings"]["deadline"] == 60


@pytest.mark.parametrize(
    ("params", "question", "kind"),
    [
        ({"tools": [TOOL]}, "What is 6 plus 7?", "tool_calls"),
        ({"tools": [TOOL], "tool_choice": "none"}, "What is 6 plus 7?", "number"),
        ({"response_format": {"type": "json_object"}}, "What is 6 plus 7?", "json"),
        ({"response_format": {"type": "text"}}, "What is 6 plus 7?", "number"),
        ({}, "What is 6 plus 7?", "number"),
    ],
)
def test_the_kind_that_the_request_tells(params: dict[str, Any], question: str, kind: str) -> None:
    request = resolve_request(Context(params=params), question=question, messages=[])
    assert request["kind"] == kind


def test_labels_tell_the_kind_before_the_question_does() -> None:
    context = Context(labels=["positive", "negative"])
    question = "Does the customer like it? Review: great food"
    request = resolve_request(context, question=question, messages=[])
    assert request["kind"] == "label"


def test_images_are_a_need() -> None:
    request = resolve_request(Context(), question="", messages=[HumanMessage([IMAGE])])
    assert request["needs"] == ["images"]


@pytest.mark.integration
@pytest.mark.parametrize(
    "messages", [[], [HumanMessage("")], [HumanMessage(" \n ")], [AIMessage("hello")]]
)
def test_an_empty_question_is_refused_before_any_call(
    server: OpenAIServer, graph_of: Graphs, run: Run, messages: Any
) -> None:
    with pytest.raises(ConfigError, match="the question is empty"):
        run(graph_of(), {"messages": messages})
    assert server.requests == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("context", "words"),
    [
        (Context(force_experts=["delta"]), "unknown expert 'delta'; have alpha, beta, gamma"),
        (Context(exclude_experts=["delta"]), "unknown expert 'delta'"),
        (Context(strategy="guess"), "unknown strategy 'guess'"),
        (Context(params={"temprature": 1}), "unknown call parameter 'temprature'"),
    ],
)
def test_what_does_not_exist_is_named_before_any_call(
    server: OpenAIServer, graph_of: Graphs, run: Run, context: Context, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        run(graph_of(), {"messages": [HumanMessage("What is 6 plus 7?")]}, context=context)
    assert server.requests == []


@pytest.mark.integration
def test_the_question_is_the_last_human_turn(graph_of: Graphs, run: Run) -> None:
    before = [SystemMessage("s"), HumanMessage("Which capital?"), AIMessage("Rome")]
    turns = {"messages": [*before, HumanMessage("6 plus 7?")]}
    result = run(graph_of(), turns, context=Context(strategy="direct"))
    experts = result["messages"][-1].response_metadata["avengers"]["experts"]
    assert experts[0]["name"] == "alpha"


@pytest.mark.integration
def test_a_plan_shares_its_samples_among_the_experts_that_there_are(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    for name in EXPERTS:
        server.serve(name, "13")
    context = Context(strategy="multi-model", samples=6, top_experts=5, early_stop=False)
    run(graph_of(), {"messages": [HumanMessage("What is 6 plus 7?")]}, context=context)
    assert [len(server.asked(name)) for name in EXPERTS] == [2, 2, 2]


@pytest.mark.integration
def test_an_embedder_that_fails_says_so(
    graph_of: Graphs, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = graph_of()

    def fail(self: Any, text: str) -> list[float]:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(WordEmbeddings, "embed_query", fail)
    with pytest.raises(EmbeddingError, match="out of memory"):
        run(graph, {"messages": [HumanMessage("q")]})
