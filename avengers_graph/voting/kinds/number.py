"""Numbers: exact rationals, compared exactly or at the precision they were rounded to.

Rules. ``50%`` is 1/2, unless the question asks for a percentage: then 50 and 50% are the
same and a ratio such as 1/2 means its hundredfold. A rounded decimal with at least two
decimals and three significant digits is the same as a number that rounds to it (0.667 and
2/3, but not 0.7 and 2/3); beside a ratio two significant digits do (0.67 and 2/3). Units that
contradict each other are different answers. What a box holds is the answer: an irrational
number compares as mathematics does, anything else by its text.
"""

import re
from collections.abc import Hashable
from dataclasses import replace
from fractions import Fraction

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.mathematics import (
    Reading,
    read_expression,
    relates_symbols,
    same_reading,
)
from avengers_graph.voting.mathematics.latex import DRESSED, without_layout
from avengers_graph.voting.numbers.decimal_marks import point_decimals
from avengers_graph.voting.numbers.numerals import (
    Found,
    Numeral,
    found_numerals,
    last_numeral,
    numerals,
    plain,
    rational_text,
    rounds_to,
    western,
    whole_numeral,
)
from avengers_graph.voting.numbers.units import NO_UNIT, Unit, bound_of
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.no_value import no_value
from avengers_graph.voting.texts.question import NO_QUESTION, Question

MAX_LENGTH = 600
"""A longer box is no answer."""

_CLAUSE = re.compile(r",\s|\s(?:because|since|as|which|when|where|if)\b")
_EQUALS = re.compile(r"(?<![<>!≤≥=\\/])(?<!\\not)(?<!\\not )=(?![=>]|/=)|\\approx(?![a-z])|≈")
_COMMANDS = r"\\(?:sqrt|pi|pm|[dt]?frac|cdot|times|left|right)(?![a-zA-Z])"
_EULER = r"(?<![A-Za-z])e(?=\s?\^)|(?:(?<=[/^*+-])|(?<=[/^*+-]\s))e(?![A-Za-z])"
_RUN = re.compile(
    rf"(?<![\^_A-Za-z])(?<![\^_][{{-])(?<![\^_]{{-)(?:{_COMMANDS}|{_EULER}|[-−±]?\s?[\d√π(])"
    rf"(?:[\d.,√π±^{{}}()\[\]/*·×+−-]|{_COMMANDS}|{_EULER}"
    r"|\s(?=[\\√π^/*+×·−±-])|(?<=[-+*/×·−}])\s(?=[\d√π\\(e])){0,200}"
)
"""Numbers with signs and roots between them."""
_COMPUTED = re.compile(rf"[√π±]|\\(?:sqrt|pi|pm)|[\d)}}]\s?\^|{_EULER}")
_CLOCK = re.compile(
    r"(\d{1,2})\s?:\s?([0-5]\d)(?::[0-5]\d)?(?!\d)(?:\s{0,3}([ap])\.?\s?m\b\.?)?", re.I
)
_NUMBER = r"\d+(?:\.\d+)?"
_PAIR = re.compile(
    rf"(?<![\d.,/:-])(?:(?P<first>{_NUMBER})(?:\s?(?P<sign>:)\s?|[-–—]|\s(?P<word>to|bis)\s)"
    rf"(?P<second>{_NUMBER})|\bbetween\s(?P<low>{_NUMBER})\sand\s(?P<high>{_NUMBER}))"
    r"(?![\d/:-]|[.,]\d|\s?[=+*/^−-])",
    re.IGNORECASE,
)
"""Two numbers that answer together: ``5:1``, ``3-5``, ``between 3 and 5``."""
_CHANGE = re.compile(r"\bfrom\s\Z")
_LISTED = re.compile(r"\d[^\d]{0,12}?(?:[,;]|\band\b|\bor\b)\D{0,8}\d")
_JOINS = re.compile(r"\b(?:and|or)\b|\\[a-zA-Z]+")
_LONG_WORD = re.compile(r"[^\W\d_]{2}")
_BREAKS_OFF = re.compile(r"[=+/^(]\s*\Z")
"""A formula that was cut."""
_FACTORIAL = re.compile(r"[\d)]!\s*\$?\Z")
_WORDS = re.compile(r"[^\W\d_]{2}")
_SIGNS = re.compile(r"[\\=^_<>+*/π√∞]|\d:\d|\d[^\W\d_]")
_PROPORTION = re.compile(r"\b(?:ratio|odds|scale|proportion)\b", re.IGNORECASE)
_COUNTED = re.compile(r"\bhow (?:many|much)\s+(?:more\s+|fewer\s+|total\s+)?([^\W\d_]{2,20})", re.I)
_PART_OF = re.compile(
    r"\s{0,2}(?:[^\W\d_]+\s){0,2}(?:out )?of (?:the |all |its |his |her |their )?\Z"
)
"""Between a number that answers and the whole that it is a part of."""
_MEASURED = re.compile(r"\s{0,2}[^\W\d_]+\s(?:in|every|within) \Z")
"""Between a number that answers and the time that it takes."""


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The number in the last box, after ``####`` or "the answer is", else the last one."""
    text = point_decimals(text, question.text)
    for content in spans.boxed(text):
        return _of_box(content, question)
    for span in spans.said(text):
        if (found := _of_phrase(span, question)) is not None:
            return found
    for span in spans.reported(text):
        clause = _CLAUSE.split(span, maxsplit=1)[0]
        if truncated and spans.sentence(clause) == span:
            break  # the sentence itself was cut
        reported = span_numeral(clause) if truncated else first_numeral(clause)
        if reported is not None:
            return to_answer(reported, question)
    if truncated or _BREAKS_OFF.search(text):
        return None
    whole = whole_numeral(text.strip())
    if whole is not None:
        return to_answer(whole, question)
    for span in spans.bold(text):
        bold = whole_numeral(right_side(span))
        if bold is not None:
            return to_answer(bold, question)
    return _of_last_line(text, question)


def _of_box(content: str, question: Question) -> Answer | None:
    """What a box holds: a number, a time, mathematics, a number among words, else its text."""
    numeral = plain(content) or (None if _FACTORIAL.search(content) else span_numeral(content))
    if numeral is not None and not ("=" in content and _relates(content)):
        return to_answer(numeral, question)
    if len(content) > MAX_LENGTH:
        return None
    if (time := clock_time(content, question)) is not None:
        return time
    return _of_words(content, question) or _of_expression(content, question) or _of_text(content)


def _relates(content: str) -> bool:
    """Whether what stands behind the last equals sign is not all that a box says."""
    several = content.count("=") > 1 and re.search(r"[,;]|\band\b|\bor\b", content) is not None
    return several or relates_symbols(content)


def _of_expression(content: str, question: Question) -> Answer | None:
    """Mathematics that has to be worked out, or has no rational value."""
    if not re.search(r"[\dπ√∞]|\\(?:pi|sqrt|infty)|\binfinity\b|\be\b", content):
        return None
    reading = read_expression(content)
    if reading is None:
        answered = right_side(content)
        return _of_expression(answered, question) if answered != content.strip() else None
    if reading.exact is not None:
        exact = Numeral(reading.exact, fraction=reading.exact.denominator != 1, unit=reading.unit)
        return to_answer(exact, question)
    return Answer(without_layout(content), "number", reading)


def _of_words(content: str, question: Question) -> Answer | None:
    """The only number of a boxed phrase, with the side of it that is meant: "at least 5"."""
    text = rational_text(content)
    values = found_numerals(text)
    if len(values) != 1 or not _WORDS.search(text) or _SIGNS.search(text) or no_value(text):
        return None
    numeral = values[0].numeral
    bound = bound_of(text) or numeral.unit.sense
    return to_answer(replace(numeral, unit=Unit(numeral.unit.measure, bound)), question)


def _of_text(content: str) -> Answer | None:
    """An answer that is no number, which equals its like."""
    words = " ".join(DRESSED.sub(r"\1", content).strip("$ .").split()).casefold()
    return Answer(no_value(words) or words, "number") if words else None


def clock_time(content: str, question: Question) -> Answer | None:
    """A time of day, which is no ratio: ``2:15``, ``3:00 pm``; None where there is none.

    A full hour is a number, so that 2:00 pm answers 2.
    """
    match = _CLOCK.match(western(content).strip())
    if match is None or _PROPORTION.search(question.text):
        return None
    half = match[3] and match[3].lower() + "m"
    if match[2] == "00":
        return to_answer(Numeral(Fraction(int(match[1])), unit=Unit(None, half)), question)
    return Answer(f"{int(match[1])}:{match[2]}{f' {half}' if half else ''}", "number")


def _of_pair(sentence: str, question: Question, *, last: bool) -> Answer | None:
    """A ratio, a time or a range, where it holds the first or the last number of a sentence."""
    text = western(sentence)
    pairs = [pair for pair in _PAIR.finditer(text) if not _CHANGE.search(text[: pair.start()])]
    if not pairs:
        return None
    pair = pairs[-1 if last else 0]
    if re.search(r"\d", text[pair.end() :] if last else text[: pair.start()]):
        return None
    if (time := clock_time(text[pair.start() :], question)) is not None:
        return time
    first = Fraction(pair["first"] or pair["low"])
    second = Fraction(pair["second"] or pair["high"])
    if second and (pair["sign"] or (pair["word"] and _PROPORTION.search(question.text))):
        return to_answer(Numeral(first / second, fraction=True), question)
    return Answer(f"{number_text(first)}-{number_text(second)}", "number")


def _of_phrase(span: str, question: Question) -> Answer | None:
    """What stands behind "the answer is"; None where that holds nothing of the kind."""
    numeral = span_numeral(span)
    if numeral is not None:
        return to_answer(numeral, question)
    sentence = spans.sentence(span)
    if (listed := _of_list(sentence)) is not None:
        return listed
    sentence = right_side(sentence)
    if named := no_value(re.split(r"\d", sentence, maxsplit=1)[0][:60]):
        return Answer(named, "number")
    if (pair := _of_pair(sentence, question, last=False)) is not None:
        return pair
    if (computed := _computed(sentence, question, last=False)) is not None:
        return computed
    numeral = first_numeral(span)
    return None if numeral is None else to_answer(numeral, question)


def _of_list(sentence: str) -> Answer | None:
    """Several values that answer together: ``3, 4 and 5``, ``(2, 3)``, ``x = 1 or x = 3``."""
    if not _LISTED.search(sentence) or _LONG_WORD.search(_JOINS.sub("", sentence)):
        return None
    reading = read_expression(sentence.strip("* ."))
    if reading is None or reading.scalar:
        return None
    return Answer(without_layout(sentence), "number", reading)


def _of_last_line(text: str, question: Question) -> Answer | None:
    """The last number of the last line, or of the text, that is not merely asked about."""
    lines = spans.lines(text)
    line = lines[-1] if lines else ""
    if not re.search(r"\d", line) and (named := no_value(line)):
        return Answer(named, "number")
    if (computed := _computed(right_side(line[-400:]), question, last=True)) is not None:
        return computed
    if len(line) <= 300 and "=" not in line:
        if (pair := _of_pair(line, question, last=True)) is not None:
            return pair
        if (told := _asked_for(line, question)) is not None:
            return to_answer(told, question)
    last = last_numeral(line) or last_numeral(text)
    return None if last is None else to_answer(last, question)


def _computed(sentence: str, question: Question, *, last: bool) -> Answer | None:
    """The first or last number of a sentence, where it stands under a root, with a power or π."""
    if not _COMPUTED.search(sentence):
        return None
    runs = [match.group() for match in _RUN.finditer(western(sentence))]
    runs = [run for run in runs if re.search(r"[\dπe]|\\pi", run)]
    if not runs:
        return None
    run = runs[-1 if last else 0].strip(" .,*^")
    while run.endswith(")") and run.count("(") < run.count(")"):
        run = run[:-1].rstrip(" .,")
    if not _COMPUTED.search(run):
        return None
    return _of_expression(run, question) or _of_text(run)


def _asked_for(line: str, question: Question) -> Numeral | None:
    """The one number of a sentence that answers, where others only repeat the question.

    "He covers 12 miles in 2 hours." answers how many miles by 12 and how many hours by 2.
    """
    text = rational_text(line)
    found = found_numerals(text)
    if len(found) < 2:
        return None
    part, whole = found[-2:]
    if _PART_OF.search(text[part.end : whole.start]):
        return part.numeral
    counted = _COUNTED.search(question.text)
    if counted is not None:
        word = counted[1].lower().rstrip("s")
        named = [one for one in found if text[one.end :].lstrip(" -").lower().startswith(word)]
        named = named or [one for one in found if _names(one, counted[1])]
        if len(named) == 1:
            return named[0].numeral
    asked = {numeral.value for numeral in numerals(question.text)} if question.text else set()
    unknown = [one for one in found if one.numeral.value not in asked]
    if asked and len(unknown) == 1:
        return unknown[0].numeral
    between = text[found[-2].end : found[-1].start]
    return found[-2].numeral if _MEASURED.search(between) else None


def _names(found: Found, word: str) -> bool:
    unit = found.numeral.unit
    return (
        unit != NO_UNIT
        and (asked := whole_numeral(f"1 {word}")) is not None
        and (asked.unit.measure is not None and asked.unit == unit)
    )


def right_side(span: str) -> str:
    """What stands after the last equals or approximation sign: ``x = 5`` answers 5."""
    if "=" in span or "≈" in span or "\\approx" in span:
        span = _EQUALS.split(span)[-1]
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
        read = replace(numeral, value=value, percent=False)
    elif numeral.percent:
        decimals = None if numeral.decimals is None else numeral.decimals + 2
        read = replace(numeral, value=numeral.value / 100, decimals=decimals)
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
    if isinstance(answer.value, Reading):
        return None
    found = whole_numeral(answer.text)
    return to_answer(found, NO_QUESTION).value if found else None


def key(answer: Answer) -> Hashable:
    """The exact value and its unit; the text itself when it is no rational number."""
    numeral = numeral_of(answer)
    if numeral is None:
        return answer.text
    value = numeral.value
    exact = value.numerator if value.denominator == 1 else (value.numerator, value.denominator)
    return exact if numeral.unit == NO_UNIT else (exact, numeral.unit)


def same(a: Answer, b: Answer) -> bool:
    """Whether units agree and the values are equal, or one is the other, rounded."""
    first, second = numeral_of(a), numeral_of(b)
    if first is not None and second is not None:
        return first.unit.agrees(second.unit) and (
            first.value == second.value or rounds_to(first, second) or rounds_to(second, first)
        )
    readings = [
        answer.value if isinstance(answer.value, Reading) else Reading(("number", numeral))
        for answer, numeral in ((a, first), (b, second))
        if numeral is not None or isinstance(answer.value, Reading)
    ]
    return len(readings) == 2 and same_reading(*readings)


NUMBER = Kind(extract=extract, key=key, same=same)
