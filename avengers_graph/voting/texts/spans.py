"""Where in a text the answer stands: tags, boxes, answer phrases, last lines.

Every search is linear in a window of bounded size, so that a text of a megabyte costs
no more than one of a few pages.
"""

import re
from collections.abc import Iterator
from itertools import islice

from avengers_graph.voting.texts.languages import LANGUAGES, joined
from avengers_graph.voting.texts.reasoning import NAMES

WINDOW = 12_000
"""Characters kept from each end of a text; answers stand near one of them."""
MAX_PHRASES = 12
"""Answer phrases tried, from the end of a text."""

_NOUNS = tuple(noun for row in LANGUAGES.values() for noun in row.answer_nouns)
_LATIN_NOUNS = joined([noun for noun in _NOUNS if noun[0] < "\u3000"])
_OTHER_NOUNS = joined([noun for noun in _NOUNS if noun[0] >= "\u3000"])
_LATIN_COPULAS = joined(
    [verb for row in LANGUAGES.values() for verb in row.copulas if verb[0] < "\u3000"]
)
_OTHER_COPULAS = joined(
    [verb for row in LANGUAGES.values() for verb in row.copulas if verb[0] >= "\u3000"]
)
_PHRASE = re.compile(
    rf"(?:(?<![^\W_])(?:{_LATIN_NOUNS})\b|{_OTHER_NOUNS})"
    r"(?:[ \t]{1,4}(?:to|for|of)[ \t]{1,4}"
    r"(?:this|the|that|your|each)(?:[ \t]{1,4}\w{1,30}){0,4}?)?"
    r"(?:[ \t](?:correct[ao]?|corrett[ao]|corret[ao]|exacte?|juste|giusta|finale?|richtig))?"
    r"[ \t]{0,4}(?:\*\*|__|\*)?[ \t]{0,4}"
    rf"(?:(?:{_LATIN_COPULAS})\b|{_OTHER_COPULAS}|[:=：]|(?<=[ \t])[-–—](?=[ \t]))"
    r"[ \t]{0,4}(?:\*\*|__|\*)?[ \t]{0,4}"
    r"(?:(?:therefore|thus|simply|then|equal to|option|choice)\b)?[ \t]{0,4}[:：]?",
    re.IGNORECASE,
)
_STEMS = tuple(noun for noun in set(_NOUNS) if not noun.startswith(tuple(set(_NOUNS) - {noun})))
"""Every noun begins with one of them."""
_ASCII_STEMS = tuple(stem for stem in _STEMS if stem.isascii())
_REPORT = re.compile(
    r"\b(?:prints?|outputs?|returns?|evaluates? to|equals|is equal to)\b(?: out)?"
    r"(?: the (?:number|value|string|text|result|word)\b)?:?",
    re.IGNORECASE,
)
_REPORTS = ("print", "output", "return", "evaluate", "equal")
"""Words without which ``_REPORT`` need not be tried."""
_TAG = re.compile(r"<(?:final_?)?answer>", re.IGNORECASE)
_TAG_END = re.compile(r"</(?:final_?)?answer>", re.IGNORECASE)
_HASHES = re.compile(r"^[ \t]*#{4}[ \t]*(?!#)(\S[^\n]*)$", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$", re.MULTILINE)

_MARK = re.compile(r"[.!?;](?=\s|$)|[。！？；]")
_CLOSING = ("_", ")", "]", "}", "%", "'", '"', "*", "$", "”", "’")
"""What a sentence may end in before its mark, beside letters and digits."""
_LAST_WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*$")
_TITLE_WORDS = (
    "dr mr mrs ms mx prof st sta sto ste mt ft gen col lt capt sgt maj cmdr adm gov sen rep rev "
    "hon pres fr hr sra dña mme mlle messrs drs"
)
_TITLES = frozenset(_TITLE_WORDS.split())
"""Abbreviations that a name follows: their point never ends a sentence."""
_ABBREVIATION_WORDS = (
    "jr sr vs etc al approx ca cf inc ltd co corp bros univ dept vol fig eq sec ch pp op ave "
    "blvd rd est min max jan feb mar apr jun jul aug sep sept oct nov dec bzw nr usw art no"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_WORDS.split())
"""Abbreviations that may end a sentence: they do where a word follows that opens one."""
_OPENER_WORDS = (
    "it this that these those the he she they we you i so because since as thus therefore hence "
    "however but and note here there also if in on at for explanation although while let my our "
    "his her its answer final first then to by with when which what a an"
)
_OPENERS = frozenset(_OPENER_WORDS.split())
_NEXT_WORD = re.compile(r"\s*[\"'“(*]*([^\W_]+)")
_QUOTED = re.compile(r"(?P<open>[\"“`«])(?P<said>[^\"”`»\n]{1,200})[\"”`»](?P<rest>.*)", re.DOTALL)
_REASON = re.compile(r"\s*,?\s*(?:because|since|as|which|where|who)\b")

_QUESTION_NOUNS = tuple(noun for row in LANGUAGES.values() for noun in row.question_nouns)
_QUESTION_HEAD = re.compile(
    rf"(?:^|(?<=[.!?。])[ \t]{{1,4}})[#*\[ \t]{{0,6}}(?:{joined(_QUESTION_NOUNS)})"
    r"[ \t]{0,2}(?:[#№]?\d{1,3})?[ \t]{0,2}[*\]]{0,3}$",
    re.IGNORECASE,
)
"""What stands before the colon of a next question, at the beginning of a line or a sentence."""
_COLON = re.compile("[:：]")
_NUMBERING = " \t*]#№0123456789"
_HEAD = 24
"""Characters before a colon that hold a noun and its number."""
_PAIRS = (("\\[", "\\]"), ("\\(", "\\)"))
_TURN_END = re.compile(
    r"<\|(?:im_end|im_start|eot_id|endoftext|end|eom_id|user|end_of_text)\|>|</s>|<end_of_turn>"
    r"|<｜(?:end▁of▁sentence|User)｜>|\[/?INST\]"
)
_ANNOUNCES = re.compile(
    r"\b(?:let|here|sure|given|restat|first|question|will|below)|[:：]\s*$", re.I
)
_THOUGHT = rf"<(?P<name>{'|'.join(NAMES)})>"
_LATER_THOUGHT = re.compile(
    rf"(?<![`\"'\w]){_THOUGHT}(?![`\"']).*?</(?P=name)>|^{_THOUGHT.replace('name', 'open')}\s.*\Z",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
"""A reasoning block within an answer; one that never closes only at the beginning of a line."""


def clip(text: str) -> str:
    """At most ``WINDOW`` characters from the start and as many from the end."""
    if len(text) <= 2 * WINDOW:
        return text
    return text[:WINDOW] + "\n" + text[-WINDOW:]


def own_answer(text: str) -> str:
    """The text up to where the model goes on with something else, without later reasoning.

    A base model writes the next question after its answer ("Question: ...", a token that ends
    the turn). The text is cut there only where an answer stands before: a model that repeats the
    question first has not answered yet.
    """
    if "<" in text:
        text = _LATER_THOUGHT.sub("", text)
        for mark in _TURN_END.finditer(text):
            if text[: mark.start()].strip():
                text = text[: mark.start()]
                break
    for start in islice(_next_questions(text), MAX_PHRASES):
        before = text[:start].strip()
        if before and (next(stated(before), None) or _is_brief(before)):
            return text[:start]
    return text


def _next_questions(text: str) -> Iterator[int]:
    """Where a line or a sentence begins that is headed as a question."""
    for colon in islice(_COLON.finditer(text), 200):
        end = colon.start()
        # Most colons are told by the word before them; only then is its line looked at.
        if text[max(0, end - _HEAD) : end].rstrip(_NUMBERING).lower().endswith(_QUESTION_NOUNS):
            start = max(text.rfind("\n", 0, end) + 1, end - 40)
            if head := _QUESTION_HEAD.search(text[start:end]):
                yield start + head.start()


def _is_brief(text: str) -> bool:
    """Whether a text is a bare answer of one line and no announcement of something to come."""
    return len(text) <= 100 and "\n" not in text and _ANNOUNCES.search(text) is None


def breaks_off(text: str) -> bool:
    """Whether a long text just stops: in a sentence, a formula or a word in bold face."""
    text = text.rstrip()
    if len(text) <= 200:
        return False
    if any(text.count(opening) > text.count(closing) for opening, closing in _PAIRS):
        return True
    if text.count("**") % 2 or text.count("$$") % 2 or text[-1] in ":,-+=/(<>&\\^_":
        return True
    line = text[text.rfind("\n") + 1 :]
    return line.count("(") > line.count(")") or (text[-1].isalnum() and len(line.split()) > 4)


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
    """Where a text marks its answer, last one first: ``<answer>``, ``\\boxed{}``, ``\\fbox{}``.

    What stands in a box within the tag is the answer of the tag. A box that never closes is
    skipped; a tag may be left open, since servers stop at the closing one.
    """
    tagged = _tagged(text) if "<" in text else None
    if tagged is not None:
        inner = next(_boxes(tagged), None)
        yield inner if inner is not None else _without_phrase(tagged)
    yield from _boxes(text)


def _tagged(text: str) -> str | None:
    """What stands in the last ``<answer>`` of a text."""
    openings = list(islice(_TAG.finditer(text), 100))
    for opening in reversed(openings):
        closing = _TAG_END.search(text, opening.end())
        content = text[opening.end() : closing.start() if closing else None].strip()
        if content and len(content) <= 4000:
            return content
    return None


def _without_phrase(content: str) -> str:
    """The content of a tag without a repeated "The answer is"."""
    return next(phrased(content), content)


def _boxes(text: str) -> Iterator[str]:
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
    lowered = first.lower()
    match = _REPORT.search(first) if any(word in lowered for word in _REPORTS) else None
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
    for stem in _ASCII_STEMS if text.isascii() else _STEMS:
        position = lowered.rfind(stem)
        while position >= 0:
            starts.add(position)
            position = lowered.rfind(stem, 0, position)
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
    """The span up to its first sentence end.

    A decimal point, an initial ("J. K. Rowling") and the point of an abbreviation ("Dr.") are no
    end, and a semicolon is one only before a clause that begins anew.
    """
    span = span.strip()
    if (quoted := _QUOTED.match(span)) is not None:
        rest = quoted["rest"].lstrip("*_ ")
        if not rest or rest[0] in ".!?;" or _REASON.match(rest):
            return quoted["said"].strip()
    for mark in islice(_MARK.finditer(span), 40):
        if _ends_sentence(span, mark):
            return span[: mark.start()].strip()
    return span


def _ends_sentence(span: str, mark: re.Match[str]) -> bool:
    before = span[: mark.start()]
    if not before or not (before[-1].isalnum() or before[-1] in _CLOSING):
        return False
    following = _NEXT_WORD.match(span, mark.end())
    if following is None or mark.group() in "。！？；":
        return True
    word = following[1]
    initial = len(word) == 1 and span.startswith(".", following.end())
    opens = word.lower() in _OPENERS and not initial
    if mark.group() == ";":
        return opens
    if mark.group() != ".":
        return not word[0].islower() or opens
    last = _LAST_WORD.search(before)
    if last is None:
        return True
    name = last.group().lower()
    if name in _TITLES:
        return False
    if name in _ABBREVIATIONS or "." in name:
        return opens and not word.islower() and (name != "no" or not word.isdigit())
    if _is_initial(before):
        return opens and not word.islower()
    return True


def _is_initial(before: str) -> bool:
    """Whether a text ends in a single letter that stands alone, as of a name or a genus."""
    return before[-1].isalpha() and (len(before) == 1 or not (before[-2].isalnum()))
