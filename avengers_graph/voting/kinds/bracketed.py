"""Answers asked for in double square brackets, ``[[...]]``, as KOR-Bench does.

What stands in the brackets compares as letters where the question asks for letters, part by
part where it has parts, and otherwise by its text without spaces, case and quotation marks,
or as mathematics. A text without double brackets is read by its box or single brackets; one
without any has not answered as it was asked to, and abstains.
"""

import re
from collections.abc import Hashable, Iterator

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds import choice
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.latex import DRESSED
from avengers_graph.voting.mathematics import Reading, read_expression, same_reading
from avengers_graph.voting.numerals import whole_numeral
from avengers_graph.voting.question import Question
from avengers_graph.voting.sample import Sample

MAX_LENGTH = 2_000
"""A longer content is no answer."""

_PART = re.compile(r"\]\s*+(?:[;,]\s*+)?\[|;")
_SINGLE = re.compile(r"\[([^\[\]\n]{1,300})\]{1,2}")
_LETTER_FORMAT = re.compile(
    r"\[\[\s*+([A-Z](?:\s*+/\s*+[A-Z])+)\s*+\]\]|single (?:uppercase|capital)"
)
_COMPUTATION = re.compile(r"[-+*^=×·]|sqrt|\\cdot|\\times")
_NOISE = re.compile(r"[\s\"'`“”‘’*$\\{}]+|\\(?:text|mathrm|left|right)")
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
    """The content without wrapping quotes, math signs and outer brackets."""
    content = DRESSED.sub(r"\1", content).strip()
    for _ in range(4):
        shorter = content.strip("\"'`“”*$ \n").rstrip(".").strip()
        if shorter == content:
            break
        content = shorter
    return content[:MAX_LENGTH] if len(content) <= MAX_LENGTH else ""


def is_right(sample: Sample, reference: str, question: Question) -> bool:
    """Whether a sample answers as the reference does, as KOR-Bench grades it.

    Stricter than a vote, since the format is part of what was asked: only brackets or a box
    count, the first pair of double ones where there are several, a letter must stand alone
    in them, and a computation is not yet the number it comes to.
    """
    wanted = Answer(next(double_bracketed(reference), reference), "bracketed")
    text = sample.text
    given = next(_graded(_without_display(text)), None) or next(_graded(text), None)
    if given is None:
        return False
    answer = Answer(given, "bracketed")
    if key(answer) == key(wanted):
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
    """The text without the brackets that only set off a formula."""
    return text.replace("\\[", "  ").replace("\\]", "  ")


def parts(text: str) -> tuple[str, ...]:
    """The separate answers of ``A];[B`` or ``A; B``."""
    return tuple(part.strip().strip("[]").strip() for part in _PART.split(text))


def _folded(text: str) -> str:
    return _NOISE.sub("", text).casefold().rstrip(".")


def key(answer: Answer) -> Hashable:
    """The parts without spaces, case and quotation marks; assignments in any order."""
    folded = tuple(_folded(part) for part in parts(answer.text))
    if len(folded) == 1 and "," in folded[0]:
        pieces = folded[0].split(",")
        if all(_ASSIGNMENT.fullmatch(piece) for piece in pieces):
            return frozenset(pieces)
    return folded


def same(a: Answer, b: Answer) -> bool:
    """Whether every part is the same mathematics, worked out as far in both."""
    first, second = parts(a.text), parts(b.text)
    return len(first) == len(second) and all(
        _folded(x) == _folded(y) or _same_mathematics(x, y)
        for x, y in zip(first, second, strict=True)
    )


def _same_mathematics(a: str, b: str) -> bool:
    if len(a) > 300 or len(b) > 300 or not (_formula(a) or _formula(b)):
        return False
    if _unfinished(a, b) or _unfinished(b, a):
        return False
    first, second = read_expression(a), read_expression(b)
    if first is None or second is None:
        return False
    return same_reading(first, second) or same_reading(_as_tuple(first), _as_tuple(second))


def _unfinished(computation: str, number: str) -> bool:
    """Whether one is a plain number and the other still has to be worked out: ``2^4``, ``X=16``."""
    if _COMPUTATION.search(computation.strip(" -")) is None:
        return False
    return whole_numeral(computation) is None and whole_numeral(number) is not None


def _formula(text: str) -> bool:
    """Words and ciphers are no products of their letters."""
    return re.search(r"\d|\\[a-z]+|[-+*/^=(){}]", text) is not None


def _as_tuple(reading: Reading) -> Reading:
    """A list as the tuple or matrix that its brackets were to be."""
    node = reading.node
    if node[0] != "sequence" or node[1] != "{":
        return reading
    return Reading(("sequence", "(", ")", node[3]))


BRACKETED = Kind(extract=extract, key=key, same=same, is_right=is_right)
