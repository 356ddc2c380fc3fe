"""Mathematics: numbers, expressions, equations, sets, tuples, intervals, matrices.

Numbers follow the rules of the ``number`` kind. Everything else is read by
``voting.mathematics`` and compared by value; what that reader does not know compares by
its normalised text.
"""

import re
from collections.abc import Hashable

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.kinds.number import first_numeral, number_text, right_side, to_answer
from avengers_graph.voting.latex import DRESSED, displayed, without_layout
from avengers_graph.voting.mathematics import Reading, read_expression, same_reading
from avengers_graph.voting.mathematics.compare import literal
from avengers_graph.voting.normal import normal_text
from avengers_graph.voting.numerals import Numeral, last_numeral, plain, whole_numeral
from avengers_graph.voting.question import Question

_OWN_MEANING = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])|!$|,(?!\d{3}(?!\d))")
"""What makes a number with something after it an expression: a symbol, a factorial, a list."""
_WORDS = re.compile(r"(?=.*[^\W\d_]{3})[^\W\d_]+(?:[ '-][^\W\d_]+)*\.?")
_PROSE = re.compile(
    r"(?<![\\A-Za-z])(?!(?:sqrt|text|frac|infinity)\b)(?:[A-Za-z]{4,}"
    r"|(?:so|it|is|the|to|of|we|get|are|has|for|in|by|as|an|at|be|if|no|yes|not|you|can|its)\b)",
    re.IGNORECASE,
)
_MATHEMATICAL = re.compile(r"[-+*/^=<>(){}\[\]\\|!]|\d")
_TRAILING_REMARK = re.compile(
    r"(?:[,;]|(?<!\s))\s++(?:where|with|for all|for any|when|if|which|because)\b.*", re.DOTALL
)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The last box, else the answer phrase, else the last displayed formula or number."""
    for content in spans.boxed(text):
        if answer := read(content, question):
            return answer
    for span in spans.said(text):
        if answer := _of_phrase(span, question):
            return answer
    if truncated:
        return None
    whole = text.strip()
    if len(whole) <= 200 and "\n" not in whole and (answer := _of_line(whole, question)):
        return answer
    for span in spans.bold(text):
        if _MATHEMATICAL.search(span) and (answer := _of_line(span, question)):
            return answer
    lines = spans.lines(text)
    for content in (*displayed(lines[-1] if lines else ""), *displayed(text)):
        if answer := read(right_side(content), question, formula=True):
            return answer
    if lines and (answer := _of_line(right_side(lines[-1]), question)):
        return answer
    last = (last_numeral(lines[-1]) if lines else None) or last_numeral(text)
    return _of_numeral(to_answer(last, question)) if last else None


def _of_phrase(span: str, question: Question) -> Answer | None:
    """What stands behind "the answer is": a formula in it, else the whole sentence."""
    sentence = _TRAILING_REMARK.sub("", spans.sentence(span))
    if answer := _of_line(sentence, question):
        return answer
    for content in displayed(span):
        if answer := read(content, question, formula=True):
            return answer
    numeral = first_numeral(span)
    return _of_numeral(to_answer(numeral, question)) if numeral else None


def _of_line(line: str, question: Question) -> Answer | None:
    """A line that is nothing but mathematics."""
    stripped = line.strip().strip("*` ").rstrip(".,;")
    if not _MATHEMATICAL.search(stripped) and len(stripped) > 1:
        return None
    if _PROSE.search(stripped):
        numeral = whole_numeral(stripped)
        return _of_numeral(to_answer(numeral, question)) if numeral else None
    return read(stripped, question, formula=True)


def read(content: str, question: Question, *, formula: bool = False) -> Answer | None:
    """One expression as an answer.

    Args:
        content: the expression, without its box.
        question: supplies the unit that numbers are wanted in.
        formula: refuse what cannot be parsed, instead of comparing it by its text.
    """
    content = content.strip().strip("$").strip()
    if not content:
        return None
    words = DRESSED.sub(r"\1", content).strip()
    if _WORDS.fullmatch(words) and whole_numeral(words) is None:
        return None if formula else Answer(normal_text(words), "math", None)
    numeral = plain(content)
    if numeral is None and not _OWN_MEANING.search(re.sub(r"\\[a-zA-Z]+", "", content)):
        numeral = whole_numeral(content)
    if numeral is not None:
        return _of_numeral(to_answer(numeral, question))
    reading = read_expression(content)
    if reading is None:
        if formula or len(content) > 600:
            return None
        return Answer(without_layout(content), "math", None)
    exact = reading.exact
    if exact is not None and exact.numerator.bit_length() + exact.denominator.bit_length() < 400:
        return Answer(number_text(exact), "math", reading)
    return Answer(without_layout(content), "math", reading)


def _of_numeral(answer: Answer) -> Answer:
    return Answer(answer.text, "math", Reading(("number", answer.value)))


def reading_of(answer: Answer) -> Reading | None:
    """The parsed value, read from the text where the answer was built by hand."""
    return answer.value if isinstance(answer.value, Reading) else read_expression(answer.text)


def key(answer: Answer) -> Hashable:
    """The exact value of a rational, else the text without spaces."""
    reading = reading_of(answer)
    if reading is not None and (exact := reading.exact) is not None:
        return (exact.numerator, exact.denominator)
    return re.sub(r"\s+", "", answer.text)


def same(a: Answer, b: Answer) -> bool:
    """Whether the two are equal in value."""
    first, second = reading_of(a), reading_of(b)
    if first is not None and second is not None:
        return same_reading(first, second)
    return first is second and normal_text(a.text) == normal_text(b.text) != ""


def written_number(answer: Answer) -> Numeral | None:
    """The number that the answer is, as written; None for anything computed."""
    reading = reading_of(answer)
    return literal(reading.node) if reading is not None else None


MATH = Kind(extract=extract, key=key, same=same)
