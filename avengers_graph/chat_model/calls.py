"""One call of the chat model, carried out by the graph."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langgraph.graph.state import CompiledStateGraph

from avengers_graph.chat_model.chunks import Telling
from avengers_graph.chat_model.isolation import outside_astream, outside_stream
from avengers_graph.chat_model.runs import Run, as_custom_event, surrounding_writer
from avengers_graph.chat_model.structured import Parse, json_schema_format, sample_parser
from avengers_graph.chat_model.tools import openai_tool_choice, openai_tools
from avengers_graph.context import Context

_LANGCHAINS_OWN = ("stream", "ls_structured_output_format", "structured_output_format")
"""Keywords that ``BaseChatModel`` reads itself and hands on all the same."""

Graph = CompiledStateGraph[Any, Context, Any, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What a call runs with."""

    messages: Sequence[BaseMessage]
    context: Context
    name: str
    """What the answer calls its model."""
    run: Run | None
    """Who hears of it; None for nobody."""


def told_apart(
    given: Mapping[str, Any],
) -> tuple[str | None, Parse | None, dict[str, Any]]:
    """A call's keywords as the model's name, how samples are read as data, and all others.

    The schema of the answer is that of the one tool which must be called, or else of the text;
    beside other tools it is only the text that is read.
    """
    rest = {name: value for name, value in given.items() if name not in _LANGCHAINS_OWN}
    name = rest.pop("model", None) or rest.pop("model_name", None)
    schema = rest.pop("response_schema", None)
    if not rest.get("tools", True):
        # Servers refuse an empty list.
        del rest["tools"]
        rest.pop("tool_choice", None)
    if isinstance(rest.get("tools"), Sequence) and not isinstance(rest["tools"], str):
        rest["tools"] = openai_tools(rest["tools"])
        if rest.get("tool_choice") is not None:
            rest["tool_choice"] = openai_tool_choice(rest["tool_choice"], rest["tools"])
    if isinstance(rest.get("response_format"), type):
        schema = schema or rest["response_format"]
        rest["response_format"] = json_schema_format(rest["response_format"])
    if schema is None:
        return name, None, rest
    called = "response_format" not in rest
    if called or not rest.get("tools"):
        rest.setdefault("answer_kind", "json")
    return name, sample_parser(schema, called=called), rest


def result(graph: Graph, call: Call) -> ChatResult:
    """The answer in one piece."""
    told = Telling(call.name)
    with closing(_items(graph, call, told)) as items:
        for _ in items:
            pass
    return told.result()


async def aresult(graph: Graph, call: Call) -> ChatResult:
    """As ``result``, without blocking the caller's loop."""
    told = Telling(call.name)
    async with aclosing(_aitems(graph, call, told)) as items:
        async for _ in items:
            pass
    return told.result()


def chunks(graph: Graph, call: Call) -> Iterator[ChatGenerationChunk]:
    """The answer as it comes; closing this ends every call in flight."""
    told = Telling(call.name)
    with closing(_items(graph, call, told)) as items:
        for item in items:
            yield from told.tokens(item)
    yield from told.at_the_end()


async def achunks(graph: Graph, call: Call) -> AsyncGenerator[ChatGenerationChunk]:
    """As ``chunks``, without blocking the caller's loop."""
    told = Telling(call.name)
    async with aclosing(_aitems(graph, call, told)) as items:
        async for item in items:
            for chunk in told.tokens(item):
                yield chunk
    for chunk in told.at_the_end():
        yield chunk


def _items(graph: Graph, call: Call, told: Telling) -> Generator[Any]:
    """What the graph streams, progress passed on to whoever listens."""
    run, writer = call.run, surrounding_writer()
    with closing(outside_stream(_started(graph, call))) as items:
        for item in items:
            event = told.progress(item)
            if event is not None:
                name, data = as_custom_event(event)
                if run is not None:
                    run.tell(name, data)
                if writer is not None:
                    writer(data)
            yield item


async def _aitems(graph: Graph, call: Call, told: Telling) -> AsyncGenerator[Any]:
    run, writer = call.run, surrounding_writer()
    async with aclosing(outside_astream(_started(graph, call))) as items:
        async for item in items:
            event = told.progress(item)
            if event is not None:
                name, data = as_custom_event(event)
                if run is not None:
                    await run.atell(name, data)
                if writer is not None:
                    writer(data)
            yield item


def _each_by_itself(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The conversation with an id of its own for every message, the caller's left as they are.

    The graph's state keeps messages by id: a turn that comes twice, as one object or from a
    cache, would take the place of the first.
    """
    seen: set[str] = set()
    found: list[BaseMessage] = []
    for message in messages:
        apart = message
        if message.id is None or message.id in seen:
            apart = message.model_copy(update={"id": str(uuid4())})
        seen.add(str(apart.id))
        found.append(apart)
    return found


def _started(graph: Graph, call: Call) -> AsyncIterator[Any]:
    """The graph's stream; nothing runs until it is read."""
    return graph.astream(
        {"messages": _each_by_itself(call.messages)},
        {"callbacks": None if call.run is None else call.run.child_manager()},
        context=call.context,
        stream_mode=["custom", "values"],
    )
