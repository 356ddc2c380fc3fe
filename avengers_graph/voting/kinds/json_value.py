"""JSON: the same data, field by field, each field by what it holds.

Numbers compare by value, also where a text is one (``"3.0"`` and 3, ``"1,200"`` and 1200); an
amount of money equals only amounts in the same currency, and ``"3.10"``, which may be a version,
not 3.1. A text that is nothing but a date compares by the day it names. Words compare by their
normal form, anything else that is written (addresses, paths, times, formulas) to the letter.
Objects compare without regard to the order of keys, arrays in order.
"""

import math
import re
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.date import dates
from avengers_graph.voting.kinds.kind import Embed, Kind
from avengers_graph.voting.numbers.numerals import whole_numeral
from avengers_graph.voting.structured.written_json import json_in, json_text, read_json
from avengers_graph.voting.texts.normal import normal_text
from avengers_graph.voting.texts.question import NO_QUESTION, Question

_NUMERAL = re.compile(
    r"(?P<currency>[$€£¥₹]?)\s*+-?(?:[1-9]\d{0,2}(?:,\d{3})++|0|[1-9]\d*+)(?:\.(?P<decimals>\d++))?\s*+%?"
)
"""No sign but a minus, no zero in front: those are codes and telephone numbers."""
_DATE_PART = re.compile(r"\d+|[^\W\d_]{3,}")
_BARE_DATE = re.compile(r"\d[-/., \w]{5,30}|[A-Za-z]{3}[-/., \w]{5,30}")
_SYMBOLS = re.compile(r"[^\w\s.,;!?'’\"“”()-]|_|\w[.,:]\w|(?<!\w)-\w|\w-(?!\w)")
"""What words and their punctuation do not have, and normal words would lose."""


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The object or array that the text answers with (``json_in``)."""
    value = json_in(text)
    return to_answer(value, kind="json") if isinstance(value, dict | list) else None


def to_answer(value: Any, *, kind: str) -> Answer:
    """The value in canonical JSON."""
    return Answer(json_text(value), kind, field_form(value))


def field_form(value: Any) -> Hashable:
    """A hashable form in which equal data are equal."""
    if isinstance(value, dict):
        return ("object", frozenset((str(name), field_form(item)) for name, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(field_form(item) for item in value))
    if value is None or isinstance(value, bool):
        return ("constant", value)
    if isinstance(value, (int, float)):
        # By its digits: 0.1 is a tenth, not the float nearest to it.
        return ("number", Fraction(str(value)) if math.isfinite(value) else str(value))
    return _text_form(str(value).strip())


def _text_form(text: str) -> Hashable:
    if numeral := _NUMERAL.fullmatch(text):
        read, money = whole_numeral(text), numeral["currency"]
        if read is not None and (money or not _is_padded(numeral["decimals"] or "")):
            value = read.value / 100 if read.percent else read.value
            return ("amount", money, value) if money else ("number", value)
    if _BARE_DATE.fullmatch(text):
        found = dates(text, NO_QUESTION)
        if len(found) == 1 and None not in found[0] and len(_DATE_PART.findall(text)) == 3:
            return ("date", found[0])
    if _SYMBOLS.search(text):
        return ("written", " ".join(text.split()))
    return ("text", normal_text(text) or text)


def _is_padded(decimals: str) -> bool:
    """Whether a number shows zeros that its value does not need: 3.10 may be a version."""
    return decimals.endswith("0") and decimals.strip("0") != ""


def support(answers: Sequence[Answer], embed: Embed | None) -> list[list[float]]:
    """The share of fields in which each two values agree, in [0, 1]."""
    fields = [_fields(read_json(answer.text)) for answer in answers]
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
    return field_form(read_json(answer.text))


JSON = Kind(extract=extract, key=key, support=support, whole_text=True)
