"""Tool calls: the same tools with the same arguments; the order of parallel calls is no matter.

Arguments are carried out to the letter, so they are compared to the letter: texts as they are,
numbers by value, objects without regard to the order of keys. What the tool's schema makes the
same is the same: an argument left out and its default, a text of an ``enum`` in any case. The
same call made twice is two.

A sample that answers in words instead of calling forms one class with its like. One whose calls
cannot be carried out, as they are cut off or of a tool that was not offered, abstains.
"""

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.sample import Sample
from avengers_graph.voting.structured.call_forms import call_of
from avengers_graph.voting.structured.tools import Tool, tool_named
from avengers_graph.voting.structured.written_calls import written_calls
from avengers_graph.voting.structured.written_json import json_text, read_json
from avengers_graph.voting.texts.question import Question

NO_CALL = "(no tool call)"
"""The canonical text of samples that answer in words."""

_IGNORED = re.compile(r"[ ,./\-_*^]")
"""What texts may differ in where they are graded, as BFCL does."""


def from_calls(calls: Sequence[Mapping[str, Any]], question: Question) -> Answer | None:
    """The calls of a message; None (it abstains) when one of them cannot be carried out."""
    read = [_carried_out(call, question.tools) for call in calls]
    valid = [call for call in read if call is not None]
    return to_answer(valid, question.tools) if len(valid) == len(read) else None


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The calls that the text makes (``written_calls``), or that it makes none."""
    made = written_calls(text, question.tools).made
    if made:
        return from_calls(made, question)
    return None if truncated or not text.strip() else Answer(NO_CALL, "tool_calls", frozenset())


def to_answer(calls: Sequence[Mapping[str, Any]], tools: Sequence[Tool] = ()) -> Answer:
    """At least one call, in an order of its own: which of parallel calls comes first is chance."""
    ordered = sorted(calls, key=json_text)
    return Answer(json_text(ordered, sort_keys=False), "tool_calls", _form(ordered, tools))


def _carried_out(call: Mapping[str, Any], tools: Sequence[Tool]) -> dict[str, Any] | None:
    """A call of a message, as name and arguments; None when it cannot be carried out."""
    read = None if call.get("type") == "invalid_tool_call" else call_of(call, tools)
    if read is None or read.name is None or read.args is None:
        return None
    tool = tool_named(read.name, tools)
    if tools and tool is None:
        return None
    return {"name": read.name if tool is None else tool.name, "args": dict(read.args)}


def _form(calls: Iterable[Mapping[str, Any]], tools: Sequence[Tool]) -> Hashable:
    """How often each call is made."""
    counted = Counter((call["name"], _exact(_meant(call, tools))) for call in calls)
    return frozenset(counted.items())


def _meant(call: Mapping[str, Any], tools: Sequence[Tool]) -> dict[str, Any]:
    return (tool_named(call["name"], tools) or Tool(call["name"], {})).meant(call["args"])


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


def key(answer: Answer) -> Hashable:
    """How often each (tool, arguments) is called."""
    return answer.value if answer.value is not None else _form(json.loads(answer.text), ())


def is_right(sample: Sample, reference: str, question: Question) -> bool:
    """Whether a sample makes the calls of the reference, no more and no fewer.

    The reference is a text that makes calls, one in words where none is right, or BFCL's
    ``possible_answer``: ``{"f": {"x": [1, 2], "y": ["", "a"]}}``, or a list of such objects,
    with the values that are allowed for each argument; an empty text among them lets the
    argument be left out, or empty. As BFCL has it, allowed texts are compared without case, blanks
    and the marks ``,./-_*^``, and 1 is 1.0 for an argument, but not within a list.
    """
    allowed = _allowed_calls(read_json(reference))
    if not question.tools:
        question = replace(question, tools=_tools_of(allowed or written_calls(reference).made))
    if sample.tool_calls:
        given = from_calls(sample.tool_calls, question)
    else:
        given = extract(sample.text, question, sample.truncated)
    if given is None or (given.text == NO_CALL and sample.refused):
        return False
    if not allowed:
        wanted = extract(reference, question, False)
        return wanted is not None and key(wanted) == key(given)
    left = [] if given.text == NO_CALL else json.loads(given.text)
    if len(left) != len(allowed):
        return False
    for expected in allowed:
        found = next((call for call in left if _is_allowed(call, expected, question.tools)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _allowed_calls(reference: Any) -> list[dict[str, Any]]:
    """Calls with the values allowed for each argument; none where the reference is another."""
    items = reference if isinstance(reference, list) else [reference]
    calls = [
        {"name": name, "args": args}
        for item in items
        if isinstance(item, dict) and len(item) == 1
        for name, args in item.items()
        if isinstance(args, dict) and all(isinstance(values, list) for values in args.values())
    ]
    return calls if len(calls) == len(items) else []


def _tools_of(calls: Iterable[Mapping[str, Any]]) -> tuple[Tool, ...]:
    """The tools of a reference, their parameters in its order, where none were given."""
    fields: dict[str, dict[str, Any]] = {}
    for call in calls:
        if isinstance(call["args"], Mapping):
            fields.setdefault(call["name"], {}).update({name: {} for name in call["args"]})
    return tuple(Tool(name, {"properties": properties}) for name, properties in fields.items())


def _is_allowed(
    call: Mapping[str, Any], expected: Mapping[str, Any], tools: Sequence[Tool]
) -> bool:
    """Whether a call is the expected one, and can be made: it has what its tool requires."""
    tool = tool_named(call["name"], tools)
    required = () if tool is None else tool.parameters.get("required") or ()
    # Some references leave out the module that the tool's name has.
    named = call["name"].endswith("." + expected["name"]) or tool_named(
        expected["name"], [Tool(call["name"], {})]
    )
    return (
        bool(named)
        and call["args"].keys() >= set(required)
        and _has_allowed(call["args"], expected["args"])
    )


def _has_allowed(given: Mapping[str, Any], allowed: Mapping[str, Any]) -> bool:
    """Whether every argument has one of its allowed values, and no other is given."""
    return given.keys() <= allowed.keys() and all(
        ("" in values and given.get(name) in (None, "", [], {}))
        or (name in given and any(_agrees(given[name], value) for value in values))
        for name, values in allowed.items()
    )


def _agrees(given: Any, allowed: Any) -> bool:
    if isinstance(given, str) and isinstance(allowed, str):
        return _graded_text(given) == _graded_text(allowed)
    if isinstance(given, list | tuple) and isinstance(allowed, list):
        pairs = list(zip(given, allowed, strict=False))
        same_types = all(isinstance(one, float) == isinstance(two, float) for one, two in pairs)
        return len(given) == len(allowed) and same_types and all(map(_agrees, given, allowed))
    if isinstance(given, Mapping) and isinstance(allowed, Mapping):
        options = {
            name: value if isinstance(value, list) else [value] for name, value in allowed.items()
        }
        return _has_allowed(given, options)
    return _exact(given) == _exact(allowed)


def _graded_text(text: str) -> str:
    return _IGNORED.sub("", text).casefold().replace("'", '"')


TOOL_CALLS = Kind(extract=extract, key=key, is_right=is_right, whole_text=True)
