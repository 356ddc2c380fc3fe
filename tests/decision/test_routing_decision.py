"""The decision behind an answer, from whatever holds the answer."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from pydantic import BaseModel
from rich.console import Console

from avengers_graph import ChatAvengers, Context, print_vote, routing_decision
from avengers_graph.errors import ConfigError
from tests.calibrated import EXPERTS, SUM, WordEmbeddings
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


class Sum(BaseModel):
    """A sum."""

    value: int


@pytest.fixture
def llm(server: OpenAIServer, small_index: Any, pool_of: Callable[..., Any]) -> ChatAvengers:
    for name in EXPERTS:
        server.serve(name, "13", "13", "14", "13")
    pool = pool_of(*EXPERTS, supports=frozenset({"system", "json_schema"}))
    return ChatAvengers(
        pool=pool, index=small_index, embeddings=WordEmbeddings(), samples=3, early_stop=False
    )


def test_of_a_message(llm: ChatAvengers) -> None:
    decision = routing_decision(llm.invoke(SUM))
    assert (decision.answer, decision.expert, decision.calls) == ("13", "alpha", 3)
    assert [expert["name"] for expert in decision.experts] == ["alpha", "gamma", "beta"]
    assert [row["votes"] for row in decision.tally] == [2, 1]


def test_of_a_graphs_state(server: OpenAIServer, graph_of: Callable[..., Any]) -> None:
    server.serve("alpha", "13")
    state = graph_of().invoke({"messages": [HumanMessage(SUM)]}, context=Context(samples=1))
    assert routing_decision(state) == routing_decision(state["messages"])
    assert routing_decision(state).answer == "13"


def test_of_streamed_pieces(llm: ChatAvengers) -> None:
    first, *rest = llm.stream(SUM)
    whole: Any = first
    for piece in rest:
        whole += piece
    assert routing_decision(whole).calls == 3


def test_of_structured_output(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", '{"value": 13}')
    asked = llm.with_structured_output(Sum, method="json_schema", include_raw=True)
    assert routing_decision(asked.invoke(SUM)).kind == "json"


def test_the_last_answer_of_a_conversation_counts(llm: ChatAvengers) -> None:
    answer = llm.invoke(SUM)
    later = [AIMessage("by another model"), ToolMessage("done", tool_call_id="1")]
    assert routing_decision([HumanMessage(SUM), answer, *later]) == routing_decision(answer)
    plain = {"messages": [answer.model_dump()]}
    assert routing_decision(plain) == routing_decision(answer)


@pytest.mark.parametrize("other", [AIMessage("13"), [], "13", {"messages": []}, None])
def test_what_was_not_voted_on_is_refused(other: Any) -> None:
    with pytest.raises(ConfigError, match="pass the message that ChatAvengers returned"):
        routing_decision(other)


def test_print_vote_shows_every_step(llm: ChatAvengers) -> None:
    out = io.StringIO()
    print_vote(llm.invoke(SUM), console=Console(file=out, width=120))
    shown = out.getvalue()
    for told in ("cluster", "1. alpha", "tally", "13 x2", "14 x1", "agreement 0.67", "3 calls"):
        assert told in shown


def test_verbose_prints_the_vote(llm: ChatAvengers, capsys: pytest.CaptureFixture[str]) -> None:
    llm.invoke(SUM)
    assert capsys.readouterr().out == ""
    loud = llm.model_copy(update={"verbose": True})
    loud.invoke(SUM)
    assert "13 x" in capsys.readouterr().out
    for _ in loud.stream(SUM):
        pass
    assert capsys.readouterr().out.count("tally") == 1
