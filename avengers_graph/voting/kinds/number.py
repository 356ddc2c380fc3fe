"""Numbers: exact rationals, compared exactly or at the precision they were rounded to.

Rules. ``50%`` is 1/2, unless the question asks for a percentage: then 50 and 50% are the
same and a ratio such as 1/2 means its hundredfold. A rounded decimal with at least two
decimals and three significant digits is the same as a number that rounds to it (0.667 and
2/3, but not 0.7 and 2/3); beside a ratio two significant digits do (0.67 and 2/3).
"""

import re
from collections.abc import Hashable
from fractions import Fraction

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.numerals import (
    Numeral,
    last_numeral,
    numerals,
    plain,
    rounds_to,
    whole_numeral,
)
from avengers_graph.voting.question import NO_QUESTION, Question

_CLAUSE = re.compile(r",\s|\s(?:because|since|as|which|when|where|if)\b")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The number in the last box, after ``####`` or "the answer is", else the last one."""
    for content in spans.boxed(text):
        found = plain(content) or span_numeral(content)
        if found is not None:
            return to_answer(found, question)
    for span in spans.said(text):
        found = span_numeral(span) or first_numeral(span)
        if found is not None:
            return to_answer(found, question)
    if truncated:
        return None
    whole = whole_numeral(text.strip())
    if whole is not None:
        return to_answer(whole, question)
    for span in spans.reported(text):
        found = first_numeral(_CLAUSE.split(span, maxsplit=1)[0])
        if found is not None:
            return to_answer(found, question)
    for span in spans.bold(text):
        found = whole_numeral(right_side(span))
        if found is not None:
            return to_answer(found, question)
    lines = spans.lines(text)
    last = (last_numeral(lines[-1]) if lines else None) or last_numeral(text)
    return to_answer(last, question) if last else None


def right_side(span: str) -> str:
    """What stands after the last equals or approximation sign: ``x = 5`` answers 5."""
    for sign in ("\\approx", "≈", "="):
        if sign in span:
            span = span.rsplit(sign, 1)[1]
    return span.strip()


def span_numeral(span: str) -> Numeral | None:
    """The number that a span consists of, possibly behind an equals sign."""
    return whole_numeral(spans.sentence(right_side(span)))


def first_numeral(span: str) -> Numeral | None:
    """The number of a sentence: after its last equals sign, else its first number."""
    found = numerals(right_side(spans.sentence(span)))
    return found[0] if found else None


def to_answer(numeral: Numeral, question: Question) -> Answer:
    """The numeral in the unit that the question asks for."""
    if question.asks_percent:
        ratio = numeral.fraction and not numeral.percent and abs(numeral.value) <= 1
        value = numeral.value * 100 if ratio else numeral.value
        read = Numeral(value, False, numeral.decimals, numeral.fraction)
    elif numeral.percent:
        decimals = None if numeral.decimals is None else numeral.decimals + 2
        read = Numeral(numeral.value / 100, True, decimals, numeral.fraction)
    else:
        read = numeral
    return Answer(number_text(read.value), "number", read)


def number_text(value: Fraction) -> str:
    """An integer or a terminating decimal as decimals, any other rational as a ratio."""
    if value.denominator == 1:
        return str(value.numerator)
    rest, places = value.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0 and count < 40:
            rest //= prime
            count += 1
        places = max(places, count)
    if rest != 1 or places > 30:
        return f"{value.numerator}/{value.denominator}"
    scaled = abs(value.numerator) * 10**places // value.denominator
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def numeral_of(answer: Answer) -> Numeral | None:
    """The parsed value, read from the text where the answer was built by hand."""
    if isinstance(answer.value, Numeral):
        return answer.value
    found = whole_numeral(answer.text)
    return to_answer(found, NO_QUESTION).value if found else None


def key(answer: Answer) -> Hashable:
    """The exact value; the text itself when it is no number."""
    numeral = numeral_of(answer)
    if numeral is None:
        return answer.text
    value = numeral.value
    return value.numerator if value.denominator == 1 else (value.numerator, value.denominator)


def same(a: Answer, b: Answer) -> bool:
    """Whether one is the other, rounded."""
    first, second = numeral_of(a), numeral_of(b)
    if first is None or second is None:
        return False
    return rounds_to(first, second) or rounds_to(second, first)


NUMBER = Kind(extract=extract, key=key, same=same)
