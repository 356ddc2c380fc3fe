"""Streams: tokens straight from the expert, progress of a vote, and leaving early."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk
from langgraph.graph import START, MessagesState, StateGraph

from avengers_graph import ChatAvengers, Expert
from tests.calibrated import SUM
from tests.chat_model.forms import FORMS, call
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]
SLOW = Reply("one two three four five six seven eight nine ten " * 20, gap=0.05)


@pytest.fixture
def direct(llm_of: Models) -> ChatAvengers:
    return llm_of(experts=("alpha",), strategy="direct")


@pytest.fixture
def vote(llm_of: Models) -> ChatAvengers:
    return llm_of(experts=("alpha",), samples=3, early_stop=False, batching="never")


def added(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    return whole


def test_one_sample_flows_straight_through(server: OpenAIServer, direct: ChatAvengers) -> None:
    server.serve("alpha", Reply("It is thirteen .", gap=0.1))
    came = [(time.monotonic(), chunk) for chunk in direct.stream(SUM)]
    texts = [chunk.text for _, chunk in came if chunk.text]
    assert texts == ["It ", "is ", "thirteen ", "."]
    assert came[-1][0] - came[0][0] > 0.25, "they came as they were written"
    whole = added([chunk for _, chunk in came])
    assert whole.response_metadata["avengers"]["calls"] == 1
    assert whole.response_metadata["model_name"] == "avengers"
    assert sum(chunk.usage_metadata is not None for _, chunk in came) == 1
    assert came[-1][1].chunk_position == "last"
    assert server.requests[0].body["stream"] is True


def test_reasoning_does_not_stream(server: OpenAIServer, direct: ChatAvengers) -> None:
    server.serve("alpha", "<think>6 + 7, hm. </think>\n\nIt is 13.")
    assert "".join(chunk.text for chunk in direct.stream(SUM)) == "It is 13."
    assert direct.invoke(SUM).text == "It is 13."


@pytest.mark.parametrize("which", ["direct", "vote"])
def test_an_answer_may_be_about_the_tags(
    server: OpenAIServer, request: pytest.FixtureRequest, which: str
) -> None:
    said = "Qwen3 writes its reasoning inside `<think>` and the answer after it."
    server.serve("alpha", said)
    llm: ChatAvengers = request.getfixturevalue(which)
    assert llm.invoke(SUM).text == said
    assert "".join(chunk.text for chunk in llm.stream(SUM)) == said


def test_a_vote_streams_the_winner(server: OpenAIServer, vote: ChatAvengers) -> None:
    server.serve("alpha", "It is 12.", "It is 13.", "13 it is.")
    chunks = list(vote.stream(SUM))
    assert "13" in added(chunks).text
    assert len(chunks) >= 4, "in chunks"
    assert not any(received.body.get("stream") for received in server.requests)


def test_a_plan_of_two_rounds_streams_its_answer_once(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "It is 12.")
    server.serve("beta", "It is 13.")
    llm = llm_of(experts=("alpha", "beta"), strategy="aggregation", samples=1, top_experts=1)
    chunks = list(llm.stream(SUM))
    assert added(chunks).text == "It is 12."
    assert len(server.requests) == 2


@pytest.mark.parametrize("asynchronous", [False, True])
def test_both_forms_stream_the_same(
    server: OpenAIServer, direct: ChatAvengers, asynchronous: bool
) -> None:
    server.serve("alpha", "It is 13.")

    async def collect() -> list[str]:
        return [chunk.text async for chunk in direct.astream(SUM)]

    texts = asyncio.run(collect()) if asynchronous else [c.text for c in direct.stream(SUM)]
    assert texts == ["It ", "is ", "13.", ""]


async def test_progress_is_seen_in_astream_events(server: OpenAIServer, vote: ChatAvengers) -> None:
    server.serve("alpha", Reply("12", delay=0.3), "13", "13")
    seen = [event async for event in vote.astream_events(SUM, version="v2")]
    told = [event for event in seen if event["event"] == "on_custom_event"]
    landed = [e["data"]["sample"] for e in told if e["name"] == "avengers_sample_finished"]
    assert sorted(sample["text"] for sample in landed) == ["12", "13", "13"]
    assert sum(event["name"] == "avengers_sample_started" for event in told) == 3
    streamed = [e["data"]["chunk"] for e in seen if e["event"] == "on_chat_model_stream"]
    assert added(streamed).text == "13"
    assert {event["run_id"] for event in seen} == {seen[0]["run_id"]}, "one model, one run"
    names = [event["event"] for event in seen]
    assert names.index("on_custom_event") < names.index("on_chat_model_stream")


class Listener(BaseCallbackHandler):
    def __init__(self) -> None:
        self.told: list[str] = []
        self.tokens: list[str] = []

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        self.told.append(name)

    def on_llm_new_token(self, token: str, **_: Any) -> None:
        self.tokens.append(token)


@pytest.mark.parametrize("form", FORMS)
def test_a_callback_hears_of_progress_in_every_form(
    server: OpenAIServer, vote: ChatAvengers, form: str
) -> None:
    server.serve("alpha", "13")
    listener = Listener()
    call(vote, form, {"callbacks": [listener]})
    assert listener.told.count("avengers_sample_finished") == 3
    assert "".join(listener.tokens) == ("13" if "stream" in form else "")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_progress_reaches_the_custom_stream_of_a_surrounding_graph(
    server: OpenAIServer, vote: ChatAvengers, asynchronous: bool
) -> None:
    server.serve("alpha", "13")
    builder = StateGraph(MessagesState)
    if asynchronous:

        async def answer(state: MessagesState) -> dict[str, Any]:
            return {"messages": [await vote.ainvoke(state["messages"])]}
    else:

        def answer(state: MessagesState) -> dict[str, Any]:
            return {"messages": [vote.invoke(state["messages"])]}

    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    graph = builder.compile()
    asked = {"messages": [("user", SUM)]}

    async def collect() -> list[Any]:
        return [item async for item in graph.astream(asked, stream_mode=["custom", "messages"])]

    items = (
        asyncio.run(collect())
        if asynchronous
        else list(graph.stream(asked, stream_mode=["custom", "messages"]))
    )
    told = [value for mode, value in items if mode == "custom"]
    assert [e["type"] for e in told].count("avengers_sample_finished") == 3
    spoken = [value[0] for mode, value in items if mode == "messages"]
    assert added(spoken).text == "13", "the answer once, and nothing of the experts"
    assert len({chunk.id for chunk in spoken}) == 1


def test_leaving_a_stream_ends_its_call(server: OpenAIServer, direct: ChatAvengers) -> None:
    server.serve("alpha", SLOW)
    began = time.monotonic()
    for chunk in direct.stream(SUM):
        if chunk.text:
            break
    server.wait_for(lambda: server.requests[0].disconnected, seconds=3)
    assert time.monotonic() - began < 5


async def test_leaving_an_asynchronous_stream_ends_its_call(
    server: OpenAIServer, direct: ChatAvengers
) -> None:
    server.serve("alpha", SLOW)
    stream = direct.astream(SUM)
    async for chunk in stream:
        if chunk.text:
            break
    await stream.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left to end by itself"
    await asyncio.to_thread(server.wait_for, lambda: server.requests[0].disconnected, seconds=3)


@pytest.mark.parametrize("form", ["ainvoke", "astream"])
async def test_cancelling_a_vote_ends_every_call(
    server: OpenAIServer, vote: ChatAvengers, form: str
) -> None:
    server.serve("alpha", Reply("13", delay=20))

    async def drain() -> None:
        async for _ in vote.astream(SUM):
            pass

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(vote.ainvoke(SUM) if form == "ainvoke" else drain(), timeout=0.7)
    assert len(server.requests) == 3
    await asyncio.to_thread(
        server.wait_for, lambda: all(r.disconnected for r in server.requests), seconds=3
    )


def test_a_stream_left_in_the_middle_of_a_vote_ends_every_call(
    server: OpenAIServer, vote: ChatAvengers
) -> None:
    """A reader that raises where a sample lands: the others are called off."""
    server.serve("alpha", "13", Reply("13", delay=20))

    class Leaving(BaseCallbackHandler):
        raise_error = True

        def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
            if name == "avengers_sample_finished":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(vote.stream(SUM, {"callbacks": [Leaving()]}))
    server.wait_for(lambda: sum(r.disconnected for r in server.requests) == 2, seconds=3)


async def test_events_of_an_agent_hold_each_token_once(
    server: OpenAIServer, llm_of: Models
) -> None:
    """Apps join the chunks of every ``on_chat_model_stream``: the experts' must not be there."""
    server.serve("alpha", "It is 13.")
    agent: Any = create_agent(llm_of(experts=("alpha",), strategy="direct"), tools=[])
    asked = {"messages": [("user", SUM)]}
    seen = [event async for event in agent.astream_events(asked, version="v2")]
    streamed = [e["data"]["chunk"].text for e in seen if e["event"] == "on_chat_model_stream"]
    assert "".join(streamed) == "It is 13."
    assert sum(event["event"] == "on_chat_model_start" for event in seen) == 1
    told = {event["name"] for event in seen if event["event"] == "on_custom_event"}
    assert told == {"avengers_sample_started", "avengers_sample_finished"}


@pytest.mark.parametrize("asynchronous", [False, True])
def test_streaming_may_be_switched_off(
    server: OpenAIServer, llm_of: Models, asynchronous: bool
) -> None:
    server.serve("alpha", "It is 13.")
    llm = llm_of(experts=("alpha",), strategy="direct", disable_streaming=True)

    async def collect() -> list[str]:
        return [chunk.text async for chunk in llm.astream(SUM)]

    texts = asyncio.run(collect()) if asynchronous else [c.text for c in llm.stream(SUM)]
    assert texts == ["It is 13."]
    assert not server.requests[0].body.get("stream")


def test_streaming_true_streams_inside_invoke(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "It is 13.")
    listener = Listener()
    llm = llm_of(experts=("alpha",), strategy="direct", streaming=True)
    assert llm.invoke(SUM, {"callbacks": [listener]}).text == "It is 13."
    assert listener.tokens == ["It ", "is ", "13.", ""]
    assert server.requests[0].body["stream"] is True


def test_an_avengers_can_be_an_expert_of_another(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "It is 13.")
    inner = llm_of(experts=("alpha",), samples=2, early_stop=False)
    outer = llm_of(experts=(Expert(name="beta", llm=inner),), samples=2, early_stop=False)
    assert outer.invoke(SUM).text == "It is 13."
    assert "".join(chunk.text for chunk in outer.stream(SUM, samples=1)) == "It is 13."
