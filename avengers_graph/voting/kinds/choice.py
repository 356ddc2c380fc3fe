"""Multiple choice: a letter, however it is said, or the option's own text."""

import re

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.latex import DRESSED
from avengers_graph.voting.normal import normal_words
from avengers_graph.voting.question import Question

_BARE = re.compile(r"\W{0,12}(?:option|choice|answer)?\W{0,12}([A-Za-z])\W{0,12}", re.IGNORECASE)
_LED = re.compile(
    r"[\s*_(\[{\"'`$\\]{0,8}(?:option|choice|letter|answer)?[\s*_(\[{\"'`$:]{0,8}([A-Z])(?P<end>[)\]}.:,;*_\"'`$]|\s|$)(?P<rest>.*)",
    re.DOTALL,
)
_LED_LOWER = re.compile(r"[\s*_\"'`$]{0,8}[(\[]?([a-z])[)\]](?P<end>)(?P<rest>.*)", re.DOTALL)
_SAID = re.compile(
    r"\b(?:option|choice|letter|answer)\s{0,2}(?:is|:)?\s{0,2}[*(\[\"'`]{0,3}([A-Z])\b(?![a-z'’])"
    r"|[(\[]([A-Z])[)\]]|\*\*\(?([A-Z])[).:]?(?:\*\*|\s)|\b([A-Z])\s{1,3}is\s{1,3}(?:the\s{1,3})?(?:correct|right|best|true)\b"
    r"|^\s{0,4}([A-Z])[).:]?\s{0,4}$",
    re.MULTILINE,
)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The letter in the last box or answer phrase, else at an end of the text, else option text."""
    for content in spans.stated(text):
        letter = span_letter(content, question) or option_by_text(spans.sentence(content), question)
        if letter:
            return Answer(letter, "choice", letter)
    if truncated:
        return None
    lines = spans.lines(text)
    if not lines:
        return None
    for line in (lines[0], lines[-1]):
        letter = span_letter(line, question)
        if letter:
            return Answer(letter, "choice", letter)
    said = {
        letter
        for match in _SAID.finditer(text)
        if allowed(letter := next(group for group in match.groups() if group), question)
    }
    if len(said) == 1:
        letter = said.pop()
        return Answer(letter, "choice", letter)
    for part in (*spans.bold(text), lines[-1], lines[0], text):
        letter = option_by_text(part, question)
        if letter:
            return Answer(letter, "choice", letter)
    last = _last_said(text, question)
    return Answer(last, "choice", last) if last else None


def _last_said(text: str, question: Question) -> str | None:
    """The letter named last in the last paragraph, when the paragraph names but one."""
    paragraph = text.rstrip().rsplit("\n\n", 1)[-1]
    named = {
        letter
        for match in _SAID.finditer(paragraph)
        if allowed(letter := next(group for group in match.groups() if group), question)
    }
    return named.pop() if len(named) == 1 else None


def allowed(letter: str, question: Question) -> bool:
    """Whether the question has that option; any letter goes when it lists none."""
    return letter in question.letters if question.options else True


def span_letter(span: str, question: Question) -> str | None:
    """The letter a span begins with, when it stands there as a letter and not as a word."""
    span = span.strip()[:200]
    while "\\" in span and (unwrapped := DRESSED.sub(r"\1", span)) != span:
        span = unwrapped
    if match := _BARE.fullmatch(span):
        letter = match[1].upper()
        return letter if allowed(letter, question) else None
    match = _LED.match(span) or _LED_LOWER.match(span)
    if match is None:
        return None
    letter, rest = match[1].upper(), match["rest"].strip()
    if not allowed(letter, question):
        return None
    if match["end"].isspace() and rest and _is_prose(letter, rest, question):
        return None
    other = re.match(r"(?:or|and|/|&|,)\s*\(?\[?([A-Z])\b", rest)
    if other and other[1] != letter and allowed(other[1], question):
        return None
    return letter


def _is_prose(letter: str, rest: str, question: Question) -> bool:
    """Whether ``A`` or ``I`` before a word is the English word."""
    if letter not in "AI":
        return False
    own = dict(question.options).get(letter)
    if own and normal_words(rest)[:3] == normal_words(own)[:3]:
        return False
    return re.match(r"(?:because|since|as|is the|is correct|-|–|—|:)", rest) is None


def option_by_text(span: str, question: Question) -> str | None:
    """The one option whose text the span is, or contains; None when none or several do."""
    if not question.options:
        return None
    said = normal_words(span)
    padded = f" {' '.join(said)} "
    contained: list[tuple[int, str, str]] = []
    for letter, option in question.options:
        words = normal_words(option)
        if not words:
            continue
        if words == said:
            return letter
        joined = f" {' '.join(words)} "
        if joined in padded:
            contained.append((len(joined), letter, joined))
    if not contained:
        return None
    contained.sort(reverse=True)
    longest = contained[0]
    # An option inside a longer one that was said ("red" in "dark red") was not said itself.
    rest = padded.replace(longest[2], " ")
    return longest[1] if all(joined not in rest for _, _, joined in contained[1:]) else None


def key(answer: Answer) -> str:
    """The letter, upper case."""
    return answer.text.upper()


CHOICE = Kind(extract=extract, key=key)
