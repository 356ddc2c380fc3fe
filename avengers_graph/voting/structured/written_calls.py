"""Tool calls that a model wrote into its text: the one reader of expert, vote and grader.

Servers turn a call into a structured one when it has the form their parser for that model
expects. Other models' calls arrive as text, in the form each was trained on (``call_forms``),
bare, fenced, after prose, or between marks. One run of calls is read, from where it opens; what
follows is left out, as small models ramble on.

A call that is cut off, or that cannot be read, is an invalid one: it is not completed by a guess.
"""

import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from avengers_graph.voting.structured.call_forms import FORMS, NAME, WrittenCall
from avengers_graph.voting.structured.tools import Tool, tool_named
from avengers_graph.voting.structured.written_json import MAX_LENGTH, json_in

MAX_OPENINGS = 50
"""Places of a text that are tried for the start of a run of calls."""
MAX_CALLS = 100
"""Calls of one run."""

_OPENS = (
    r"<(?:tool_calls?|function_calls?|tools|minimax:tool_call)>"
    r"|<\|(?:tool_calls?|tool_call_start|python_tag|tool_calls?(?:_section)?_begin)\|>"
    r"|<｜tool▁calls?▁begin｜>|\[TOOL_CALLS\]|\bfunctools(?=\s{0,4}\[)"
    r"|<\|channel\|>(?:commentary|analysis)(?=\s{0,4}to=functions)"
)
"""Marks before calls, as models are trained on them."""
_CLOSES = (
    r"</(?:tool_calls?|function_calls?|tools|function|minimax:tool_call)>"
    r"|<\|(?:/tool_calls?|tool_call_end|tool_calls?(?:_section)?_end|eom_id|call)\|>"
    r"|<｜tool▁calls?▁end｜>|\[/TOOL_CALLS\]"
)
_WRAPPING = re.compile(rf"(?:\s++|(?P<opens>{_OPENS})|{_CLOSES}|```[\w-]{{0,20}}+|[,;])")
_START = re.compile(
    rf"{_OPENS}|<(?:function|invoke|tool_call)\b|to=functions\.|```|[{{\[]"
    rf"|(?:^|(?<=[:`>.!?])|(?<=\bcall)|(?<=\bcalling))[ \t`]*+"
    rf"(?=(?:>>>|Action:)?\s?{NAME}\s?[({{\n])",
    re.MULTILINE,
)
_BEFORE_PYTHON = re.compile(r"(?:^|\n|[:.!?>;,]|\bcall(?:ing)?)[\s`*]*\Z")
_AFTER_PYTHON = re.compile(
    rf"[ \t]*+(?:[;,`.*]*+[ \t]*+(?:$|\#|{NAME}\()|{_CLOSES}|{_OPENS}|<\||</s>)", re.MULTILINE
)
"""A call in Python stands on a line of its own, or ends one: not within an expression."""
_WRAPPED = re.compile(r"(?:\s|```\w{0,20}|[`;,])*+")
_ESCAPED = re.compile(r"(?<!\\)\\_")


@dataclass(frozen=True, slots=True)
class Calls:
    """What a text calls."""

    made: tuple[dict[str, Any], ...]
    """In order, each with ``type``, ``name`` and ``args`` as in a sample record: a
    ``tool_call``, or an ``invalid_tool_call`` with what was written for its ``args``."""
    said: str = ""
    """What the text says before them."""


def written_calls(text: str, tools: Sequence[Tool] = (), *, forced: str | None = None) -> Calls:
    """The calls that a text makes; none where it answers in words.

    Data that are no call, and lines of a program, are words. Where tools are offered, their
    calls go by the names that the request gave; what has the form of a call of some other tool
    is a call all the same, which nobody can carry out.

    Args:
        tools: those of the request; without any the text is taken at its word.
        forced: the one that must be called, if there is one: an object of nothing but its
            arguments is a call of it.
    """
    text = _ESCAPED.sub("_", text[:MAX_LENGTH])
    position = 0
    for _ in range(MAX_OPENINGS):
        calls, end = _run(text, position, tools)
        if calls:
            said = text[:position].strip().removesuffix("```json").removesuffix("```").strip()
            return Calls(tuple(_message_call(call, tools) for call in calls), said)
        start = _START.search(text, max(end, position + 1))
        if start is None:
            break
        position = start.start()
    if forced is not None and (tool := tool_named(forced, tools)) is not None:
        data = json_in(text)
        if isinstance(data, dict) and data and set(data) <= set(tool.fields):
            return Calls(({"type": "tool_call", "name": tool.name, "args": data},))
    return Calls(())


def _run(text: str, position: int, tools: Sequence[Tool]) -> tuple[list[WrittenCall], int]:
    """The calls from a place on, but for what wraps them, and how far the text was read."""
    calls: list[WrittenCall] = []
    marked, end = False, position
    while len(calls) < MAX_CALLS:
        opened, at = False, end
        while wrapping := _WRAPPING.match(text, at):
            opened, at = opened or wrapping["opens"] is not None, wrapping.end()
        marked = marked or opened
        read = next(filter(None, (form(text, at, tools) for form in FORMS)), None)
        if read is None:
            if opened and at < len(text):
                calls.append(WrittenCall(None, None, text[at:]))
            return calls, max(end, at)
        found, end = read
        if not found or not (marked or _is_call(text, found, at, end, tools)):
            return calls, end
        calls.extend(found)
    return calls, end


def _is_call(
    text: str, found: Sequence[WrittenCall], start: int, end: int, tools: Sequence[Tool]
) -> bool:
    """Whether what was read without any mark is a call, and not data, a program or an example."""
    plain = all(call.is_plain for call in found)
    offered = any(tool_named(call.name or "", tools) for call in found)
    if not found[0].is_python:
        return plain or offered
    if not (_BEFORE_PYTHON.search(text[:start]) and _AFTER_PYTHON.match(text, end)):
        return False
    # Of other tools a program's line would look the same.
    whole = _WRAPPED.fullmatch(text[:start]) and _WRAPPED.fullmatch(text[end:])
    builtin = any(hasattr(builtins, call.name or "") for call in found)
    return plain or offered or (bool(whole or not tools) and not builtin and _are_read(found))


def _are_read(calls: Sequence[WrittenCall]) -> bool:
    return all(call.args is not None for call in calls)


def _message_call(call: WrittenCall, tools: Sequence[Tool]) -> dict[str, Any]:
    """A call as a message has it, under the name that the request gave its tool."""
    tool = tool_named(call.name or "", tools)
    name = call.name if tool is None else tool.name
    fields = tuple(map(str, range(len(call.positional)))) if tool is None else tool.fields
    placed = dict(zip(fields, call.positional, strict=False))
    if name is None or call.args is None or len(placed) < len(call.positional):
        return {"type": "invalid_tool_call", "name": name, "args": call.text}
    if placed.keys() & call.args.keys():
        return {"type": "invalid_tool_call", "name": name, "args": call.text}
    return {"type": "tool_call", "name": name, "args": {**placed, **call.args}}
