"""The chunks of a streamed answer, put right while they pass.

What comes out adds up to the answer that was meant: every call has an index and an id of its own
and its name once; the text is a string; usage, the finish reason and what else is said of the whole
answer come once, in a last chunk. ``as_message`` reads the sum.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from avengers_graph.experts.answers import finish_reason
from avengers_graph.experts.error_bodies import LostAnswerError
from avengers_graph.experts.wire import (
    EXTRAS,
    mended,
    own_id,
    read_calls,
    text_and_thought,
    whole_arguments,
)
from avengers_graph.voting.sample import was_broken_off

BROKEN_OFF = "broken_off"
"""Metadata of an answer whose stream ended without a reason."""
_STREAMED = ("reasoning_content", "refusal")
"""What comes beside the text in pieces that add up."""


async def put_right(
    chunks: AsyncGenerator[BaseMessage], *, counts_all: bool, says_why: bool
) -> AsyncGenerator[AIMessageChunk]:
    """The chunks of one answer so that they add up, and a last one with what is said of it all.

    Args:
        counts_all: usage is of the whole answer so far each time, and not of one chunk.
        says_why: a whole answer has a finish reason; one without it was broken off.

    Raises:
        LostAnswerError: the stream of such an answer ended before anything was said.
    """
    answer = _StreamedAnswer(counts_all=counts_all, says_why=says_why)
    async with aclosing(chunks):
        async for chunk in chunks:
            if isinstance(chunk, AIMessage) and (right := answer.of(as_chunk(chunk))) is not None:
                yield right
    if answer.begun or says_why:
        yield answer.rest()


def as_chunk(message: AIMessage) -> AIMessageChunk:
    """A message in one piece, as models without streams give it, as the one chunk of its stream."""
    if isinstance(message, AIMessageChunk):
        return message
    return AIMessageChunk(
        content=message.content,
        tool_calls=message.tool_calls,
        invalid_tool_calls=message.invalid_tool_calls,
        additional_kwargs=message.additional_kwargs,
        response_metadata=message.response_metadata,
        usage_metadata=message.usage_metadata,
    )


def as_message(whole: AIMessageChunk) -> AIMessage:
    """The chunks of an answer, added up, as a message.

    LangChain reads the arguments of a stream by closing whatever is open. A call that was cut off
    is an invalid one here: nobody completes it by a guess.
    """
    calls = [
        {"id": piece["id"], "name": piece["name"], "arguments": piece["args"]}
        for piece in whole.tool_call_chunks
    ]
    valid, invalid = read_calls(calls)
    return AIMessage(
        content=whole.content,
        tool_calls=valid,
        invalid_tool_calls=invalid,
        additional_kwargs=whole.additional_kwargs,
        response_metadata=whole.response_metadata,
        usage_metadata=whole.usage_metadata,
    )


class _StreamedAnswer:
    """What is known of one answer while it streams."""

    def __init__(self, *, counts_all: bool, says_why: bool) -> None:
        self.begun = self._says = False
        self._counts_all, self._says_why = counts_all, says_why
        self._text = _Halves()
        self._beside = {name: _Halves() for name in _STREAMED}
        self._calls = _StreamedCalls()
        self._metadata: dict[str, Any] = {}
        self._extras: dict[str, Any] = {}
        self._usage: UsageMetadata | None = None

    def of(self, chunk: AIMessageChunk) -> AIMessageChunk | None:
        """The chunk put right; None where nothing in it is for now."""
        self.begun = True
        self._note(chunk)
        text, thought = text_and_thought(chunk.content)
        said = {"reasoning_content": thought, **chunk.additional_kwargs}
        beside = {
            name: piece
            for name, halves in self._beside.items()
            if isinstance(said.get(name), str) and (piece := halves.of(said[name]))
        }
        calls = [p for piece in chunk.tool_call_chunks if (p := self._calls.of(piece)) is not None]
        if isinstance(extras := chunk.additional_kwargs.get(EXTRAS), Mapping):
            self._note_extras(extras)
        text = self._text.of(text)
        if not (text or beside or calls):
            return None
        self._says = True
        return AIMessageChunk(content=text, additional_kwargs=beside, tool_call_chunks=calls)

    def rest(self) -> AIMessageChunk:
        """What is left to say when the stream has ended.

        Raises:
            LostAnswerError: nothing was said, and no reason given.
        """
        reason = finish_reason(self._metadata)
        if self._says_why and reason is None:
            if not (self._says or self._calls.begun):
                raise LostAnswerError("its stream ended before an answer began")
            self._metadata[BROKEN_OFF] = True
        is_whole = BROKEN_OFF not in self._metadata and not was_broken_off(reason)
        calls = self._calls.rest(is_whole=is_whole)
        if self._calls.extras:
            self._extras["calls"] = self._calls.extras
        return AIMessageChunk(
            content=self._text.rest(),
            tool_call_chunks=calls,
            additional_kwargs={EXTRAS: mended(self._extras)} if self._extras else {},
            response_metadata=mended(self._metadata),
            usage_metadata=self._usage,
        )

    def _note(self, chunk: AIMessageChunk) -> None:
        metadata = dict(chunk.response_metadata)
        if isinstance(logprobs := metadata.pop("logprobs", None), Mapping):
            known = self._metadata.setdefault("logprobs", {})
            for name, tokens in logprobs.items():
                more = tokens if isinstance(tokens, list) else []
                known[name] = [*(known.get(name) or ()), *more] or None
        # Some servers say a reason twice, and LangChain would add up "stopstop".
        self._metadata |= {name: value for name, value in metadata.items() if value is not None}
        if chunk.usage_metadata is None:
            return
        if self._counts_all and self._usage is not None:
            self._usage = _larger(self._usage, chunk.usage_metadata)
        else:
            self._usage = add_usage(self._usage, chunk.usage_metadata)

    def _note_extras(self, extras: Mapping[str, Any]) -> None:
        for name, value in extras.get("message", {}).items():
            known = self._extras.setdefault("message", {})
            known[name] = [*known[name], *value] if isinstance(known.get(name), list) else value
        for identity, more in extras.get("calls", {}).items():
            self._calls.note(identity, more)


def _larger(one: Mapping[str, Any], other: Mapping[str, Any]) -> UsageMetadata:
    """Of two counts of the same answer the one that has come further, field by field."""
    found = dict(one)
    for name, value in other.items():
        known = found.get(name)
        if isinstance(value, Mapping):
            found[name] = _larger(known or {}, value)
        else:
            found[name] = max(known or 0, value)
    return cast(UsageMetadata, found)


class _Halves:
    """Joins the halves of surrogate pairs that a server sends in two pieces."""

    def __init__(self) -> None:
        self._held = ""

    def of(self, piece: str) -> str:
        """The piece, without a first half at its end, which waits for the second one."""
        text, self._held = self._held + piece, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return cast(str, mended(text))

    def rest(self) -> str:
        """What still waits: half a pair, which stands for no character."""
        held, self._held = self._held, ""
        return cast(str, mended(held))


@dataclass(slots=True)
class _Call:
    """One call as far as it has come."""

    index: int
    """Ours, counted from 0."""
    identity: str
    given_index: int | None
    given_id: str | None
    name: str = ""
    arguments: str = ""
    passed_on: int = 0
    """Characters of the arguments that are in the stream already."""
    named: int | None = None
    """Characters of the name that are in the stream; None before the id is."""
    halves: _Halves = field(default_factory=_Halves)

    @property
    def is_whole(self) -> bool:
        """The arguments are an object that has been closed."""
        closed = self.arguments.rstrip().endswith("}")
        return closed and whole_arguments(self.arguments) is not None

    @property
    def is_named_only(self) -> bool:
        """Whether no argument has come, so that the rest of the name still may."""
        return not self.arguments

    def take(self, piece: ToolCallChunk) -> None:
        """Add a piece. A name is repeated by some servers, and by few sent in parts."""
        if piece["name"] != self.name:
            self.name += piece["name"] or ""
        self.arguments += self.halves.of(piece["args"] or "")

    def next_piece(self) -> ToolCallChunk | None:
        """What can be passed on: once there is a name, and arguments once they are an object."""
        if not self.name:
            return None
        open_object = self.arguments.lstrip().startswith("{")
        return self._piece(self.arguments[self.passed_on :] if open_object else "")

    def last_piece(self, *, is_whole: bool) -> ToolCallChunk | None:
        """What is left of the call at the end of an answer, whole or broken off."""
        self.arguments += self.halves.rest()
        if not self.name:
            # Nobody can carry this out: as a text in JSON the arguments are invalid.
            return self._piece(json.dumps(self.arguments))
        if self.arguments.strip() in ("", "null"):
            # A blank is no JSON, and so no call; no text at all is a call without arguments.
            return self._piece("" if is_whole else " ")
        return self._piece(self.arguments[self.passed_on :])

    def _piece(self, arguments: str) -> ToolCallChunk | None:
        new, name = self.named is None, self.name[self.named or 0 :]
        if not (new or name or arguments):
            return None
        self.named = len(self.name)
        self.passed_on += len(arguments)
        return tool_call_chunk(
            name=name or None,
            args=arguments,
            id=self.identity if new else None,
            index=self.index,
        )


class _StreamedCalls:
    """Which piece belongs to which call.

    Servers repeat ids and names in every piece, leave out indices, or give 0 to every call of
    several. A piece begins a call when it has a name and an id of its own, or a name where the
    arguments before it are closed; it goes on with the call of its index, else of its id, else
    with the last one.
    """

    def __init__(self) -> None:
        self.extras: dict[str, Any] = {}
        self._calls: list[_Call] = []
        self._ids: set[str] = set()

    @property
    def begun(self) -> bool:
        """Whether a piece of a call came."""
        return bool(self._calls)

    def of(self, piece: ToolCallChunk) -> ToolCallChunk | None:
        """The piece as part of its call; None where there is nothing to pass on yet."""
        call = self._continued(piece)
        if call is None or self._begins_anew(piece, call):
            call = _Call(
                index=len(self._calls),
                identity=own_id(piece["id"], self._ids),
                given_index=piece["index"],
                given_id=piece["id"] or None,
            )
            self._calls.append(call)
        elif call.is_whole and piece["args"] == call.arguments:
            return None  # sent once more, as a whole
        call.take(piece)
        return call.next_piece()

    def note(self, identity: str, extras: Mapping[str, Any]) -> None:
        """Keep what came with a call besides."""
        if self._calls:
            named = [call for call in self._calls if call.given_id == identity]
            owner = (named or self._calls)[-1]
            self.extras[owner.identity] = {**self.extras.get(owner.identity, {}), **extras}

    def rest(self, *, is_whole: bool) -> list[ToolCallChunk]:
        """What is left of every call when the stream has ended."""
        last = [call.last_piece(is_whole=is_whole) for call in self._calls]
        return [piece for piece in last if piece is not None]

    def _continued(self, piece: ToolCallChunk) -> _Call | None:
        """The call that a piece would go on with; None where it must be a new one."""
        latest = self._calls[::-1]
        if piece["index"] is not None:
            found = next((c for c in latest if c.given_index == piece["index"]), None)
            if found is not None or piece["name"]:
                return found
        named = next((c for c in latest if piece["id"] and c.given_id == piece["id"]), None)
        return named or (latest[0] if latest else None)

    @staticmethod
    def _begins_anew(piece: ToolCallChunk, call: _Call) -> bool:
        if not piece["name"] or not call.name:
            return False
        if piece["name"] != call.name:
            same = piece["index"] is not None and piece["id"] in (None, "", call.given_id)
            return not (same and call.is_named_only)
        opens = (piece["args"] or "").lstrip().startswith("{")
        other_id = bool(piece["id"]) and piece["id"] != call.given_id
        if other_id:
            return opens or not piece["args"]
        return opens and call.is_whole and piece["args"] != call.arguments
