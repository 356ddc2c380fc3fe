"""The chunks a chat model streams: tokens as an expert writes them, or the answer at the end."""

import json
import re
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessageChunk
from langchain_core.messages.content import ContentBlock
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from avengers_graph.chat_model.reasoning import WithoutReasoning
from avengers_graph.experts.wire import mended, whole_arguments

_PIECE = re.compile(r"\S+\s*|\s+")


class AnswerChunk(AIMessageChunk):
    """A piece of the answer; added up to its end, a call that was cut off is an invalid one.

    ``AIMessageChunk`` completes the arguments of a call by a guess. While the answer comes, a
    guess shows how far it is; at the end an agent would carry the guess out.
    """

    @property
    def content_blocks(self) -> list[ContentBlock]:
        """As LangChain has them; pieces of calls add up to blocks of their own beside the text."""
        blocks = super().content_blocks
        for block in blocks:
            if block["type"] == "tool_call_chunk" and isinstance(block.get("index"), int):
                # The first text and the first call would be one block, both of them at 0.
                block["index"] = f"lc_tc_{block['index']}"
        return blocks

    def __add__(self, other: Any) -> BaseMessageChunk:  # type: ignore[override]
        """The sum as LangChain has it, a plain ``AIMessageChunk`` once it is complete."""
        whole: BaseMessageChunk = super().__add__(other)
        if not isinstance(whole, AnswerChunk) or whole.chunk_position != "last":
            return whole
        return _ended(whole)


def _ended(whole: AnswerChunk) -> AIMessageChunk:
    calls = whole.tool_call_chunks
    # No text at all is a call without arguments.
    cut = [call for call in calls if call["args"] and whole_arguments(call["args"]) is None]
    ended = AIMessageChunk.model_construct(_fields_set=whole.model_fields_set, **dict(whole))
    ended.tool_calls = mended(whole.tool_calls)
    if not cut:
        return ended
    identities = {call["id"] for call in cut}
    ended.tool_calls = [call for call in ended.tool_calls if call["id"] not in identities]
    ended.invalid_tool_calls = [
        {
            "type": "invalid_tool_call",
            "name": call["name"],
            "args": call["args"],
            "id": call["id"],
            "error": None,
        }
        for call in cut
    ]
    if isinstance(whole.content, list):
        invalid = {call["id"]: dict(call) for call in ended.invalid_tool_calls}
        ended.content = [
            invalid.get(block.get("id"), block) if isinstance(block, dict) else block
            for block in whole.content
        ]
    return ended


class TokenChunks:
    """Chunks of what an expert is just writing, one at a time."""

    def __init__(self) -> None:
        self._text = WithoutReasoning()
        self._shown_thought = self._shown_text = self._shown_calls = False
        """Whether reasoning, text and calls have been passed on."""

    def of(self, piece: AIMessageChunk) -> Iterator[ChatGenerationChunk]:
        """What can be shown of a piece; the usage comes with the last chunk of the answer."""
        text = self._text.of(str(piece.text))
        thought = piece.additional_kwargs.get("reasoning_content")
        if thought is None and text and not self._shown_thought:
            thought = self._text.left_out
        if thought:
            self._shown_thought = True
            yield _thought_chunk(thought)
        if text:
            self._shown_text = True
            yield _chunk(content=text)
        if piece.tool_call_chunks:
            self._shown_calls = True
            yield _chunk(content="", tool_call_chunks=piece.tool_call_chunks)

    def rest(self, answer: AIMessage) -> Iterator[ChatGenerationChunk]:
        """What is left to say of the answer: all of it where nothing was passed on."""
        beside = dict(answer.additional_kwargs)
        thought = beside.pop("reasoning_content", None)
        if thought and not self._shown_thought:
            yield _thought_chunk(thought)
        if not (self._shown_text or self._shown_calls):
            for piece in _PIECE.findall(answer.text):
                yield _chunk(content=piece)
        elif text := self._text.rest():
            yield _chunk(content=text)
        # What streamed as text may have turned out to be calls.
        if not self._shown_calls and (calls := _call_chunks(answer)):
            yield _chunk(content="", tool_call_chunks=calls)
        yield _chunk(
            content="",
            additional_kwargs=beside,
            usage_metadata=answer.usage_metadata,
            response_metadata=answer.response_metadata,
            chunk_position="last",
        )


def _chunk(*, content: str, **fields: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AnswerChunk(content=content, **fields), text=content)


def _thought_chunk(thought: str) -> ChatGenerationChunk:
    return _chunk(content="", additional_kwargs={"reasoning_content": thought})


def _call_chunks(answer: AIMessage) -> list[ToolCallChunk]:
    calls = [
        *((call["name"], json.dumps(call["args"]), call["id"]) for call in answer.tool_calls),
        *((call["name"], call["args"], call["id"]) for call in answer.invalid_tool_calls),
    ]
    return [
        tool_call_chunk(name=name, args=args, id=identity, index=index)
        for index, (name, args, identity) in enumerate(calls)
    ]
