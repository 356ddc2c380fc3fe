"""Chat model objects of any package as experts, asked in every way."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableBinding, RunnableLambda
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field

from avengers_graph import ChatAvengers, ClusterIndex, Expert, ExpertPool
from tests.calibrated import SUM, WordEmbeddings
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration
Models = Callable[..., ChatAvengers]
THINKING = {"type": "thinking", "thinking": "six", "signature": "signed"}


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Whole(BaseChatModel):
    """A model that knows neither streams nor async, and answers in blocks as Anthropic does."""

    seen: list[list[BaseMessage]] = Field(default_factory=list)
    choices: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "whole"

    def bind_tools(self, tools: Any, *, tool_choice: str | None = None, **kwargs: Any) -> Any:
        self.choices.append(tool_choice)
        return self.bind(tools=tools, **kwargs)

    def answer(self, messages: list[BaseMessage], *, called: bool) -> AIMessage:
        self.seen.append(messages)
        usage = UsageMetadata(input_tokens=3, output_tokens=4, total_tokens=7)
        if not called or messages[-1].type == "tool":
            said: Any = [THINKING, {"type": "text", "text": "13"}]
            return AIMessage(
                said, usage_metadata=usage, response_metadata={"stop_reason": "end_turn"}
            )
        use = {"type": "tool_use", "id": "t1", "name": "add", "input": {"a": 6, "b": 7}}
        return AIMessage(
            [THINKING, use],
            tool_calls=[{"name": "add", "args": {"a": 6, "b": 7}, "id": "t1"}],
            usage_metadata=usage,
            response_metadata={"stop_reason": "tool_use"},
        )

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> ChatResult:
        message = self.answer(messages, called="tools" in kwargs)
        return ChatResult(generations=[ChatGeneration(message=message)])


class Streamed(Whole):
    """The same with a stream of its own, without async."""

    def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        whole = self.answer(messages, called="tools" in kwargs)
        for index, block in enumerate(whole.content):
            assert isinstance(block, dict)
            calls = []
            if block["type"] == "tool_use":
                calls = [tool_call_chunk(name="add", args='{"a": 6, "b": 7}', id="t1", index=index)]
            chunk = AIMessageChunk([{**block, "index": index}], tool_call_chunks=calls)
            yield ChatGenerationChunk(message=chunk)
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content=[],
                usage_metadata=whole.usage_metadata,
                response_metadata=whole.response_metadata,
            )
        )


@pytest.fixture
def avengers(small_index: ClusterIndex, pool_of: Callable[..., ExpertPool]) -> Models:
    def make(llm: BaseChatModel, *, fields: dict[str, Any] | None = None, **given: Any) -> Any:
        supports = frozenset({"tools", "json_schema", "json_mode", "system"})
        expert = Expert(name="alpha", llm=llm, supports=supports, retries=0, **(fields or {}))
        settings = {"samples": 3, "early_stop": False, **given}
        return ChatAvengers(
            pool=pool_of(expert), index=small_index, embeddings=WordEmbeddings(), **settings
        )

    return make


def invoked(llm: Any) -> Any:
    return llm.invoke(SUM)


def ainvoked(llm: Any) -> Any:
    return asyncio.run(llm.ainvoke(SUM))


def streamed(llm: Any) -> Any:
    chunks = list(llm.stream(SUM))
    return sum(chunks[1:], chunks[0])


WAYS: list[Any] = [
    ({}, {}, invoked),
    ({}, {}, ainvoked),
    ({}, {"stream_requests": True}, invoked),
    ({"strategy": "direct"}, {}, invoked),
    ({"strategy": "direct"}, {}, streamed),
    ({"strategy": "direct"}, {"stream_requests": True}, ainvoked),
]
each_way = pytest.mark.parametrize(("settings", "fields", "ask"), WAYS)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"streaming": True},
        {"disable_streaming": True},
        {"disable_streaming": "tool_calling"},
        {"streaming": True, "disable_streaming": True},
        {"output_version": "v1"},
        {"output_version": "v1", "streaming": True},
    ],
)
@each_way
def test_chat_openai_as_it_is_configured(
    server: OpenAIServer, avengers: Models, options: Any, settings: Any, fields: Any, ask: Any
) -> None:
    made: Any = ChatOpenAI
    llm = avengers(
        made(model="alpha", base_url=server.base_url, api_key="none", max_retries=0, **options),
        fields=fields,
        **settings,
    )
    server.serve("alpha", "<think>six</think>13")
    assert ask(llm).text == "13"
    if options.get("disable_streaming") is True and not options.get("streaming"):
        assert not any(received.body.get("stream") for received in server.requests)
    server.serve("alpha", Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7}, id="c1")]))
    for choice in ({}, {"tool_choice": "add"}, {"tool_choice": "required"}):
        (call,) = ask(llm.bind_tools([add], **choice)).tool_calls
        assert (call["name"], call["args"]) == ("add", {"a": 6, "b": 7})


@pytest.mark.parametrize("kind", [Whole, Streamed])
@each_way
def test_a_model_of_another_package(
    avengers: Models, kind: type[Whole], settings: Any, fields: Any, ask: Any
) -> None:
    llm = avengers(kind(), fields=fields, **settings)
    answer = ask(llm)
    calls = answer.response_metadata["avengers"]["calls"]
    assert (answer.text, answer.content) == ("13", "13")
    assert answer.additional_kwargs["reasoning_content"] == "six"
    assert answer.response_metadata["finish_reason"] == "end_turn"
    assert answer.usage_metadata["total_tokens"] == 7 * calls
    answer = ask(llm.bind_tools([add]))
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("add", {"a": 6, "b": 7})]


@pytest.mark.parametrize("kind", [Whole, Streamed])
@pytest.mark.parametrize("fields", [{}, {"stream_requests": True}])
def test_what_a_model_signed_comes_back_to_it(
    avengers: Models, kind: type[Whole], fields: dict[str, Any]
) -> None:
    given = kind()
    agent = create_agent(avengers(given, fields=fields), tools=[add])
    assert agent.invoke({"messages": [("user", SUM)]})["messages"][-1].text == "13"
    (turn,) = [m for m in given.seen[-1] if isinstance(m, AIMessage)]
    blocks: Any = turn.content
    assert [block["type"] for block in blocks] == ["thinking", "tool_use"]
    assert blocks[0]["signature"] == "signed"
    assert [call["id"] for call in turn.tool_calls] == ["t1"]


@pytest.mark.parametrize(
    ("given", "taken"), [(None, None), ("auto", "auto"), ("required", "any"), ("add", "add")]
)
def test_the_choice_of_a_tool_is_told_as_langchain_does(
    avengers: Models, given: str | None, taken: str | None
) -> None:
    model = Whole()
    choice = {} if given is None else {"tool_choice": given}
    avengers(model, strategy="direct").bind_tools([add], **choice).invoke(SUM)
    assert model.choices == [taken]


def test_no_tools_where_none_may_be_called(avengers: Models) -> None:
    model = Whole()
    llm = avengers(model, strategy="direct").bind_tools([add], tool_choice="none")
    assert (llm.invoke(SUM).text, model.choices) == ("13", [])


class Sum(BaseModel):
    """A sum."""

    total: int


@pytest.mark.parametrize("streaming", [False, True])
def test_an_answer_cut_at_its_limit_is_one_sample_of_structured_output(
    server: OpenAIServer, avengers: Models, streaming: bool
) -> None:
    """ChatOpenAI raises where it parses a part of an answer."""
    server.serve("alpha", Reply('{"tot', finish_reason="length"), '{"total": 13}')
    made: Any = ChatOpenAI
    given = made(model="alpha", base_url=server.base_url, api_key="none", streaming=streaming)
    llm = avengers(given, fields={"max_concurrency": 1})
    assert llm.with_structured_output(Sum, method="json_schema").invoke(SUM) == Sum(total=13)


def test_a_model_without_a_reason_answers_whole(avengers: Models) -> None:
    given = GenericFakeChatModel(messages=iter([AIMessage("13")] * 3))
    answer = avengers(given).invoke(SUM)
    assert answer.text == "13"
    assert answer.response_metadata["finish_reason"] is None


class Bound(Whole):
    """A model that binds tools in a way of its own."""

    way: str = "kwargs"
    tools: Any = None

    def bind_tools(self, tools: Any, *, tool_choice: str | None = None, **kwargs: Any) -> Any:
        match self.way:
            case "a copy":
                return self.model_copy(update={"tools": tools})
            case "bound twice":
                return RunnableBinding(bound=self.bind(tools=tools), kwargs={})
            case "with retries":
                return self.bind(tools=tools).with_retry()
            case _:
                return self.bind(tools=tools) | RunnableLambda(lambda answer: answer)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        called = bool(kwargs.get("tools") or self.tools)
        message = self.answer(messages, called=called)
        return ChatResult(generations=[ChatGeneration(message=message)])


@pytest.mark.parametrize("way", ["a copy", "bound twice", "with retries"])
def test_tools_are_bound_however_a_model_binds_them(avengers: Models, way: str) -> None:
    answer = avengers(Bound(way=way), strategy="direct").bind_tools([add]).invoke(SUM)
    assert [call["name"] for call in answer.tool_calls] == ["add"]


def test_tools_that_cannot_be_bound_are_told_and_not_dropped(avengers: Models) -> None:
    with pytest.raises(RuntimeError, match="bind_tools of Bound gives a RunnableSequence"):
        avengers(Bound(way="a chain"), strategy="direct").bind_tools([add]).invoke(SUM)


class Strict(Whole):
    """A model that knows no temperature, as a client whose function has no such parameter."""

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        if "temperature" in kwargs:
            raise TypeError("chat() got an unexpected keyword argument 'temperature'")
        return ChatResult(generations=[ChatGeneration(message=AIMessage("13"))])


def test_every_request_in_flight_goes_out_again_as_the_object_takes_it(avengers: Models) -> None:
    answer = avengers(Strict(), samples=4, early_stop=False).invoke(SUM)
    assert answer.response_metadata["avengers"]["tally"][0]["votes"] == 4
