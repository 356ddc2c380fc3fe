"""Yes or no, true or false, in the languages of ``LANGUAGES``.

Rules. A box or an answer phrase decides, also where it says neither. Else the opening counts, the
last word of one that corrects itself ("No, wait, yes."), and not a "no" that only belongs to a
noun ("No information is given.").
"""

import re

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.mathematics.latex import DRESSED
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.languages import LANGUAGES, joined
from avengers_graph.voting.texts.question import Question

_YES = ("yes", "yeah", "yep", "true", "correct", "right")
_NO = ("no", "nope", "false", "incorrect", "wrong")
_SAYS = dict.fromkeys(_YES, "yes") | dict.fromkeys(_NO, "no")
_ELSEWHERE = {
    word: said
    for code, row in LANGUAGES.items()
    if code != "en"
    for words, said in ((row.yes, "yes"), (row.no, "no"))
    for word in words
}
"""The words of the other languages."""
_ALONE = (
    r"(?=\W*+$|\s*+[^\w\s]|\s++(?:it|its|the|this|that|these|those|they|he|she|we|i|you|there|not|"
    r"because|since|as|but|\w++ (?:is|are|was|were|do|does|did|can|has|have)(?: not|n['’]t))\b)"
)
"""What follows a "no" that answers; before any other word it belongs to that word."""
_WORD = re.compile(rf"\b(not\s++)?({joined([*_YES, *_NO[1:]])}|no{_ALONE})\b", re.IGNORECASE)
_CORE = re.compile(rf"\b(not\s++)?(yes|no{_ALONE}|true|false)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"\W*+(?:(?:it(?:'s| is)|that(?:'s| is)|this is|the statement is)\s*+)?(not\s++)?"
    rf"(yes|yeah|yep|true|correct|nope|false|incorrect|no{_ALONE})\b(?!\s++(?:or|and)\b)",
    re.IGNORECASE,
)
"""How a text opens that answers."""
_EMPHATIC = re.compile(
    r"\W*+(?:(?P<no>(?:(?:absolutely|definitely|certainly|of course|surely|probably) not|"
    r"not at all|not really|never|i (?:do not|don['’]t) think so)(?=\W*+$|\s*+[,.!;:]))"
    r"|(?:absolutely|definitely|certainly|indeed|sure|of course|i think so)\W*+\Z)",
    re.IGNORECASE,
)
"""What answers without a yes or no; "Sure, I can help." is a courtesy and answers nothing."""
_STATED = re.compile(r"\W{0,4}[,.:;!\n]\W{0,4}\w")
"""What follows a word that opens a text and is its whole answer."""
_LEAD_ELSEWHERE = re.compile(
    rf"\W*+({joined(list(_ELSEWHERE))})(?:です|でした|입니다|요)?(?=\W|$)", re.IGNORECASE
)
_DENIED_ELSEWHERE = re.compile(r"\W*(?:nicht|no es|non è|não é|niet|не|ce n'est pas)\s+", re.I)
_CORRECTS = re.compile(
    r"\b(?:wait|actually|correction|i mean|on second thought|scratch that|no doubt|rather)\b",
    re.IGNORECASE,
)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The box or answer phrase, else how the text opens, else the one word its end leaves."""
    for content in spans.boxed(text):
        return _answer(_stated(DRESSED.sub(r"\1", content)))
    for span in spans.said(text):
        if said := _stated(spans.sentence(span)):
            return _answer(said)
    lines = spans.lines(text)
    if not lines:
        return None
    first = spans.sentence(lines[0])
    lead = _LEAD.match(lines[0])
    opening = lead or _LEAD_ELSEWHERE.match(lines[0])
    if truncated and not (opening and _STATED.match(text.lstrip(), opening.end())):
        return None
    if lead and (said := _only(first, _CORE) or _corrected(first, lead)):
        return _answer(said)
    if said := _elsewhere(lines[0]) or _elsewhere(lines[-1]):
        return _answer(said)
    if emphatic := _EMPHATIC.match(text):
        others = {_meaning(match) for match in _CORE.finditer(text[:400])}
        said = "no" if emphatic["no"] else "yes"
        return _answer(said) if others <= {said} else None
    if spans.breaks_off(text):
        return None
    for span in (*spans.bold(text), lines[-1], text):
        if said := _only(span, _CORE):
            return _answer(said)
    return None


def _stated(span: str) -> str | None:
    """What a span says that states the answer and nothing else."""
    return _elsewhere(span) or _only(span, _WORD)


def _elsewhere(span: str) -> str | None:
    """What a span opens with in another language than English."""
    denied = _DENIED_ELSEWHERE.match(span)
    match = _LEAD_ELSEWHERE.match(span, denied.end() if denied else 0)
    if match is None:
        match = _LAST_ELSEWHERE.search(span)
        denied = match if match is not None and match[1] else None
    if match is None:
        return None
    said = _ELSEWHERE[match[match.lastindex or 1].lower()]
    return said if not denied else _opposite(said)


_STATEMENTS = ("wahr", "falsch", "richtig", "vrai", "faux", "verdadero", "verdadera", "falso",
               "falsa", "vero", "vera", "verdadeiro", "verdadeira", "waar", "onwaar", "верно",
               "неверно")  # fmt: skip
_LAST_ELSEWHERE = re.compile(
    rf"\b(nicht |no es |non è |não é |niet |не )?({joined(_STATEMENTS)})\W*$", re.IGNORECASE
)
"""The last word of "Die Aussage ist wahr."."""


def _meaning(match: re.Match[str]) -> str:
    said = _SAYS[match[2].lower()]
    return said if not match[1] else _opposite(said)


def _opposite(said: str) -> str:
    return "no" if said == "yes" else "yes"


def _corrected(sentence: str, lead: re.Match[str]) -> str:
    """What a sentence that says both comes to: its end where it corrects itself, else its lead."""
    named = [_meaning(match) for match in _CORE.finditer(sentence)]
    return named[-1] if named and _CORRECTS.search(sentence) else _meaning(lead)


def _only(span: str, pattern: re.Pattern[str]) -> str | None:
    """What the span says, unless it says both."""
    said = {_meaning(match) for match in pattern.finditer(span)}
    return said.pop() if len(said) == 1 else None


def _answer(said: str | None) -> Answer | None:
    return None if said is None else Answer(said, "yes_no", said)


def key(answer: Answer) -> str:
    """``yes`` or ``no``."""
    return _SAYS.get(answer.text.strip().lower(), answer.text)


YES_NO = Kind(extract=extract, key=key)
