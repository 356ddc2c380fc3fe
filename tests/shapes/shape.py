"""One shape: what a server sends, and what an answer in that shape must come to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.exceptions import ModelError

from tests.servers.answers import Fault
from tests.servers.openai_server import Received

TEXT = '{"total": 13}'
"""What every shape of a text says; as data, so that structured output can read it as well."""
ARGUMENTS = '{"a": 6, "b": 7}'
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}

Events = Sequence[Mapping[str, Any] | str]
"""Server-sent events: data, or lines as they are."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What one server does, and what is expected of whoever asks it."""

    name: str
    server: str
    """A row of ``servers.SERVERS``, or who else was seen to send it."""
    whole: Mapping[str, Any] | Fault
    """The body of a plain answer, or an answer that is none."""
    events: Events | Fault
    """The same as a stream."""
    text: str = ""
    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    invalid: int = 0
    """Calls that are invalid, and that nobody may carry out."""
    reason: str | None = "stop"
    """The finish reason, as it was sent."""
    reasoning: str | None = None
    tokens: int | None = 15
    """Of one answer; None where the server did not count."""
    error: type[ModelError] | None = None
    """The LangChain error that every way must raise."""
    says: str = ""
    """Words of the server that the error must hold."""
    check_url: bool = False
    """Whether the error says that base_url may be wrong."""
    differs: bool = field(default=False, kw_only=True)
    """Whether ChatOpenAI answers something else in this shape, which nobody wants."""

    def __str__(self) -> str:
        return self.name

    def answer(self, received: Received) -> Fault:
        """The shape in reply to a request."""
        sent = self.events if received.body.get("stream") else self.whole
        if isinstance(sent, Fault):
            return sent
        if isinstance(sent, Mapping):
            return Fault(200, body=json.dumps(sent))
        return Fault(200, body=sse(sent), content_type="text/event-stream")


def sse(events: Events) -> str:
    """Events as they are on the wire."""
    lines = [item if isinstance(item, str) else f"data: {json.dumps(item)}" for item in events]
    return "".join(f"{line}\n\n" for line in lines)


DONE = "data: [DONE]"


def body(message: Mapping[str, Any], reason: Any = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion with one choice."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    head = {"id": "x", "object": "chat.completion", "created": 1, "model": "alpha"}
    return {**head, "choices": [choice], "usage": USAGE, **more}


def event(delta: Any = None, reason: Any = None, **more: Any) -> dict[str, Any]:
    """One event of a stream."""
    choice = {"index": 0, "delta": {} if delta is None else delta, "finish_reason": reason}
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "alpha"}
    return {**head, "choices": [choice], **more}


COUNTED = {**event(), "choices": [], "usage": USAGE}


def stream(*deltas: Any, reason: Any = "stop") -> list[Any]:
    """A stream of deltas with its end as OpenAI sends it."""
    first, *rest = deltas
    begun = event({"role": "assistant", **first})
    return [begun, *map(event, rest), event({}, reason), COUNTED, DONE]


def said(name: str, server: str, message: Mapping[str, Any], **expected: Any) -> Shape:
    """A shape of a text whose stream is the message in one piece."""
    events = [event({"role": "assistant", **message}), event({}, "stop"), COUNTED, DONE]
    return Shape(name, server, body(message), events, **{"text": TEXT, **expected})


def called(
    name: str,
    server: str,
    calls: Sequence[Any],
    pieces: Sequence[Any],
    /,
    *,
    reason: str = "tool_calls",
    **expected: Any,
) -> Shape:
    """A shape of tool calls: whole ones, and the pieces of a stream, one event each."""
    deltas = [{"tool_calls": p if isinstance(p, list) else [p]} for p in pieces]
    return Shape(
        name,
        server,
        body({"content": None, "tool_calls": list(calls)}, reason),
        stream(*deltas, reason=reason),
        **{"calls": SUM, "reason": reason, **expected},
    )


SUM: Sequence[tuple[str, Mapping[str, Any]]] = (("add", {"a": 6, "b": 7}),)
TWO = (*SUM, ("add", {"a": 1, "b": 2}))


def call(
    arguments: Any = ARGUMENTS, name: str | None = "add", identity: Any = "c1", **more: Any
) -> dict[str, Any]:
    """One call, or the piece of one; fields that are None are left out."""
    function = {} if name is None else {"name": name}
    found = {"type": "function", "function": {**function, "arguments": arguments}, **more}
    return found if identity is None else {"id": identity, **found}


def refused(name: str, server: str, fault: Fault, **expected: Any) -> Shape:
    """A shape of an error, the same for a stream."""
    return Shape(name, server, fault, fault, **expected)
