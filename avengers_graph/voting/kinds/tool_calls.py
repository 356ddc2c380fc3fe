"""Tool calls: the same tools with the same arguments; the order of parallel calls is no matter.

Arguments are carried out to the letter, so they are compared to the letter: texts as they are,
numbers by value, objects without regard to the order of keys. The same call made twice is two.

A sample that answers in words instead of calling forms one class with its like.
"""

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.question import Question
from avengers_graph.voting.written_json import read_json as parse_json
from avengers_graph.voting.written_json import too_deep

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
    return Answer(
        json.dumps(ordered, ensure_ascii=False, default=str), "tool_calls", _form(ordered)
    )


def _form(calls: Iterable[Mapping[str, Any]]) -> Hashable:
    """How often each call is made."""
    counted = Counter((call["name"], _exact(call["args"])) for call in calls)
    return frozenset(counted.items())


def _exact(value: Any) -> Hashable:
    """Arguments in a hashable form; 7 equals 7.0, and "7" neither 7 nor "07"."""
    if isinstance(value, Mapping):
        return frozenset((str(name), _exact(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_exact(item) for item in value)
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, int | float):
        return ("number", value)
    return ("text", str(value))


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
    if not isinstance(name, str) or not isinstance(arguments, dict) or too_deep(arguments):
        return None
    return {"name": name, "args": arguments}


def key(answer: Answer) -> Hashable:
    """How often each (tool, arguments) is called."""
    return _form(_calls(answer.text)) if answer.value is None else frozenset(answer.value)


TOOL_CALLS = Kind(extract=extract, key=key)
