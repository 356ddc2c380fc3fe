"""Tool calls: the same tools with the same arguments; parallel calls as a set.

A sample that answers in words instead of calling forms one class with its like.
"""

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.json_value import field_form, parse_json
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.question import Question

NO_CALL = "(no tool call)"
"""The canonical text of samples that answer in words."""

_TAGGED = re.compile(
    r"<(?:tool_call|function_call)>(.*?)(?:</(?:tool_call|function_call)>|$)", re.S
)


def from_calls(calls: Sequence[Mapping[str, Any]]) -> Answer | None:
    """The calls of a message; None (it abstains) when one of them cannot be carried out."""
    read = [None if call.get("type") == "invalid_tool_call" else _call(call) for call in calls]
    valid = [call for call in read if call is not None]
    return to_answer(valid) if len(valid) == len(read) else None


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The calls in the text: JSON as LangChain or OpenAI writes it, tagged or bare."""
    calls = list(_calls(text))
    if calls:
        return to_answer(calls)
    if truncated or not text.strip():
        return None
    return Answer(NO_CALL, "tool_calls", frozenset())


def to_answer(calls: Sequence[Mapping[str, Any]]) -> Answer:
    """At least one call, in an order of its own: which of parallel calls comes first is chance."""
    ordered = sorted(calls, key=lambda call: json.dumps(call, sort_keys=True, default=str))
    form = frozenset((call["name"], field_form(call["args"])) for call in ordered)
    return Answer(json.dumps(ordered, ensure_ascii=False, default=str), "tool_calls", form)


def _calls(text: str) -> Iterator[dict[str, Any]]:
    blocks = _TAGGED.findall(text) if "_call>" in text else [text]
    for block in blocks[:50]:
        value = parse_json(block)
        for item in value if isinstance(value, list) else [value]:
            if (call := _call(item)) is not None:
                yield call


def _call(item: object) -> dict[str, Any] | None:
    """One call as name and arguments, whichever of the usual shapes it has."""
    if not isinstance(item, dict):
        return None
    inner = item.get("function")
    if isinstance(inner, dict):
        item = inner
    name = item.get("name")
    arguments = item.get("args", item.get("arguments", item.get("parameters")))
    if isinstance(arguments, str):
        arguments = parse_json(arguments)
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return {"name": name, "args": arguments}


def key(answer: Answer) -> Hashable:
    """The set of (tool, arguments)."""
    if answer.value is None:
        return frozenset((call["name"], field_form(call["args"])) for call in _calls(answer.text))
    return frozenset(answer.value)


TOOL_CALLS = Kind(extract=extract, key=key)
