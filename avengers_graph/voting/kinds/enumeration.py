"""Lists: items separated by commas, bullets or numbers, ordered where order was asked for."""

import re
from collections.abc import Hashable

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.numbers.numerals import whole_numeral
from avengers_graph.voting.numbers.units import NO_UNIT
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.normal import normal_text, normal_words
from avengers_graph.voting.texts.question import Question

MAX_ITEMS = 200

_BULLET = re.compile(r"\s*+(?:[-*•·]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s++(?P<item>.+)")
_SEPARATOR = re.compile(
    r"[,;，；、]\s*+(?:(?:and|&|or)\s++)?+|(?:→|->)\s*+|(?<!\s)\s++(?:and|&|>|\|)\s++"
)
"""Between two items; spaces before a comma stay with the item, which is stripped."""
_SEMICOLON = re.compile(r";\s*+(?:(?:and|&|or)\s++)?+")
"""Between items that hold commas themselves."""
_INLINE_NUMBER = re.compile(r"(?:^|(?<=\s))\(?\d{1,2}[.)]\s++")
_ORDERED = re.compile(
    r"\b(?:in order|order(?:ed)?|sort(?:ed)?|ascending|descending|alphabetical\w*|chronological\w*|"
    r"rank(?:ed|ing)?|sequence|steps?|first to last|smallest to largest|largest to smallest|"
    r"oldest to newest|reverse)\b",
    re.IGNORECASE,
)
_SORTS = re.compile(r"\b(?:sort|order|alphabetical\w*|arrange)\b", re.IGNORECASE)
_ITEM_LINE = re.compile(r"[^\s,;:.!?](?:[^,;:!?]{0,58}[^\s,;:.!?])?")
"""A line that is one item and no sentence."""
_LEAD_IN = re.compile(
    r"^[^,;]{0,80}?\s(?:are|is|were|was|includes?|including)\b:?\s++(?=[^,;]{1,80}[,;])"
)
"""What stands before a list in a sentence: "Three fruits are"."""
_REMARK = re.compile(r"[:–—]|(?<=\s)-\s")
"""What a remark behind a bullet's item begins with."""
_BRACKETED = re.compile(r"[\[{(]([^\[\]{}()\n]{1,2000})[\]})]")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The list in the last box, the answer phrase, the bullets, brackets or the last line."""
    ordered = _ORDERED.search(question.text) is not None
    for span in (*spans.boxed(text), *spans.hashed(text)):
        return _answer(_items(span, question), ordered)
    if bullets := _bullets(text):
        return None if truncated else _answer(bullets, ordered)
    for span in spans.phrased(text):
        if items := _items(spans.sentence(span), question):
            return _answer(items, ordered)
    if truncated:
        return None
    brackets = list(_BRACKETED.finditer(text))
    if brackets and "," in brackets[-1][1]:
        return _answer(split_items(brackets[-1][1]), ordered)
    lines = spans.lines(text)
    if len(lines) >= 2 and all(_ITEM_LINE.fullmatch(line) or whole_numeral(line) for line in lines):
        return _answer([line.strip("*`") for line in lines], ordered)
    for line in (*lines[-1:], *lines[:1]):
        statement = line.rsplit(":", 1)[-1]
        items = _items(statement, question)
        if len(items) >= 2 or (len(lines) == 1 and items):
            return _answer(items, ordered)
    return None


def _bullets(text: str) -> list[str]:
    """The items of the last run of bullets, without the remarks behind them."""
    run: list[str] = []
    last: list[str] = []
    for line in text.split("\n"):
        match = _BULLET.match(line)
        if match:
            item = _REMARK.split(match["item"].strip("* "), maxsplit=1)[0]
            run.append(item.rstrip().strip("*` .,;"))
        elif line.strip():
            last, run = run or last, []
    found = [item for item in (run or last) if item][:MAX_ITEMS]
    return found if len(found) >= 2 else []


def split_items(span: str) -> list[str]:
    """The items of one line; numbers keep their thousands separators."""
    span = _LEAD_IN.sub("", span, count=1)
    span = span.strip().strip("[](){}$*`. ").removeprefix("\\{").removesuffix("\\}")
    span = re.sub(r"(?<=\d),(?=\d{3}\b)", "\x00", span) if ", " in span else span
    items = [item.replace("\x00", ",").strip().strip("\"'`*“”‘’ ") for item in _split(span)]
    return [item for item in items if item][:MAX_ITEMS]


def _split(span: str) -> list[str]:
    """The span at the sign that separates its items."""
    if len(numbered := _INLINE_NUMBER.split(span)) > 2 and not numbered[0].strip():
        return [item.strip().rstrip(",;") for item in numbered]
    if ";" in span and "," in span:
        return _SEMICOLON.split(span)
    return _SEPARATOR.split(span)


def _items(span: str, question: Question) -> list[str]:
    """``split_items``, at blanks where all of the span's words are to be put in an order."""
    items = split_items(span)
    words = span.strip(" .*`").split()
    if len(items) == 1 and len(words) > 1 and _SORTS.search(question.text):
        asked = set(normal_words(question.text))
        if all(word.lower() in asked for word in words):
            return words
    return items


def _answer(items: list[str], ordered: bool) -> Answer | None:
    forms = [item_form(item) for item in items]
    if not forms or any(len(item.split()) > 15 for item in items):
        return None
    value = ("ordered", tuple(forms)) if ordered else ("unordered", tuple(sorted(forms)))
    return Answer(", ".join(items), "list", value)


def item_form(item: str) -> str:
    """Numbers by value and unit, words by their normal form."""
    numeral = whole_numeral(item)
    if numeral is None:
        return normal_text(item)
    unit = "" if numeral.unit == NO_UNIT else f" {numeral.unit}"
    return f"{numeral.value}{'%' if numeral.percent else ''}{unit}"


def key(answer: Answer) -> Hashable:
    """The items' normal forms, sorted unless the question asks for an order."""
    if answer.value is not None:
        return tuple(answer.value)
    return ("unordered", tuple(sorted(map(item_form, split_items(answer.text)))))


LIST = Kind(extract=extract, key=key)
