"""Yes or no, true or false."""

import re

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.question import Question

_SAYS = {
    "yes": "yes", "yeah": "yes", "yep": "yes", "true": "yes", "correct": "yes", "right": "yes",
    "no": "no", "nope": "no", "false": "no", "incorrect": "no", "wrong": "no",
}  # fmt: skip
_WORD = re.compile(
    r"\b(not\s++)?(yes|yeah|yep|no|nope|true|false|correct|incorrect|right|wrong)\b", re.IGNORECASE
)
_CORE = re.compile(r"\b(not\s++)?(yes|no|true|false)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"\W*+(?:(?:it(?:'s| is)|that(?:'s| is)|this is|the statement is)\s*+)?(not\s++)?"
    r"(yes|yeah|yep|no|nope|true|false|correct|incorrect)\b(?!\s++(?:or|and|one|matter|way|more|longer)\b)",
    re.IGNORECASE,
)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The box or answer phrase, else how the text opens, else the one word its end leaves."""
    for span in spans.stated(text):
        said = _only(spans.sentence(span), _WORD)
        if said:
            return _answer(said)
    if truncated:
        return None
    lines = spans.lines(text)
    if not lines:
        return None
    lead = _LEAD.match(lines[0])
    if lead and (said := _only(spans.sentence(lines[0]), _CORE) or _meaning(lead)):
        return _answer(said)
    for span in (*spans.bold(text), lines[-1], text):
        said = _only(span, _CORE)
        if said:
            return _answer(said)
    return None


def _meaning(match: re.Match[str]) -> str:
    said = _SAYS[match[2].lower()]
    return said if not match[1] else ("no" if said == "yes" else "yes")


def _only(span: str, pattern: re.Pattern[str]) -> str | None:
    """What the span says, unless it says both."""
    said = {_meaning(match) for match in pattern.finditer(span)}
    return said.pop() if len(said) == 1 else None


def _answer(said: str) -> Answer:
    return Answer(said, "yes_no", said)


def key(answer: Answer) -> str:
    """``yes`` or ``no``."""
    return _SAYS.get(answer.text.strip().lower(), answer.text)


YES_NO = Kind(extract=extract, key=key)
