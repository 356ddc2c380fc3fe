"""Answers asked for in double square brackets, ``[[...]]``, as KOR-Bench does.

What stands in the brackets compares as letters where the question asks for letters, part by
part where it has parts, and otherwise by its text or as mathematics. Order counts, in lists,
grids and codes alike; only a set in braces has none. Spaces around signs, quotation marks and
the case of whole words do not count. A text without double brackets is read by its box or
single brackets; one without any has not answered as it was asked to, and abstains.
"""

import re
from collections.abc import Hashable, Iterator
from functools import lru_cache

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds import choice
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.mathematics import (
    Reading,
    read_expression,
    same_computation,
    same_reading,
)
from avengers_graph.voting.mathematics.latex import DRESSED, plain_signs
from avengers_graph.voting.numbers.numerals import whole_numeral
from avengers_graph.voting.sample import Sample
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.question import Question

MAX_LENGTH = 2_000
"""A longer content is no answer."""

_PART = re.compile(r"\]\s*+(?:[;,]\s*+)?\[|;")
_SINGLE = re.compile(r"\[([^\[\]\n]{1,300})\]{1,2}")
_LETTER_FORMAT = re.compile(
    r"\[\[\s*+([A-Z](?:\s*+/\s*+[A-Z])+)\s*+\]\]|single (?:uppercase|capital)"
)
_COMPUTATION = re.compile(r"[-+*^=×·]|sqrt|\\cdot|\\times")
_QUOTES = re.compile(r"[\"'`“”‘’]+")
_LAYOUT = re.compile(r"\\(?:left|right|displaystyle)(?![a-zA-Z])|\\[()]")
_DOLLARS = re.compile(r"\$([^$]+)\$")
_WORD = re.compile(r"[^\W\d_]+")
_FORMULA = re.compile(r"\d|\\[a-z]+|[-+*/^=(){}]")
_ALTERNATIVES = re.compile(r"(?<![a-zA-Z])or(?![a-zA-Z])")
"""What makes a list one of values that each will do, which has no order."""
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{\w+\}")
_CODE = re.compile(r"(?<![\d.])0\d")
"""Digits behind a zero are no number."""
_TEXT_WORD = re.compile(r"(?<![\\a-zA-Z])[^\W\d_]{3,}")
_FORMULA_WORD = re.compile(
    r"(?:arc)?(?:sin|cos|tan|cot|sec|csc)h?[a-z]?|log|exp|sqrt|max|min|gcd|lcm|abs|frac|infinity"
)
"""Words within a formula; ``cosx`` is one, too."""
_WRAPS = (("**", "**"), ("*", "*"), ("$", "$"), ("`", "`"), ('"', '"'), ("'", "'"), ("“", "”"))
_ASSIGNMENT = re.compile(r"[^=,]{1,40}=[^=,]{1,80}")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The last ``[[...]]``, else the last box or single bracket; None without any of these."""
    text = _without_display(text) if "[[" in _without_display(text) else text
    letters = _LETTER_FORMAT.search(question.text) is not None
    for content in double_bracketed(text):
        if letters and (letter := choice.span_letter(content, question)):
            return Answer(letter, "bracketed")
        if cleaned := _cleaned(content):
            return Answer(cleaned, "bracketed")
    singles = [match[1] for match in _SINGLE.finditer(text)]
    for content in (*spans.boxed(text), *reversed(singles)):
        inside = _inside(content)
        if letters and (letter := choice.span_letter(inside, question)):
            return Answer(letter, "bracketed")
        if cleaned := _cleaned(inside):
            return Answer(cleaned, "bracketed")
    return None


def double_bracketed(text: str) -> Iterator[str]:
    """Contents of ``[[...]]``, last one first; brackets inside are balanced."""
    end = len(text)
    for _ in range(20):
        start = text.rfind("[[", 0, end)
        while start > 0 and text[start - 1] == "[":
            start -= 1
        if start < 0:
            break
        content = _balanced(text, start)
        if content is not None and content.strip():
            yield content
        end = start
    for match in reversed(list(re.finditer(r"\[\s{1,3}\[([^\[\]]{1,300})\]\s{0,3}\]", text))):
        yield match[1]


def _balanced(text: str, start: int) -> str | None:
    depth = 0
    for position in range(start, min(len(text), start + MAX_LENGTH)):
        if text[position] == "[":
            depth += 1
        elif text[position] == "]":
            depth -= 1
            if depth == 0 and text[position - 1] == "]":
                return text[start + 2 : position - 1]
            if depth == 0:
                break
    # "[[C] because ...": the pair was never closed, the first bracket ends the answer.
    closing = text.find("]", start, start + MAX_LENGTH)
    return text[start + 2 : closing] if closing > 0 else None


def _inside(span: str) -> str:
    """What stands in a span's only pair of single brackets, else the span."""
    match = _SINGLE.search(span)
    return match[1] if match else span


def _cleaned(content: str) -> str:
    """The content without what it is wrapped in: quotation marks, dollars, asterisks."""
    content = DRESSED.sub(r"\1", content).replace("\\*", "*").strip()
    for _ in range(4):
        for opening, closing in _WRAPS:
            inside = len(content) > len(opening) + len(closing)
            if inside and content.startswith(opening) and content.endswith(closing):
                content = content[len(opening) : -len(closing)].strip()
        if len(content) > 1:
            content = content.rstrip(".").strip() or content
    return content if len(content) <= MAX_LENGTH else ""


def is_right(sample: Sample, reference: str, question: Question) -> bool:
    """Whether a sample answers as the reference does, as KOR-Bench grades it.

    Stricter than a vote, since the format is part of what was asked: only brackets or a box
    count, the first pair of double ones where there are several, a letter must stand alone
    in them, and a computation is not yet the number it comes to. Spaces and case never
    count there.
    """
    wanted = Answer(_cleaned(next(double_bracketed(reference), reference)), "bracketed")
    text = sample.text
    given = next(_graded(_without_display(text)), None) or next(_graded(text), None)
    if given is None:
        return False
    answer = Answer(given, "bracketed")
    if key(answer) == key(wanted) or _closed_up(answer) == _closed_up(wanted):
        return True
    if all(len(part) <= 1 for part in parts(wanted.text)):
        return False
    return same(answer, wanted)


def _graded(text: str) -> Iterator[str]:
    doubles = list(double_bracketed(text))
    for content in (*reversed(doubles), *spans.boxed(text)):
        if cleaned := _cleaned(_inside(content) if content not in doubles else content):
            yield cleaned
    for match in _SINGLE.finditer(text):
        if cleaned := _cleaned(match[1]):
            yield cleaned


def _without_display(text: str) -> str:
    """The text without the brackets that only set off a formula; escaped pairs are brackets."""
    text = text.replace("\\[\\[", "[[").replace("\\]\\]", "]]")
    return text.replace("\\[", "  ").replace("\\]", "  ")


def parts(text: str) -> tuple[str, ...]:
    """The separate answers of ``A];[B`` or ``A; B``."""
    return tuple(part.strip().strip("[]").strip() for part in _PART.split(text))


@lru_cache(maxsize=4096)
def text_form(text: str) -> str:
    """A part as text is compared: signs in one spelling, no quotation marks, words without case.

    A space stays where it stands between letters or digits: ``1 2`` is not ``12``.
    """
    if re.search(r"\w", text):
        text = _QUOTES.sub("", text)
    text = re.sub(r"\s+", " ", plain_signs(_LAYOUT.sub(" ", _DOLLARS.sub(r"\1", text))))
    text = re.sub(r"(?<!\w) | (?!\w)", "", text)
    return _WORD.sub(lambda m: m.group().lower() if _is_plain(m.group()) else m.group(), text)


def _is_plain(word: str) -> bool:
    """Whether the case of a word says nothing: ``True``, ``TRUE``, but not ``aB``."""
    return word.islower() or word.isupper() or word[1:].islower()


def key(answer: Answer) -> Hashable:
    """The parts by their text; assignments in any order."""
    forms = tuple(text_form(part) for part in parts(answer.text))
    if len(forms) == 1 and "," in forms[0]:
        pieces = forms[0].split(",")
        if all(_ASSIGNMENT.fullmatch(piece) for piece in pieces):
            return frozenset(pieces)
    return forms


def _closed_up(answer: Answer) -> list[str]:
    return [text_form(part).replace(" ", "").casefold() for part in parts(answer.text)]


def same(a: Answer, b: Answer) -> bool:
    """Whether every part is the same text or mathematics, worked out as far in both."""
    first, second = parts(a.text), parts(b.text)
    return len(first) == len(second) and all(
        _same_text(x, y) or _same_mathematics(x, y) for x, y in zip(first, second, strict=True)
    )


def _same_text(a: str, b: str) -> bool:
    """Whether two texts are alike but for spaces that one of them does without."""
    first, second = text_form(a), text_form(b)
    if first == second:
        return True
    spaced, solid = (first, second) if " " in first else (second, first)
    return " " not in solid and _may_close_up(spaced) and spaced.replace(" ", "") == solid


def _may_close_up(text: str) -> bool:
    """Whether words, or cells of one character, stay what they are without their spaces."""
    if not re.search(r"\d", text):
        return True
    return re.search(r"[^\W\d]", text) is not None and not re.search(r"\w\w", text)


def _same_mathematics(a: str, b: str) -> bool:
    if len(a) > 300 or len(b) > 300 or _has_words(a) or _has_words(b):
        return False
    if not (_FORMULA.search(a) or _FORMULA.search(b)) or _CODE.search(a) or _CODE.search(b):
        return False
    if _unfinished(a, b) or _unfinished(b, a):
        return False
    ordered = not (_ALTERNATIVES.search(a) or _ALTERNATIVES.search(b))
    first, second = read_expression(a, ordered=ordered), read_expression(b, ordered=ordered)
    if first is None or second is None:
        return False
    if first.exact is not None and _COMPUTATION.search(a) and _COMPUTATION.search(b):
        return same_computation(first, second)
    return (
        same_reading(first, second)
        or same_reading(_unwrapped(first), _unwrapped(second))
        or (_is_set(first) != _is_set(second) and _same_sets(a, b))
    )


def _unfinished(computation: str, number: str) -> bool:
    """Whether one is a plain number and the other still has to be worked out: ``2^4``, ``X=16``."""
    if _COMPUTATION.search(computation.strip(" -")) is None:
        return False
    return whole_numeral(computation) is None and whole_numeral(number) is not None


def _has_words(text: str) -> bool:
    """Words are no products of their letters."""
    words = _TEXT_WORD.findall(_ENVIRONMENT.sub("", text))
    return any(not _FORMULA_WORD.fullmatch(word) for word in words)


def _is_set(reading: Reading) -> bool:
    return bool(reading.node[0] == "sequence" and reading.node[1] == "{")


def _same_sets(a: str, b: str) -> bool:
    """Whether a list holds what a set in braces holds: there the order says nothing."""
    first, second = read_expression(a), read_expression(b)
    return first is not None and second is not None and same_reading(first, second)


def _unwrapped(reading: Reading) -> Reading:
    """A matrix without brackets that hold it alone: ``(((1,2),(3,4)))``."""
    node = reading.node
    while node[0] == "sequence" and len(node[3]) == 1 and node[3][0][0] == "sequence":
        node = node[3][0]
    return reading if node is reading.node else Reading(node, ordered=True)


BRACKETED = Kind(extract=extract, key=key, same=same, is_right=is_right)
