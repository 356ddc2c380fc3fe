"""What a question tells about its answer: options, labels, format asked for, kind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from avengers_graph.voting.tools import Tool, read_tools

_QUESTION_WINDOW = 8_000
"""Characters read at each end of a question; instructions stand at one of them."""

_MARKER = r"[(\[]?\*{0,2}([A-Z])\*{0,2}\s?[).:、．\]](?![A-Za-z]\.)\*{0,2}\s?"
_LINE_OPTION = re.compile(rf"^[ \t]{{0,8}}(?:[-*•]\s)?{_MARKER}", re.MULTILINE)
_INLINE_OPTION = re.compile(rf"(?:(?<=^)|(?<=[\s#;,|(\[*])){_MARKER}", re.MULTILINE)
_LOWER_OPTION = re.compile(r"^[ \t]{0,8}[(\[]?([a-z])[).\]][ \t]+", re.MULTILINE)
_OPTIONS_END = re.compile(
    r"\n\s*\n|\n\s*#{2,}|\n\s*(?:answer|print only|please|provide|give|choose|select|reply|"
    r"respond)\b|\n[^\n]{0,80}\bonly\b[^\n]{0,40}\bletter\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question, read once per vote."""

    text: str
    options: tuple[tuple[str, str], ...] = ()
    """(letter, option text) in the order they stand; empty without lettered options."""
    labels: tuple[str, ...] = ()
    """The closed list the answer must come from; empty when none is given."""
    asks_percent: bool = False
    """The answer is wanted in percent, so that 50 and 50% are the same."""
    kind: str | None = None
    """What ``infer_kind`` says."""
    tools: tuple[Tool, ...] = ()
    """The tools offered with it; empty when none are known."""

    @property
    def letters(self) -> str:
        """The option letters in order, empty when there are no lettered options."""
        return "".join(letter for letter, _ in self.options)


NO_QUESTION = Question("")


def read_question(
    question: str | None,
    *,
    labels: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
) -> Question:
    """Analyse a question; the result is cached. ``labels`` overrides a list found in it."""
    read = _read(question, tuple(labels)) if question or labels else NO_QUESTION
    return replace(read, tools=read_tools(tools)) if tools else read


@lru_cache(maxsize=512)
def _read(question: str | None, labels: tuple[str, ...]) -> Question:
    text = (question or "").strip()
    if len(text) > 2 * _QUESTION_WINDOW:
        text = text[:_QUESTION_WINDOW] + "\n" + text[-_QUESTION_WINDOW:]
    options = find_options(text)
    found = labels or find_labels(text)
    return Question(
        text=text,
        options=options,
        labels=found,
        asks_percent=_ASKS_PERCENT.search(text) is not None,
        kind=_kind_of(text, options, found),
    )


def infer_kind(question: str, *, labels: Sequence[str] = ()) -> str | None:
    """The answer kind that the question alone calls for; None when only samples can tell.

    Args:
        labels: the closed list it is to be answered from, where there is one.
    """
    return read_question(question, labels=labels).kind


def find_options(text: str) -> tuple[tuple[str, str], ...]:
    """Lettered options, A onwards without a gap, at least two.

    Options on lines of their own come before options in a row; the longest list counts, and
    of equally long ones the last.
    """
    for pattern in (_LINE_OPTION, _INLINE_OPTION, _LOWER_OPTION):
        best: list[re.Match[str]] = []
        run: list[re.Match[str]] = []
        for match in pattern.finditer(text):
            letter = match[1].upper()
            if letter == "A":
                run = [match]
            elif run and ord(letter) == ord(run[-1][1].upper()) + 1:
                run.append(match)
            if len(run) >= max(2, len(best)):
                best = list(run)
        if best:
            return tuple(_option_texts(text, best))
    return ()


def _option_texts(text: str, markers: list[re.Match[str]]) -> list[tuple[str, str]]:
    ends = [marker.start() for marker in markers[1:]]
    last = _OPTIONS_END.search(text, markers[-1].end())
    end = last.start() if last else len(text)
    if "\n" not in text[markers[0].start() : markers[-1].start()].strip():
        # Options in a row: the list ends with its line.
        newline = text.find("\n", markers[-1].end())
        end = end if newline < 0 else min(end, newline)
    ends.append(end)
    return [
        (marker[1].upper(), text[marker.end() : end].strip().strip("#;,|").strip()[:400])
        for marker, end in zip(markers, ends, strict=True)
    ]


_LABEL_LIST = re.compile(
    r"(?:\b(?:answer|reply|respond|classif\w*|label\w*|choose|select|pick)\b[^\n.?!:]{0,80}?"
    r"\b(?:one of|from|between|among|either|as)\b(?:\s++(?:the following|these|exactly)\b)?"
    r"(?:\s++(?:labels?|emotions?|words?|categor(?:y|ies)|options?|classes|choices|"
    r"sentiments?|answers?)\b)?"
    r"|\b(?:labels|categories|options|classes|choices|emotions|sentiments)\b(?=\s{0,3}[:：(\[])"
    r"|\b(?:choose|select|pick|classify)\b[^\n.?!:]{0,60}(?=:))"
    r"\s{0,3}[:：]?\s{0,3}"
    r"[(\[{]?(?P<list>[^\n.?!:)\]}]{3,400})",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r",\s*+(?:(?:or|and)\s++)?+|[;|/]\s*+|(?<!\s)\s++(?:or|and)\s++", re.IGNORECASE
)
"""Between two labels; spaces before a comma stay with the label, which is stripped."""
_SLASHED = re.compile(r"\(\s?([A-Za-z][\w-]{1,20}(?:\s?/\s?[A-Za-z][\w-]{1,20}){1,20})\s?\)")
"""``(positive/negative)`` behind a question."""


def find_labels(text: str) -> tuple[str, ...]:
    """A closed list such as "Answer with one of: joy, anger or fear."; else empty."""
    for match in reversed(list(_LABEL_LIST.finditer(text))):
        items = [item.strip().strip("\"'`*“”‘’ ") for item in _SEPARATOR.split(match["list"])]
        items = [item for item in items if item]
        short = all(len(item) <= 40 and len(item.split()) <= 4 for item in items)
        if len(items) >= 2 and short and len(set(map(str.lower, items))) == len(items):
            return tuple(items)
    slashed = _SLASHED.search(text, max(0, len(text) - 200))
    return tuple(item.strip() for item in slashed[1].split("/")) if slashed else ()


_ASKS_PERCENT = re.compile(
    r"\b(?:what|which|how (?:much|many)|as an?|in|express\w*|find the|calculate the|compute the)\b"
    r"[^.?!\n]{0,40}?(?:\bpercent|%\s*+\?)",
    re.IGNORECASE,
)
_BRACKETS = re.compile(
    r"\bdouble (?:square )?brackets"
    r"|\b(?:answers?|format|form|output|wrap\w*|enclos\w*|like this|as follows|present|"
    r"provide|give)\b"
    r"[^\n]{0,120}\n?[^\n]{0,20}\[\[",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:write|implement|complete|create|define|provide|give|fix|return|generate)\b[^.?!\n]{0,60}"
    r"\b(?:function|program|script|class|method|code|regex|sql query|subroutine)\b"
    r"|^[^\S\n]*+(?:def|class)\s++\w[^\n]*:[^\S\n]*+$|```python[^\S\n]*+\n\s*+def ",
    re.IGNORECASE | re.MULTILINE,
)
_CODE_OUTPUT = re.compile(
    r"\bwhat (?:does|will|would|is|are|gets?)\b[^?\n]{0,120}"
    r"\b(?:print|output|return|evaluate|value|result)",
    re.IGNORECASE,
)
_JSON = re.compile(
    r"\b(?:as|in|into|with|return|output|valid|a|only)\s++(?:an?\s++|the\s++)?(?:valid\s++)?json\b"
    r"|\bjson (?:object|format|array|schema)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\b(?:yes or no|yes/no|answer (?:with )?(?:only )?[\"']?yes|true or false|"
    r"true/false(?! questions?)|"
    r"\(yes,? no\)|reply (?:with )?[\"']?yes|correct or incorrect)\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|might|must|"
    r"isn't|aren't|doesn't|don't|didn't|won't)\b[^?\n]*\?$",
    re.IGNORECASE,
)
_QUANTITY = (
    r"(?:number|total|sum|product|average|mean|median|price|cost|amount|distance|area|volume|"
    r"perimeter|age|speed|profit|difference|quotient|remainder|percentage|percent|probability|"
    r"ratio|length|width|height|weight|circumference|salary|depth|value|count|time|pension|"
    r"population|share|balance|temperature|duration|rate)s?"
)
_NUMBER = re.compile(
    r"\bhow (?:many|much|old|far|long|tall|heavy|deep|wide|fast|big|large|often)\b"
    r"|\bwhat(?:'s| is| was| are| were| will| would)(?: be)? (?:the|his|her|their|its|[\w’']+s)"
    rf" (?:[\w'’]+ ){{0,4}}?{_QUANTITY}\b"
    rf"|\b(?:calculate|compute|determine|find|work out)\b[^.?!\n]{{0,50}}?\b{_QUANTITY}\b"
    r"|\b(?:give|answer with|respond with|reply with|provide|output)\b[^.?!\n]{0,30}"
    r"\b(?:a|the|one|only)? ?(?:single |whole |final )?(?:number|integer|digits?)\b"
    r"|\bwhat(?:'s| is) [\d.,]+ ?(?:%|percent) of\b|\bconvert [\d.,]+\b"
    r"|\b(?:what|which) (?:percent|percentage|fraction|number)\b|\bin which year\b|\bwhat year\b",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(
    r"(?:what is|what's|compute|calculate|evaluate|find|work out|solve)?[:\s]*+"
    r"[-(]?\d[\d\s,.()]*+(?:[-+*/×÷^%−]|\\times|\\div|plus|minus|times|divided by|to the power of)"
    r"[\d\s,.()+*/×÷^%−-]*+[= ?.]*+(?:answer with .*)?",
    re.IGNORECASE,
)
_MATH = re.compile(
    r"\\(?:frac|sqrt|int|sum|begin|cdot|times|pi|theta|left|log|sin|cos|infty|binom|mathbb)\b"
    r"|(?<!\d)\$(?!\s|\d[\d,.]*[\s/])[^$\n]{1,200}(?<!\s)\$(?!\d)|\\\(|\\\[|\\boxed"
    r"|\b(?:simplify|factor(?:i[sz]e)?|solve for|expand|differentiate|integrate|"
    r"derivative of|integral of|solve the (?:equation|inequality|system)|in simplest form|"
    r"solve [^.?!\n]{0,40}=|in terms of [a-z]\b|roots? of|value of [a-z]\b|expression for)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:what|which|on what|on which)\b[^.?!\n]{0,20}\bdate\b|\bYYYY\b|\bexact date\b"
    r"|\bwhat day and month\b|\bformat:? ?(?:dd|mm|yyyy)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"^\s*(?:when (?:was|is|did|were)|on what day)\b", re.IGNORECASE)
_LIST = re.compile(
    r"\b(?:list|name|enumerate)\b (?:all|the|every|each|any|two|three|four|five|six|seven|"
    r"eight|nine|ten|\d{1,2})\b"
    r"|\b(?:comma[- ]separated|separated by commas?|as a (?:comma[- ]separated )?list|"
    r"sort (?:it|them|the)|"
    r"in (?:ascending|descending|alphabetical|chronological|increasing|decreasing) order)\b",
    re.IGNORECASE,
)
_FREE = re.compile(
    r"^\s*(?:explain|describe|discuss|summari[sz]e|compare|tell me|give advice|suggest|"
    r"write (?:a|an|me a|me an|two|three|a short|a brief)\b"
    r"(?!.{0,40}\b(?:function|program|script|code|query)\b)|"
    r"translate|rewrite|paraphrase|draft|compose|why\b|how (?:do|does|can|should|would|to)\b)",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"^\s*(?:who|where|what(?: is| was| are)? the (?:capital|name|opposite|plural|past tense|"
    r"synonym|abbreviation|chemical symbol|largest|smallest|currency|colou?r|language)|"
    r"which|name the|"
    r"in (?:which|what) (?:city|country))\b"
    r"|\b(?:one|single|exactly one) (?:word|letter)\b|\bshort phrase\b|\ba few words\b|"
    r"\bstands? for\?"
    r"|\b(?:just|only) the (?:word|name)\b",
    re.IGNORECASE,
)


def _kind_of(
    text: str, options: tuple[tuple[str, str], ...], labels: tuple[str, ...]
) -> str | None:
    """The first rule that holds; explicit output formats come before topics."""
    if not text:
        return "label" if labels else None
    tail = text[-400:]
    ask = _last_question(text)
    if _BRACKETS.search(text[-1200:]):
        return "bracketed"
    if _JSON.search(text):
        return "json"
    if len(options) >= 2:
        return "choice"
    if _YES_NO.search(text):
        return "yes_no"
    if labels:
        return "yes_no" if set(map(str.lower, labels)) in _YES_NO_LABELS else "label"
    if _CODE.search(text) and not _CODE_OUTPUT.search(text):
        return "code"
    if _DATE.search(text):
        return "date"
    if _ARITHMETIC.fullmatch(text.strip()):
        return "number"
    if _MATH.search(text):
        return "math"
    if _LIST.search(text):
        return "list"
    if _NUMBER.search(ask) or _NUMBER.search(tail):
        return "number"
    if _WHEN.search(ask):
        return "date"
    if _AUXILIARY.match(ask):
        return "yes_no"
    if _SHORT.search(ask) or _SHORT.search(tail):
        return "text"
    return "free_text" if _FREE.search(ask) else None


_YES_NO_LABELS = ({"yes", "no"}, {"true", "false"})


def _last_question(text: str) -> str:
    """The last sentence ending in a question mark, else the first line."""
    end = text.rfind("?")
    if end < 0:
        return text.split("\n", 1)[0].strip()
    start = max(
        (text.rfind(mark, max(0, end - 600), end) for mark in (". ", "! ", "? ", "\n")), default=-1
    )
    return text[start + 1 : end + 1].strip()
