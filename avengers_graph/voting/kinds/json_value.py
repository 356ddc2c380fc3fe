"""JSON: the same data, field by field, each field by what it holds.

Numbers compare by value (also ``"3.0"`` and 3), texts by their normal form, dates by the day
they name, objects without regard to the order of keys, arrays in order.
"""

import json
import math
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.date import dates
from avengers_graph.voting.kinds.kind import Embed, Kind
from avengers_graph.voting.normal import normal_text
from avengers_graph.voting.numerals import whole_numeral
from avengers_graph.voting.question import NO_QUESTION, Question

MAX_LENGTH = 20_000
MAX_DEPTH = 50

_FENCED = re.compile(r"```(?:json|JSON)?[^\S\n]*+\n(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_DATED = re.compile(r"\d{4}")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The last fenced block that parses, else the largest object or array in the text."""
    for block in _candidates(text):
        value = parse_json(block)
        if isinstance(value, (dict, list)):
            return to_answer(value, kind="json")
    return None


def _candidates(text: str) -> Iterator[str]:
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        yield stripped
    blocks = _FENCED.findall(text)
    yield from reversed(blocks)
    yield from sorted(_balanced(text), key=len, reverse=True)[:5]


def _balanced(text: str) -> Iterator[str]:
    """Outermost balanced braces and brackets outside strings; one pass."""
    position = 0
    while opening := _OPENING.search(text, position):
        end = _closing(text, opening.start())
        if end is None:
            return
        yield text[opening.start() : end]
        position = end


def _closing(text: str, start: int) -> int | None:
    depth, quoted, escaped = 0, False, False
    for position in range(start, len(text)):
        character = text[position]
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = quoted
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "{[":
            depth += 1
        elif not quoted and character in "}]":
            depth -= 1
            if depth == 0:
                return position + 1
    return None


def parse_json(text: str) -> Any:
    """The parsed value; None when it does not parse, is too long or too deep."""
    text = text.strip()
    if len(text) > MAX_LENGTH or text.count("{") + text.count("[") > 2000:
        return None
    try:
        value = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    return None if too_deep(value) else value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 300 else math.inf


def too_deep(value: object) -> bool:
    """Whether objects and arrays stand in each other more than ``MAX_DEPTH`` deep."""
    row = _holding([value])
    for _ in range(MAX_DEPTH):
        if not row:
            return False
        row = [
            inner
            for outer in row
            for inner in _holding(outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(row)


def _holding(items: Iterable[Any]) -> list[Any]:
    """Those that hold others."""
    return [item for item in items if isinstance(item, dict | list)]


def to_answer(value: Any, *, kind: str) -> Answer:
    """The value in canonical JSON: sorted keys, no spaces to spare."""
    return Answer(json.dumps(value, sort_keys=True, ensure_ascii=False), kind, field_form(value))


def field_form(value: Any) -> Hashable:
    """A hashable form in which equal data are equal."""
    if isinstance(value, dict):
        return ("object", frozenset((str(name), field_form(item)) for name, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(field_form(item) for item in value))
    if value is None or isinstance(value, bool):
        return ("constant", value)
    if isinstance(value, (int, float)):
        return ("number", Fraction(value) if math.isfinite(value) else str(value))
    return _text_form(str(value))


def _text_form(text: str) -> Hashable:
    numeral = whole_numeral(text.strip())
    # Digits behind a zero are a code, not a number.
    coded = re.match(r"0\d", text.strip()) is not None
    if (
        numeral is not None
        and not coded
        and re.fullmatch(r"[\s$€£]*+[-+]?[\d.,]++\s*+%?", text.strip())
    ):
        return ("number", numeral.value / 100 if numeral.percent else numeral.value)
    if len(text) <= 40 and _DATED.search(text):
        found = dates(text, NO_QUESTION)
        if len(found) == 1 and None not in found[0]:
            return ("date", found[0])
    return ("text", normal_text(text) or text.strip())


def support(answers: Sequence[Answer], embed: Embed | None) -> list[list[float]]:
    """The share of fields in which each two values agree, in [0, 1]."""
    fields = [_fields(parse_json(answer.text)) for answer in answers]
    return [[_shared(a, b) for b in fields] for a in fields]


def _fields(value: Any) -> frozenset[tuple[str, Hashable]]:
    """Every leaf with its path."""
    found: list[tuple[str, Hashable]] = []
    _collect(value, "", found)
    return frozenset(found)


def _collect(value: Any, path: str, found: list[tuple[str, Hashable]]) -> None:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        found.append((path, field_form(value)))
    for name, item in items:
        _collect(item, f"{path}/{name}", found)


def _shared(a: frozenset[tuple[str, Hashable]], b: frozenset[tuple[str, Hashable]]) -> float:
    union = len(a | b)
    return len(a & b) / union if union else 1.0


def merged(values: Sequence[tuple[Any, float]]) -> Any:
    """Field by field, the value of the most weight; ties go to the earlier value.

    Args:
        values: parsed JSON values with the weights of their ballots, in index order.
    """
    if all(isinstance(value, dict) for value, _ in values):
        result: dict[str, Any] = {}
        for name in dict.fromkeys(name for value, _ in values for name in value):
            having = [(value[name], weight) for value, weight in values if name in value]
            lacking = math.fsum(weight for value, weight in values if name not in value)
            if math.fsum(weight for _, weight in having) >= lacking:
                result[name] = merged(having)
        return result
    weights: dict[Hashable, float] = {}
    first: dict[Hashable, Any] = {}
    for value, weight in values:
        form = field_form(value)
        weights[form] = weights.get(form, 0.0) + weight
        first.setdefault(form, value)
    return first[max(weights, key=lambda form: weights[form])]


def key(answer: Answer) -> Hashable:
    """The data without regard to spelling."""
    if answer.value is not None:
        return answer.value  # type: ignore[no-any-return]
    return field_form(parse_json(answer.text))


JSON = Kind(extract=extract, key=key, support=support)
