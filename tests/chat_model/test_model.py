"""``ChatAvengers`` called as any chat model is, over a real HTTP server."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from avengers_graph.chat_model import ChatAvengers
from avengers_graph.errors import AllExpertsFailedError, ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.routing import ClusterIndex
from avengers_graph.settings.context import Context
from tests.calibrated import CAPITAL, EXPERTS, SUM, WordEmbeddings
from tests.keyboard import press_ctrl_c
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Models = Callable[..., ChatAvengers]


@pytest.fixture
def model_of(
    server: OpenAIServer, small_index: ClusterIndex, pool_of: Callable[..., ExpertPool]
) -> Models:
    """Makes chat models over three models of the server, each saying its name and 13."""
    for name in EXPERTS:
        server.serve(name, f"{name} says 13")

    def make(*, fields: dict[str, Any] | None = None, **given: Any) -> ChatAvengers:
        pool = pool_of(*EXPERTS, **(fields or {}))
        settings = {"samples": 3, **given}
        return ChatAvengers(pool=pool, index=small_index, embeddings=WordEmbeddings(), **settings)

    return make


def details(message: Any) -> dict[str, Any]:
    return dict(message.response_metadata["avengers"])


def test_invoke(server: OpenAIServer, model_of: Models) -> None:
    message = model_of().invoke(SUM)
    assert isinstance(message, AIMessage)
    assert message.content == "alpha says 13"
    assert details(message)["answer"] == "13"
    assert message.response_metadata["model_name"] == "avengers"
    assert {r.model for r in server.requests} == {"alpha"}


def test_ainvoke(model_of: Models) -> None:
    model = model_of()
    for _ in range(2):
        message = asyncio.run(model.ainvoke(CAPITAL))
        assert message.content == "beta says 13"


def test_batch(server: OpenAIServer, model_of: Models) -> None:
    answers = model_of(strategy="direct").batch([SUM, CAPITAL, SUM])
    assert [m.content for m in answers] == ["alpha says 13", "beta says 13", "alpha says 13"]
    assert len(server.requests) == 3


def test_one_sample_streams_straight_through(server: OpenAIServer, model_of: Models) -> None:
    server.serve("alpha", Reply("one two three", gap=0.02))
    chunks = list(model_of(strategy="direct").stream(SUM))
    assert [c.text for c in chunks if c.text] == ["one ", "two ", "three"]
    assert chunks[-1].chunk_position == "last"
    assert len([c for c in chunks if c.usage_metadata]) == 1
    assert server.requests[0].body["stream"] is True


def test_a_vote_streams_the_winner(server: OpenAIServer, model_of: Models) -> None:
    async def listen() -> list[AIMessageChunk]:
        return [chunk async for chunk in model_of().astream(SUM)]

    chunks = asyncio.run(listen())
    assert "".join(c.text for c in chunks) == "alpha says 13"
    assert [c for c in chunks if c.usage_metadata] == [chunks[-1]]
    assert details(chunks[-1])["answer"] == "13"


@pytest.mark.parametrize("streaming", [False, True])
def test_usage_is_counted_once(server: OpenAIServer, model_of: Models, streaming: bool) -> None:
    model = model_of(defaults=Context(early_stop=False))
    with get_usage_metadata_callback() as counter:
        if streaming:
            list(model.stream(SUM))
        else:
            model.invoke(SUM)
    assert list(counter.usage_metadata) == ["avengers"]
    usage = counter.usage_metadata["avengers"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (15, 12)


def test_a_call_overrides_the_model(server: OpenAIServer, model_of: Models) -> None:
    model = model_of(samples=5, temperature=0.1, stop=["x"])
    bound = model.bind(samples=2, temperature=0.4, max_tokens=9, early_stop=False, seed=1)
    bound.invoke(SUM, stop=["y"])
    assert len(server.requests) == 2
    body = server.requests[0].body
    assert (body["temperature"], body["stop"], body["seed"]) == (0.4, ["y"], 1)
    assert body["max_tokens"] == 9


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"smaples": 3}, "unknown parameter 'smaples'"),
        ({"samples": 0}, "samples"),
        ({"min_confidence": 0.5}, "a chat model cannot pause"),
        ({"force_experts": ["delta"]}, "unknown expert 'delta'"),
        ({"n": 2}, "unknown parameter 'n'"),
        ({"strategy": "guess"}, "unknown strategy 'guess'"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "does not support tools"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    server: OpenAIServer, model_of: Models, given: dict[str, Any], words: str
) -> None:
    model = model_of()
    with pytest.raises(ConfigError, match=words):
        model.invoke(SUM, **given)
    with pytest.raises(ConfigError, match=words):
        list(model.stream(SUM, **given))
    assert server.requests == []


def test_an_unknown_constructor_parameter_is_refused(model_of: Models) -> None:
    with pytest.raises(ValueError, match="temprature"):
        model_of(temprature=0.5)


def test_it_is_called_synchronously_inside_a_running_loop(model_of: Models) -> None:
    model = model_of()

    async def cell() -> tuple[str, str]:
        return model.invoke(SUM).text, "".join(c.text for c in model.stream(SUM))

    assert asyncio.run(cell()) == ("alpha says 13", "alpha says 13")


def test_aborting_a_stream_cancels_every_call(server: OpenAIServer, model_of: Models) -> None:
    server.serve("alpha", Reply("word " * 2000, gap=0.05))
    chunks: Iterator[Any] = model_of(strategy="direct").stream(SUM)
    while not next(chunks).text:
        pass
    chunks.close()  # type: ignore[attr-defined]
    server.wait_for(lambda: server.requests[0].disconnected, seconds=10)


def test_aborting_an_asynchronous_stream_cancels_every_call(
    server: OpenAIServer, model_of: Models
) -> None:
    server.serve("alpha", Reply("late", delay=60))
    model = model_of()

    async def give_up() -> None:
        async def read() -> list[Any]:
            return [chunk async for chunk in model.astream(SUM)]

        reading = asyncio.create_task(read())
        await asyncio.to_thread(server.wait_for, lambda: len(server.requests) == 3)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(give_up())
    server.wait_for(lambda: all(r.disconnected for r in server.requests))


def test_ctrl_c_hangs_up(server: OpenAIServer, model_of: Models) -> None:
    model = model_of()
    for call in (model.invoke, lambda question: list(model.stream(question))):
        server.reset()
        server.serve("alpha", Reply("late", delay=60))

        def interrupt() -> None:
            server.wait_for(lambda: len(server.requests) == 3)
            press_ctrl_c()

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            call(SUM)
        server.wait_for(lambda: all(r.disconnected for r in server.requests), seconds=10)


def test_when_nobody_answers(server: OpenAIServer, model_of: Models) -> None:
    model = model_of()
    for name in EXPERTS:
        server.serve(name, Fault(400))
    for call in (model.invoke, lambda question: list(model.stream(question))):
        with pytest.raises(AllExpertsFailedError, match=r"alpha: .*; gamma: .*; beta: "):
            call(SUM)


def test_fallbacks_and_retries_work(server: OpenAIServer, model_of: Models) -> None:
    failing = model_of(defaults=Context(force_experts=["beta"]))
    working = model_of()
    server.serve("beta", Fault(400), Fault(400), Fault(400), "beta says 12")
    assert failing.with_fallbacks([working]).invoke(SUM).content == "alpha says 13"
    retrying = failing.with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    assert retrying.invoke(SUM, samples=1).content == "beta says 12"


def test_it_stands_in_a_chain(model_of: Models) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{q}")])
    chain = prompt | model_of() | StrOutputParser()
    assert chain.invoke({"q": SUM}) == "alpha says 13"


def test_it_stands_in_a_graph_with_a_checkpointer(server: OpenAIServer, model_of: Models) -> None:
    model = model_of(defaults=Context(early_stop=False))

    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    async def aanswer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    for node in (answer, aanswer):
        builder = StateGraph(MessagesState)
        builder.add_node("answer", node)
        builder.add_edge(START, "answer")
        saver = InMemorySaver()
        app = builder.compile(checkpointer=saver)
        thread: Any = {"configurable": {"thread_id": "1"}}
        for turn in range(3):
            given: Any = {"messages": [HumanMessage(SUM)]}
            if node is answer:
                result = app.invoke(given, thread)
            else:
                result = asyncio.run(app.ainvoke(given, thread))
            assert details(result["messages"][-1])["calls"] == 3
            assert len(result["messages"]) == 2 * (turn + 1)
        namespaces = {c.config["configurable"]["checkpoint_ns"] for c in saver.list(None)}
        assert namespaces == {""}, "the inner graph saves nothing of its own"


def test_a_graph_around_it_streams_only_the_answer(model_of: Models) -> None:
    """Under ``stream_mode="messages"`` the samples' own texts stay inside."""
    model = model_of()

    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    given: Any = {"messages": [HumanMessage(SUM)]}
    streamed: Any = builder.compile().stream(given, stream_mode="messages")
    text = "".join(message.text for message, _ in streamed)
    assert text == "alpha says 13"


def test_traces_nest(model_of: Models) -> None:
    for invoke in (ChatAvengers.invoke, lambda m, *a, **k: asyncio.run(m.ainvoke(*a, **k))):
        collector = RunCollectorCallbackHandler()
        invoke(model_of(strategy="direct"), SUM, config={"callbacks": [collector]})
        [root] = collector.traced_runs
        assert [run.name for run in _below(root) if run.run_type == "llm"] == ["alpha"]


def _below(run: Any) -> list[Any]:
    return [one for child in run.child_runs for one in (child, *_below(child))]


def test_the_deadline_of_a_model_is_its_timeout(server: OpenAIServer, model_of: Models) -> None:
    model = model_of(timeout=0.2)
    for name in EXPERTS:
        server.serve(name, Reply("late", delay=60))
    began = time.monotonic()
    with pytest.raises(AllExpertsFailedError, match=r"deadline of 0\.2 s"):
        model.invoke(SUM)
    assert time.monotonic() - began < 30
