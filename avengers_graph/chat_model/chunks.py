"""The chunks a chat model streams: tokens as an expert writes them, or the answer at the end."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessageChunk
from langchain_core.messages.content import ContentBlock
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from avengers_graph.chat_model.reasoning import WithoutReasoning

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
    cut = [call for call in whole.tool_call_chunks if not _is_whole(call["args"])]
    ended = AIMessageChunk.model_construct(_fields_set=whole.model_fields_set, **dict(whole))
    if not cut:
        return ended
    identities = {call["id"] for call in cut}
    ended.tool_calls = [call for call in whole.tool_calls if call["id"] not in identities]
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


def _is_whole(arguments: str | None) -> bool:
    """Whether a call's arguments are a JSON object to its end, or none at all."""
    try:
        return not arguments or isinstance(json.loads(arguments, strict=False), dict)
    except (ValueError, RecursionError):
        return False


class TokenChunks:
    """Chunks of what an expert is just writing, one at a time."""

    def __init__(self) -> None:
        self.begun = self.called = False
        """Whether anything was passed on so far, and whether a tool call was."""
        self._text = WithoutReasoning()
        self._ids: dict[int | None, str] = {}

    def of(self, heard: AIMessageChunk) -> Iterator[ChatGenerationChunk]:
        """What can be shown of a piece; the usage comes with the last chunk of the answer."""
        if text := self._text.of(str(heard.text)):
            self.begun = True
            yield _chunk(content=text)
        if heard.tool_call_chunks:
            self.begun = self.called = True
            calls = [_identified(call, self._ids) for call in heard.tool_call_chunks]
            yield _chunk(content="", tool_call_chunks=calls)

    def rest(self, answer: AIMessage) -> Iterator[ChatGenerationChunk]:
        """What is left to say of the answer: all of it where nothing was passed on."""
        if not self.begun:
            for piece in _PIECE.findall(answer.text):
                yield _chunk(content=piece)
        elif text := self._text.rest():
            yield _chunk(content=text)
        # What streamed as text may have turned out to be calls.
        if not self.called and (calls := _call_chunks(answer)):
            yield _chunk(content="", tool_call_chunks=calls)
        yield _chunk(
            content="",
            additional_kwargs=answer.additional_kwargs,
            usage_metadata=answer.usage_metadata,
            response_metadata=answer.response_metadata,
            chunk_position="last",
        )


def _chunk(*, content: str, **fields: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AnswerChunk(content=content, **fields), text=content)


def _identified(call: ToolCallChunk, ids: dict[int | None, str]) -> ToolCallChunk:
    """The piece of a tool call; the first one (it has the name) brings an id no other call has.

    Args:
        ids: those of the calls so far, by the index that tells the pieces of one from another's.
    """
    begun = call["index"] is not None and call["index"] in ids
    if begun or not call["name"]:
        # Some servers say the id with every piece.
        return {**call, "id": ids[call["index"]]} if begun and call["id"] else call
    taken = not call["id"] or call["id"] in ids.values()
    identity = f"call_{uuid4().hex}" if taken or call["id"] is None else call["id"]
    ids[call["index"]] = identity
    return {**call, "id": identity}


def _call_chunks(answer: AIMessage) -> list[ToolCallChunk]:
    calls = [
        *((call["name"], json.dumps(call["args"]), call["id"]) for call in answer.tool_calls),
        *((call["name"], call["args"], call["id"]) for call in answer.invalid_tool_calls),
    ]
    return [
        tool_call_chunk(name=name, args=args, id=identity, index=index)
        for index, (name, args, identity) in enumerate(calls)
    ]
