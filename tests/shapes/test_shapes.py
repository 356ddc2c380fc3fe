"""Every shape in every way to ask: vote, direct, streams of both, structured output.

The rows are in ``texts``, ``calls`` and ``errors``. Each way is asked synchronously and
asynchronously, over HTTP, and ``ChatOpenAI`` beside it: where that answers, ours answers.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from avengers_graph import ChatAvengers, ClusterIndex, Expert, ExpertPool
from tests.calibrated import SUM as QUESTION
from tests.calibrated import WordEmbeddings
from tests.servers.openai_server import OpenAIServer
from tests.shapes.calls import CALLS
from tests.shapes.errors import ERRORS
from tests.shapes.shape import Shape
from tests.shapes.texts import TEXTS

pytestmark = pytest.mark.integration

Ask = Callable[[Any], Any]


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Total(BaseModel):
    """A sum."""

    total: int


class Add(BaseModel):
    """Add two numbers."""

    a: int
    b: int


def invoked(llm: Any) -> Any:
    return llm.invoke(QUESTION)


def ainvoked(llm: Any) -> Any:
    return asyncio.run(llm.ainvoke(QUESTION))


def streamed(llm: Any) -> Any:
    whole: Any = None
    for chunk in llm.stream(QUESTION):
        whole = chunk if whole is None else whole + chunk
    return whole


def astreamed(llm: Any) -> Any:
    async def whole() -> Any:
        found: Any = None
        async for chunk in llm.astream(QUESTION):
            found = chunk if found is None else found + chunk
        return found

    return asyncio.run(whole())


VOTE = {"samples": 3, "early_stop": False, "batching": "never"}
DIRECT = {"strategy": "direct"}
STREAMS = {"stream_requests": True}
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "vote": (VOTE, {}),
    "vote by stream": (VOTE, STREAMS),
    "direct": (DIRECT, {}),
}
"""What the chat model is made with, and what its expert has besides."""
WAYS: dict[str, tuple[str, Ask]] = {
    "vote": ("vote", invoked),
    "vote, async": ("vote", ainvoked),
    "vote by stream": ("vote by stream", invoked),
    "vote by stream, async": ("vote by stream", ainvoked),
    "direct": ("direct", invoked),
    "direct, async": ("direct", ainvoked),
    "direct stream": ("direct", streamed),
    "direct stream, async": ("direct", astreamed),
}
each_way = pytest.mark.parametrize("way", WAYS)
once_each = pytest.mark.parametrize("way", ["vote", "vote by stream, async", "direct, async"])
Model = Callable[[str], tuple[ChatAvengers, Ask]]


@pytest.fixture(scope="module")
def models(running_server: OpenAIServer, small_index: ClusterIndex) -> Iterator[dict[str, Any]]:
    """A chat model in each form, over one expert of the server."""
    supports = frozenset({"tools", "json_schema", "json_mode", "system"})
    shared: Any = {"base_url": running_server.base_url, "supports": supports, "retries": 0}
    pools = {
        form: ExpertPool([Expert(name="alpha", **shared, **fields)])
        for form, (_, fields) in FORMS.items()
    }
    yield {
        form: ChatAvengers(
            pool=pools[form], index=small_index, embeddings=WordEmbeddings(), **settings
        )
        for form, (settings, _) in FORMS.items()
    }
    for pool in pools.values():
        pool.close()


@pytest.fixture
def model(models: dict[str, Any], server: OpenAIServer) -> Model:
    """The chat model of a way, and how it is asked."""
    return lambda way: (models[WAYS[way][0]], WAYS[way][1])


@pytest.mark.parametrize("shape", TEXTS, ids=str)
@each_way
def test_texts(server: OpenAIServer, model: Model, shape: Shape, way: str) -> None:
    server.serve("alpha", shape.answer)
    llm, ask = model(way)
    answer = ask(llm)
    assert answer.text == shape.text
    assert answer.additional_kwargs.get("reasoning_content") == shape.reasoning
    assert answer.response_metadata["finish_reason"] == shape.reason
    details = answer.response_metadata["avengers"]
    assert details["usage_estimated"] == (shape.tokens is None)
    if shape.tokens is not None:
        assert answer.usage_metadata["total_tokens"] == shape.tokens * details["calls"]


@pytest.mark.parametrize("shape", CALLS, ids=str)
@each_way
def test_calls(server: OpenAIServer, model: Model, shape: Shape, way: str) -> None:
    server.serve("alpha", shape.answer)
    llm, ask = model(way)
    answer = ask(llm.bind_tools([add]))
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == list(shape.calls)
    assert len(answer.invalid_tool_calls) == shape.invalid
    assert answer.response_metadata["finish_reason"] == shape.reason
    made = [*answer.tool_calls, *answer.invalid_tool_calls]
    assert len({call["id"] for call in made} - {None, ""}) == len(made)


@pytest.mark.parametrize("shape", ERRORS, ids=str)
@each_way
def test_errors(server: OpenAIServer, model: Model, shape: Shape, way: str) -> None:
    server.serve("alpha", shape.answer)
    llm, ask = model(way)
    assert shape.error is not None
    with pytest.raises(shape.error) as caught:
        ask(llm)
    assert shape.says in str(caught.value)
    assert ("check base_url" in str(caught.value)) == shape.check_url
    assert caught.value.is_retryable == shape.error.is_retryable


@once_each
@pytest.mark.parametrize("shape", TEXTS, ids=str)
def test_structured_texts(server: OpenAIServer, model: Model, shape: Shape, way: str) -> None:
    server.serve("alpha", shape.answer)
    llm, ask = model(way)
    assert ask(llm.with_structured_output(Total, method="json_schema")) == Total(total=13)


@once_each
@pytest.mark.parametrize("shape", CALLS, ids=str)
def test_structured_calls(server: OpenAIServer, model: Model, shape: Shape, way: str) -> None:
    class add(Add):  # noqa: N801 - the name of the tool that is called
        """Add two numbers."""

    server.serve("alpha", shape.answer)
    llm, ask = model(way)
    read = llm.with_structured_output(add, method="function_calling", include_raw=True)
    found = ask(read)["parsed"]
    assert (found and found.model_dump()) == (shape.calls[0][1] if shape.calls else None)


@pytest.mark.parametrize("ask", [invoked, streamed])
@pytest.mark.parametrize("shape", [*TEXTS, *CALLS], ids=str)
def test_where_chat_openai_answers_ours_is_expected_to(
    server: OpenAIServer, shape: Shape, ask: Ask
) -> None:
    """The rows are right where ChatOpenAI is: what they expect of ours is what it answers."""
    server.serve("alpha", shape.answer)
    llm: Any = ChatOpenAI(
        model="alpha", base_url=server.base_url, api_key=SecretStr("none"), max_retries=0
    )
    try:
        answer: AIMessage | AIMessageChunk = ask(llm.bind_tools([add]) if shape.calls else llm)
    except Exception:  # noqa: BLE001 - what it does not read is the reason for these rows
        return
    calls = [(call["name"], call["args"]) for call in getattr(answer, "tool_calls", ())]
    same = (str(answer.text), calls) == (shape.text, list(shape.calls))
    assert same or shape.differs
