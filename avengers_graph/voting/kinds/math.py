"""Mathematics: numbers, expressions, equations, sets, tuples, intervals, matrices.

Numbers follow the rules of the ``number`` kind. Everything else is read by
``voting.mathematics`` and compared by value. What that reader does not know, words, codes and
logic among it, compares by its letters, in order.
"""

import re
from collections.abc import Hashable
from functools import lru_cache

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.kinds.number import (
    clock_time,
    first_numeral,
    number_text,
    right_side,
    to_answer,
)
from avengers_graph.voting.mathematics import Reading, read_expression, same_reading
from avengers_graph.voting.mathematics.compare import literal
from avengers_graph.voting.mathematics.latex import (
    DRESSED,
    displayed,
    plain_signs,
    undisplayed,
    without_layout,
)
from avengers_graph.voting.mathematics.tokens import is_product
from avengers_graph.voting.numbers.decimal_marks import point_decimals
from avengers_graph.voting.numbers.numerals import Numeral, last_numeral, plain, whole_numeral
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.no_value import no_value
from avengers_graph.voting.texts.question import NO_QUESTION, Question

MAX_LENGTH = 600
"""A longer box is no answer."""

_OWN_MEANING = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])|!$|,(?!\s?\d{3}(?!\d))|[<>=]")
"""What makes a number with something after it an expression: a symbol, a factorial, a list."""
_COMMAND = re.compile(r"\\(?:[a-zA-Z]+|[,;:! ])")
_LETTERS = re.compile(r"(?=.*[^\W\d_])[^\W\d_]+(?:[ .'’-]+[^\W\d_]+)*\.?")
_PROSE = re.compile(
    r"(?<![\\A-Za-z])(?!(?:sqrt|text|frac|infinity)\b)(?:[A-Za-z]{4,}"
    r"|(?:so|it|is|the|to|of|we|get|are|has|for|in|by|as|an|at|be|if|no|yes|not|you|can|its)\b)",
    re.IGNORECASE,
)
_MATHEMATICAL = re.compile(r"[-+*/^=<>(){}\[\]\\|!]|\d")
_TRAILING_REMARK = re.compile(
    r"(?:[,;]|(?<!\s))\s++(?:where|with|for all|for any|when|if|which|because)\b.*", re.DOTALL
)
_VERB = re.compile(
    r"\b(?:is|are|be|was|were|equals?|becomes?|gives?)\b(?: (?:equal to|thus|then))?:?"
)
_SYMBOL = re.compile(r"\\?[a-zA-Z]+(?:_\{?\w+\}?)?(?:\s?\([a-z]\))?")
_SEVERAL = re.compile(
    r"(?<![\w\\])[A-Za-z](?:_\{?\w\}?)?\s?=\s?[^,;=]{1,40}?"
    r"(?:\s?(?:,|;|\band\b|\bor\b|,\s?(?:and|or)\b)\s?[A-Za-z](?:_\{?\w\}?)?\s?=\s?[^,;=]{1,40}?)+"
    r"(?=[.!]?\s*$)"
)
"""``x = 1 and x = 3``: no sign among them is the last word."""
_DOLLARS = re.compile(r"\$|\\[()]")
_DEFINED = re.compile(r"(?:P|Pr|E|Var|f|g|h|[A-Z])\s?(?:\\left)?\([^()=]{1,60}\)\s?=(?!=)\s?(.+)")
"""A function of what is not read, and what it is: ``P(A \\cap B) = 1/3``."""


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The last box, else the answer phrase, else the last displayed formula or number."""
    text = point_decimals(text, question.text)
    for content in spans.boxed(text):
        return read(content, question)
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
    line = lines[-1] if lines else ""
    if answer := _of_sentence(line[-400:], question):
        return answer
    if not re.search(r"\d", line) and (named := no_value(line)):
        return _of_letters(named)
    for content in (*displayed(line), *displayed(text)):
        if answer := read(right_side(content), question, formula=True):
            return answer
    if line and (answer := _of_line(right_side(line), question)):
        return answer
    last = last_numeral(line) or last_numeral(text)
    return _of_numeral(to_answer(last, question)) if last else None


def _of_several(sentence: str, question: Question) -> Answer | None:
    """All of several values that a sentence gives: ``x = 1 and x = 3``."""
    found = _SEVERAL.search(_DOLLARS.sub("", sentence[-300:]))
    return read(found.group(), question, formula=True) if found else None


def _of_phrase(span: str, question: Question) -> Answer | None:
    """What stands behind "the answer is": behind the verb, where its sentence has one."""
    sentence = _TRAILING_REMARK.sub("", spans.sentence(span))
    if answer := _of_line(sentence, question) or _of_sentence(sentence, question):
        return answer
    for content in displayed(span):
        if not _is_lone(content, span) and (answer := read(content, question, formula=True)):
            return answer
    if named := no_value(re.split(r"\d", sentence, maxsplit=1)[0][:60]):
        return _of_letters(named)
    numeral = first_numeral(span)
    return _of_numeral(to_answer(numeral, question)) if numeral else None


def _of_sentence(sentence: str, question: Question) -> Answer | None:
    """What a sentence says behind its verb or its equals sign: "the value of $x$ is 7"."""
    if answer := _of_several(sentence, question):
        return answer
    said = _VERB.split(sentence)[-1]
    undisplayed = _DOLLARS.sub("", said)
    for part in (said, right_side(undisplayed)) if said != sentence or "=" in undisplayed else ():
        if answer := _of_line(part.strip(" :"), question):
            return answer
    for content in displayed(said):
        if not _is_lone(content, said) and (answer := read(content, question, formula=True)):
            return answer
    return None


def _is_lone(content: str, sentence: str) -> bool:
    """Whether a formula only names what a sentence gives a number for."""
    return _SYMBOL.fullmatch(content.strip()) is not None and first_numeral(sentence) is not None


def _of_line(line: str, question: Question) -> Answer | None:
    """A line that is nothing but mathematics."""
    stripped = line.strip().strip("*` ").rstrip(".,;")
    if not _MATHEMATICAL.search(stripped) and len(stripped) > 1:
        return None
    if _PROSE.search(DRESSED.sub("", stripped)):
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
    content = undisplayed(content)
    if whole := DRESSED.fullmatch(content):
        content = whole[1].strip()
    if not content or len(content) > MAX_LENGTH:
        return None
    if (time := clock_time(content, question)) is not None:
        return _of_numeral(time) if time.value else _of_letters(time.text)
    words = DRESSED.sub(r"\1", content).strip(" .")
    if _is_text(words):
        return None if formula else _of_letters(words)
    numeral = plain(content)
    if numeral is None and not _OWN_MEANING.search(_COMMAND.sub("", content)):
        numeral = whole_numeral(content)
    if numeral is not None:
        return _of_numeral(to_answer(numeral, question))
    reading = read_expression(content)
    if reading is None and (defined := _DEFINED.fullmatch(content)):
        reading = read_expression(defined[1])
    if reading is None and (numeral := whole_numeral(content)) is not None:
        return _of_numeral(to_answer(numeral, question))
    if reading is None:
        return None if formula else _of_letters(content)
    exact = reading.exact
    if exact is not None and exact.numerator.bit_length() + exact.denominator.bit_length() < 400:
        return Answer(number_text(exact), "math", reading)
    return Answer(without_layout(content), "math", reading)


def _is_text(words: str) -> bool:
    """Whether letters are words, or a code, and no symbols."""
    if len(words) < 2 or not _LETTERS.fullmatch(words) or whole_numeral(words) is not None:
        return False
    return not is_product(words) and not words.startswith(("pi", "infin"))


def _of_letters(content: str) -> Answer:
    """What is compared by its letters."""
    shown = without_layout(DRESSED.sub(r"\1", content))
    return Answer(shown, "math", Reading(("letters", _letters(content))))


def _letters(content: str) -> str:
    """A text as it is compared: signs in one spelling, words without case."""
    words = " ".join(DRESSED.sub(r"\1", content).replace("$", " ").split()).strip(" .")
    if _LETTERS.fullmatch(words):
        return no_value(words) or words.casefold()
    if "\\" not in words:
        # Between letters a space tells words apart; in LaTeX no space means anything.
        words = re.sub(r"(?<=\w) (?=\w)", "\x00", words)
    return plain_signs(words).replace(" ", "")


def _of_numeral(answer: Answer) -> Answer:
    return Answer(answer.text, "math", Reading(("number", answer.value)))


@lru_cache(maxsize=1024)
def _read_again(text: str) -> Reading | None:
    answer = read(text, NO_QUESTION)
    return answer.value if answer is not None else None


def reading_of(answer: Answer) -> Reading | None:
    """The parsed value, read from the text where the answer was built by hand."""
    return answer.value if isinstance(answer.value, Reading) else _read_again(answer.text)


def key(answer: Answer) -> Hashable:
    """The exact value of a rational with its unit, else the text without spaces."""
    reading = reading_of(answer)
    if reading is None:
        return answer.text
    if (exact := reading.exact) is not None:
        return (exact.numerator, exact.denominator, reading.unit, reading.title)
    if reading.node[0] in ("words", "letters"):
        return str(reading.node[1])
    return re.sub(r"\s+", "", answer.text)


def same(a: Answer, b: Answer) -> bool:
    """Whether the two are equal in value."""
    first, second = reading_of(a), reading_of(b)
    return first is not None and second is not None and same_reading(first, second)


def written_number(answer: Answer) -> Numeral | None:
    """The number that the answer is, as written; None for anything computed."""
    reading = reading_of(answer)
    return literal(reading.node) if reading is not None else None


MATH = Kind(extract=extract, key=key, same=same)
