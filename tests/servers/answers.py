"""What the test server can be told to answer, and the bodies that this makes on the wire."""

import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

UsageStyle = Literal["whole", "detailed", "one choice", "absent"]
"""``whole`` counts all choices, ``one choice`` only the first (as llama.cpp does).

``detailed`` also says what was cached (all of the prompt but a token) and was reasoning (one
token a choice).
"""

_PIECE = re.compile(r"\S+\s*|\s+")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool that an answer makes."""

    name: str
    args: Mapping[str, Any] | str
    """A string goes out as it is: a way to send arguments that are no JSON."""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One choice of a chat completion."""

    text: str = ""
    tool_calls: Sequence[ToolUse] = ()
    reasoning: str | None = None
    reasoning_field: str = "reasoning_content"
    refusal: str | None = None
    finish_reason: str | None = None
    """None: ``stop``, ``length`` or ``tool_calls``, as it turns out."""
    after: Callable[[], object] = lambda: True
    """Held back until this is true."""
    delay: float = 0.0
    """Seconds before the first byte, and after ``after``."""
    gap: float = 0.0
    """Seconds between the pieces of a streamed answer."""
    cut_after: int | None = None
    """Pieces of a stream after which the connection is dropped."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something other than a chat completion."""

    status: int = 500
    message: str = "scripted failure"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    """Sent as it is; None makes an OpenAI error object of ``message``."""
    content_type: str = "application/json"
    delay: float = 0.0

    def text(self) -> str:
        """The body."""
        if self.body is not None:
            return self.body
        return json.dumps({"error": {"message": self.message, "type": "scripted", "code": None}})


@dataclass(frozen=True, slots=True)
class Cut:
    """A connection dropped after the headers and a first piece of the body."""

    sent: str = '{"id": "chatcmpl-'
    delay: float = 0.0


Answer = Reply | Fault | Cut

HTML_PAGE = Fault(
    status=200, body="<!doctype html>\n<title>Sign in</title>\n", content_type="text/html"
)
NULL_CHOICES = Fault(status=200, body='{"id": "x", "object": "chat.completion", "choices": null}')
NO_CHOICES = Fault(status=200, body='{"id": "x", "object": "chat.completion", "choices": []}')
NULL_MESSAGE = Fault(status=200, body='{"id": "x", "choices": [{"index": 0, "message": null}]}')
BROKEN_JSON = Fault(status=200, body='{"id": "x", "choices": [')
OTHER_JSON = Fault(status=200, body='["not", "a", "completion"]')
NO_MESSAGE = Fault(status=200, body='{"id": "x", "choices": [{"index": 0}]}')


def tokens(text: str) -> int:
    """How this server counts: one token for four characters, at least one."""
    return max(1, math.ceil(len(text) / 4))


def prompt_text(body: Mapping[str, Any]) -> str:
    """All text of the messages of a request."""
    parts = []
    for message in body["messages"]:
        content = message.get("content") or ""
        blocks = [{"text": content}] if isinstance(content, str) else content
        parts += [block.get("text", "") for block in blocks]
    return "\n".join(parts)


def limited(reply: Reply, body: Mapping[str, Any]) -> Reply:
    """The reply as ``stop`` and the token limit of a request leave it."""
    text, reason = reply.text, reply.finish_reason
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.split(stop)[0]
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if limit is not None and tokens(text) > limit:
        text, reason = text[: 4 * limit], reason or "length"
    reason = reason or ("tool_calls" if reply.tool_calls else "stop")
    return replace(reply, text=text, tool_calls=_identified(reply), finish_reason=reason)


def _identified(reply: Reply) -> list[ToolUse]:
    return [
        ToolUse(use.name, use.args, use.id or f"call_{next(_numbers):04d}")
        for use in reply.tool_calls
    ]


def usage(body: Mapping[str, Any], replies: Sequence[Reply], style: UsageStyle) -> dict[str, Any]:
    """The usage object for a request."""
    counts = [tokens(reply.text) for reply in replies]
    completion = counts[0] if style == "one choice" else sum(counts)
    prompt = tokens(prompt_text(body))
    counted: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if style == "detailed":
        counted["prompt_tokens_details"] = {"cached_tokens": prompt - 1}
        counted["completion_tokens_details"] = {"reasoning_tokens": len(counts)}
    return counted


def completion(
    body: Mapping[str, Any], replies: Sequence[Reply], style: UsageStyle
) -> dict[str, Any]:
    """A whole chat completion."""
    whole: dict[str, Any] = {
        **_head(body, "chat.completion"),
        "choices": [_choice(body, i, reply) for i, reply in enumerate(replies)],
    }
    if style != "absent":
        whole["usage"] = usage(body, replies, style)
    return whole


def events(body: Mapping[str, Any], replies: Sequence[Reply], style: UsageStyle) -> Iterator[str]:
    """The same as server-sent events, one piece of text or of a tool call's arguments each."""
    head = _head(body, "chat.completion.chunk")
    for index, reply in enumerate(replies):
        yield _event(head, index, {"role": "assistant", "content": ""})
        if reply.reasoning is not None:
            for piece in _PIECE.findall(reply.reasoning):
                yield _event(head, index, {reply.reasoning_field: piece})
        for piece in _PIECE.findall(reply.refusal or ""):
            yield _event(head, index, {"refusal": piece})
        for piece in _PIECE.findall(reply.text):
            yield _event(head, index, {"content": piece}, logprobs=logprobs(body, piece))
        for position, use in enumerate(reply.tool_calls):
            for fragment in _fragments(position, use):
                yield _event(head, index, {"tool_calls": [fragment]})
        yield _event(head, index, {}, finish_reason=reply.finish_reason)
    if (body.get("stream_options") or {}).get("include_usage") and style != "absent":
        yield _data({**head, "choices": [], "usage": usage(body, replies, style)})
    yield "data: [DONE]\n\n"


def _head(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    number = next(_numbers)
    return {"id": f"chatcmpl-{number}", "object": kind, "created": 1, "model": body["model"]}


def _choice(body: Mapping[str, Any], index: int, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if not reply.tool_calls:
        message["content"] = reply.text
    if reply.refusal is not None:
        message |= {"content": None, "refusal": reply.refusal}
    if reply.reasoning is not None:
        message[reply.reasoning_field] = reply.reasoning
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": use.id,
                "type": "function",
                "function": {"name": use.name, "arguments": _arguments(use)},
            }
            for use in reply.tool_calls
        ]
    choice = {"index": index, "message": message, "finish_reason": reply.finish_reason}
    if (found := logprobs(body, reply.text)) is not None:
        choice["logprobs"] = found
    return choice


def logprobs(body: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """The log probabilities of a text's pieces, if the request asks for them."""
    if not body.get("logprobs"):
        return None
    return {"content": [{"token": word, "logprob": -0.1} for word in _PIECE.findall(text)]}


def _arguments(use: ToolUse) -> str:
    return use.args if isinstance(use.args, str) else json.dumps(use.args)


def _fragments(position: int, use: ToolUse) -> Iterator[dict[str, Any]]:
    """A tool call as servers stream it: name and id first, then the arguments in pieces."""
    function = {"name": use.name, "arguments": ""}
    yield {"index": position, "id": use.id, "type": "function", "function": function}
    arguments = _arguments(use)
    for start in range(0, len(arguments), 8):
        yield {"index": position, "function": {"arguments": arguments[start : start + 8]}}


def _event(
    head: Mapping[str, Any],
    index: int,
    delta: dict[str, Any],
    *,
    finish_reason: str | None = None,
    logprobs: dict[str, Any] | None = None,
) -> str:
    choice = {"index": index, "delta": delta, "finish_reason": finish_reason}
    if logprobs is not None:
        choice["logprobs"] = logprobs
    return _data({**head, "choices": [choice]})


def _data(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"
