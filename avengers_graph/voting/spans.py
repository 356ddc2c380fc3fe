"""Where in a text the answer stands: boxes, answer phrases, last lines.

Every search is linear in a window of bounded size, so that a text of a megabyte costs
no more than one of a few pages.
"""

import re
from collections.abc import Iterator
from itertools import islice

from avengers_graph.voting.reasoning import split_reasoning

WINDOW = 12_000
"""Characters kept from each end of a text; answers stand near one of them."""
MAX_PHRASES = 12
"""Answer phrases tried, from the end of a text."""

_PHRASE = re.compile(
    r"(?:\b(?:answers?|result|solution|choice|option|output|conclusion|respuesta|réponse|antwort|"
    r"risposta|resposta)\b|答案|答え)"
    r"(?:[ \t]{1,4}(?:to|for|of)[ \t]{1,4}"
    r"(?:this|the|that|your|each)(?:[ \t]{1,4}\w{1,30}){0,4}?)?"
    r"[ \t]{0,4}(?:\*\*|__|\*)?[ \t]{0,4}"
    r"(?:est\b|es\b|ist\b|è\b|é\b|是|为|為|は|is|are|was|(?:would|should|will|must)[ \t]be|:|=|：)"
    r"[ \t]{0,4}(?:\*\*|__|\*)?[ \t]{0,4}"
    r"(?:(?:therefore|thus|simply|then|equal to|option|choice)\b)?[ \t]{0,4}:?",
    re.IGNORECASE,
)
_PHRASE_WORDS = (
    *("answer", "result", "solution", "choice", "option", "output", "conclusion"),
    *("respuesta", "réponse", "antwort", "risposta", "resposta", "答案", "答え"),
)
_REPORT = re.compile(
    r"\b(?:prints?|outputs?|returns?|evaluates? to|equals|is equal to)\b(?: out)?"
    r"(?: the (?:number|value|string|text|result|word)\b)?:?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)")
_CLOSING = ("_", ")", "]", "}", "%", "'", '"', "*", "$")
"""What a sentence may end in before its mark, beside letters and digits."""
_HASHES = re.compile(r"^[ \t]*#{4}[ \t]*(?!#)(\S[^\n]*)$", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$", re.MULTILINE)

_REFUSAL = re.compile(
    r"^\W*(?:i(?:'|’)?m (?:really |very |so )?sorry\b|i am sorry\b|sorry,|i apologi[sz]e\b|"
    r"i (?:can(?:not|['’]t)|am (?:not able|unable)|won['’]t|will not)\b"
    r"(?: to)? (?:help|assist|answer|provide|comply|do|fulfil|engage|discuss)|"
    r"as an ai\b|i(?:'|’)m (?:unable|not able) to\b)",
    re.IGNORECASE,
)


def strip_reasoning(text: str) -> str:
    """The text without its reasoning blocks (``reasoning.py``)."""
    return split_reasoning(text)[0]


def clip(text: str) -> str:
    """At most ``WINDOW`` characters from the start and as many from the end."""
    if len(text) <= 2 * WINDOW:
        return text
    return text[:WINDOW] + "\n" + text[-WINDOW:]


def is_refusal(text: str) -> bool:
    """Whether the text opens by declining to answer."""
    return _REFUSAL.match(text[:200]) is not None


def matching_brace(text: str, start: int, *, limit: int = 4000) -> int | None:
    """Index of the brace closing the one at ``start``; None when it never closes."""
    depth = 0
    escaped = False
    for position in range(start, min(len(text), start + limit)):
        character = text[position]
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position
    return None


def boxed(text: str) -> Iterator[str]:
    """Contents of ``\\boxed{...}`` (or ``\\fbox``), last one first, unclosed ones skipped."""
    end = len(text)
    for _ in range(20):
        position = max(text.rfind("\\boxed", 0, end), text.rfind("\\fbox", 0, end))
        if position < 0:
            return
        opening = position + (6 if text.startswith("\\boxed", position) else 5)
        while opening < len(text) and text[opening] in " \t":
            opening += 1
        if opening < len(text) and text[opening] == "{":
            closing = matching_brace(text, opening)
            if closing is not None and (content := text[opening + 1 : closing].strip()):
                yield content
        elif opening < len(text) and (bare := re.match(r"[\w.+-]+", text[opening:])):
            yield bare.group()
        end = position


def stated(text: str) -> Iterator[str]:
    """Where a text states its answer outright, best first: boxes, hashes, answer phrases."""
    yield from boxed(text)
    yield from said(text)


def said(text: str) -> Iterator[str]:
    """``stated`` without the boxes."""
    yield from hashed(text)
    yield from phrased(text)


def phrased(text: str) -> Iterator[str]:
    """What follows "the answer is" and its like on the same line, last one first."""
    for match in _phrases(text):
        rest = text[match.end() : match.end() + 400].lstrip(" \t*_:")
        if rest.startswith("\n"):
            # "Answer:" on a line of its own: the answer is the next line.
            rest = rest.lstrip()
        line = rest.split("\n", 1)[0].strip()
        if line:
            yield line


def reported(text: str) -> Iterator[str]:
    """What a program is said to print or return, in the first line: "It prints 5, since ..."."""
    first = text.lstrip().split("\n", 1)[0][:400]
    match = _REPORT.search(first)
    if match is not None and (rest := first[match.end() :].strip()):
        yield rest


def _phrases(text: str) -> Iterator[re.Match[str]]:
    """Matches of ``_PHRASE``, last one first.

    Looking for the words before matching the pattern at them is many times faster than
    searching with it.
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        # A letter whose lower case is longer shifts every position after it.
        lowered = text
    starts = set()
    for word in _PHRASE_WORDS:
        position = lowered.rfind(word)
        while position >= 0:
            starts.add(position)
            position = lowered.rfind(word, 0, position)
    matched = (_PHRASE.match(text, start) for start in sorted(starts, reverse=True))
    yield from islice((match for match in matched if match is not None), MAX_PHRASES)


def hashed(text: str) -> Iterator[str]:
    """What follows ``####`` on a line, as GSM8K writes its answers; last one first."""
    if "####" in text:
        for match in list(_HASHES.finditer(text))[: -MAX_PHRASES - 1 : -1]:
            yield match.group(1).strip()


def bold(text: str) -> Iterator[str]:
    """Contents of ``**...**``, last one first."""
    if "**" in text:
        for match in list(_BOLD.finditer(text))[: -MAX_PHRASES - 1 : -1]:
            yield match.group(1).strip()


def lines(text: str) -> list[str]:
    """The non-empty lines, without code fences."""
    if "```" in text or "~~~" in text:
        text = _FENCE.sub("", text)
    return [stripped for line in text.split("\n") if (stripped := line.strip())]


def sentence(span: str) -> str:
    """The span up to its first sentence end; a decimal point or an initial is no end."""
    for mark in _SENTENCE_END.finditer(span):
        before = span[mark.start() - 1 : mark.start()]
        if before.isalnum() or before in _CLOSING:
            return span[: mark.start()].strip()
    return span.strip()
