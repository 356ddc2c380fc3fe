"""One call of the chat model: the graph's stream, read from synchronous or asynchronous code."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.graph.state import CompiledStateGraph

from avengers_graph.chat_model.chunks import TokenChunks
from avengers_graph.chat_model.traces import EVENT_PREFIX, Run, context_apart, surrounding_writer
from avengers_graph.decision import print_vote
from avengers_graph.experts.owned_loop import Bridge, in_own_task
from avengers_graph.settings.context import Context
from avengers_graph.types import RankedExpert

Graph = CompiledStateGraph[Any, Context, Any, Any]


@dataclass(slots=True, kw_only=True)
class Call:
    """A call; iterating over it carries it out, and gives the answer's chunks as they come.

    Where the settings do not ask for tokens there are no chunks, only the ``result`` at the end.
    Leaving the iteration early ends every request in flight.
    """

    graph: Graph
    messages: Sequence[BaseMessage]
    context: Context
    name: str
    """What the answer calls its model."""
    run: Run | None
    """Who hears of the progress; None for nobody."""
    manager: Any = None
    """The run manager that is told of tokens, where ``BaseChatModel`` leaves that to the model."""
    verbose: bool = False
    """Whether the vote is printed at the end."""
    answer: AIMessage = field(init=False)
    """There once the iteration has ended."""

    def __iter__(self) -> Generator[ChatGenerationChunk]:
        writer = surrounding_writer()
        with closing(iter(Bridge(self._items(), context=context_apart()))) as items:
            for item in items:
                if isinstance(item, ChatGenerationChunk):
                    if self.manager is not None:
                        self.manager.on_llm_new_token(item.text, chunk=item)
                    yield item
                    continue
                if self.run is not None:
                    self.run.tell(item)
                if writer is not None:
                    writer(item)

    def __aiter__(self) -> AsyncGenerator[ChatGenerationChunk]:
        chunks = self._chunks()
        if self.run is not None:
            self.run.calls.push_async_callback(chunks.aclose)
        return chunks

    async def _chunks(self) -> AsyncGenerator[ChatGenerationChunk]:
        writer = surrounding_writer()
        async with aclosing(in_own_task(self._items(), context=context_apart())) as items:
            async for item in items:
                if isinstance(item, ChatGenerationChunk):
                    if self.manager is not None:
                        await self.manager.on_llm_new_token(item.text, chunk=item)
                    yield item
                    continue
                if self.run is not None:
                    await self.run.atell(item)
                if writer is not None:
                    writer(item)

    def ranking(self) -> list[RankedExpert]:
        """Who would be asked: the graph run as far as that is known."""
        state = context_apart().run(
            self.graph.invoke,
            {"messages": _each_by_itself(self.messages)},
            context=self.context,
            interrupt_before=["sample"],
            output_keys=["experts"],
        )
        return list(state["experts"])

    async def _items(self) -> AsyncIterator[ChatGenerationChunk | dict[str, Any]]:
        """The one stream: chunks of the answer, and events of the engine on the way to it."""
        tokens = TokenChunks()
        state: dict[str, Any] = {}
        stream: AsyncIterator[Any] = self.graph.astream(
            {"messages": _each_by_itself(self.messages)},
            {"callbacks": None if self.run is None else self.run.child_manager()},
            context=self.context,
            stream_mode=["custom", "values"],
        )
        async for mode, value in stream:
            if mode == "values":
                state = value
            elif value["type"] != "sample_token":
                yield {**value, "type": EVENT_PREFIX + value["type"]}
            else:
                for chunk in tokens.of(value["chunk"]):
                    yield chunk
        self.answer = self._named(state["messages"][-1])
        if self.context.stream_tokens:
            for chunk in tokens.rest(self.answer):
                yield chunk
        if self.verbose:
            print_vote(self.answer)

    def _named(self, answer: AIMessage) -> AIMessage:
        """The answer under the name its caller gave the model."""
        metadata = {**answer.response_metadata, "model_name": self.name}
        return answer.model_copy(update={"id": None, "response_metadata": metadata})

    def result(self) -> ChatResult:
        """The answer in one piece; LangChain copies ``llm_output`` to its metadata."""
        output = {"token_usage": _token_usage(self.answer), "model_name": self.name}
        return ChatResult(generations=[ChatGeneration(message=self.answer)], llm_output=output)


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


def _token_usage(message: AIMessage) -> dict[str, int]:
    """The usage under the names that OpenAI's API has for it."""
    usage = message.usage_metadata
    if usage is None:
        return {}
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }
