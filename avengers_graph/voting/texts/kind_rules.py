"""The kind of answer that a question calls for: a list of rules, the first that holds."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from avengers_graph.voting.texts.languages import LANGUAGES, joined

_BRACKETS = re.compile(
    r"\bdouble (?:square )?brackets"
    r"|\b(?:answers?|format|form|output|wrap\w*|enclos\w*|like this|as follows|present|"
    r"provide|give)\b"
    r"[^\n]{0,120}\n?[^\n]{0,20}\[\["
    r"|\[\[[^\[\]\n]{0,40}\]\](?:[^\n]{0,40}\b(?:answer|response|format|result)|\s*$)",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:write|implement|complete|create|provide|give|fix|return|generate)\b[^.?!\n$]{0,60}"
    r"\b(?:function(?! [a-z]\(|s? \$)|program|script|class|method|code|regex|sql query|"
    r"subroutine)\b"
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
_COUNTS = re.compile(r"\bhow (?:many|much|long|far|fast|often|old)\b|\bspeed\b", re.IGNORECASE)
_OFFERS = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|which|who|what)\b",
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
    r"|\b(?:largest|smallest|greatest|least|lowest|highest|maximum|minimum|fewest)\b"
    r"[^.?!\n]{0,30}?\b(?:integer|number|value|prime|digit|multiple|factor|divisor|amount)\b"
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


_HOW_MANY = re.compile(
    joined([words for row in LANGUAGES.values() for words in row.how_many]), re.IGNORECASE
)
_WHEN_ELSEWHERE = re.compile(
    joined([words for row in LANGUAGES.values() for words in row.when]), re.IGNORECASE
)
_WHO = re.compile(
    rf"^\W*(?:{joined([words for row in LANGUAGES.values() for words in row.who])})", re.IGNORECASE
)
_ASKS_YES_NO = re.compile(r"吗[？?]|是否|^est-ce que\b|^(?:ist|sind|hat|kann|war)\b[^?]*\?$", re.I)
_INDIRECT = re.compile(
    r"^(?:(?:do|did|would) you (?:happen to )?(?:know|remember|recall)|"
    r"(?:can|could|would|will) you (?:please )?(?:tell|give) me|may i ask|i wonder|"
    r"(?:please )?tell me|i(?:['’]d| would) like to know)[,:]?\s+(?=\w)",
    re.IGNORECASE,
)
"""What a question may be wrapped in: "Do you know who ..." asks who, not whether."""
_WHETHER = re.compile(r"^(?:if|whether)\b", re.IGNORECASE)
_YES_NO_LABELS = ({"yes", "no"}, {"true", "false"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as the rules look at it."""

    text: str
    ask: str
    """The last sentence that asks, without what it is wrapped in."""
    options: bool
    labels: tuple[str, ...]
    alternatives: tuple[str, ...]

    @property
    def tail(self) -> str:
        """Its last 400 characters, where instructions stand."""
        return self.text[-400:]

    def asks_number(self) -> bool:
        """Whether a quantity is asked for."""
        return any(_NUMBER.search(part) for part in (self.ask, self.tail)) or bool(
            _HOW_MANY.search(self.ask)
        )


_RULES: tuple[tuple[str, Callable[[_Asked], object]], ...] = (
    ("bracketed", lambda q: _BRACKETS.search(q.text[-1200:])),
    ("json", lambda q: _JSON.search(q.text)),
    ("choice", lambda q: q.options),
    ("yes_no", lambda q: _YES_NO.search(q.text)),
    ("yes_no", lambda q: set(map(str.lower, q.labels)) in _YES_NO_LABELS),
    ("number", lambda q: q.labels and _COUNTS.search(q.ask)),
    ("label", lambda q: q.labels),
    ("code", lambda q: _CODE.search(q.text) and not _CODE_OUTPUT.search(q.text)),
    ("date", lambda q: _DATE.search(q.text)),
    ("number", lambda q: _ARITHMETIC.fullmatch(q.text)),
    ("math", lambda q: _MATH.search(q.text)),
    ("list", lambda q: _LIST.search(q.text)),
    ("label", lambda q: q.alternatives and _OFFERS.match(q.ask)),
    ("number", _Asked.asks_number),
    ("date", lambda q: _WHEN.search(q.ask) or _WHEN_ELSEWHERE.search(q.ask)),
    ("yes_no", lambda q: _AUXILIARY.match(q.ask) or _ASKS_YES_NO.search(q.ask)),
    ("yes_no", lambda q: _WHETHER.match(q.ask)),
    ("text", lambda q: _SHORT.search(q.ask) or _SHORT.search(q.tail) or _WHO.search(q.ask)),
    ("free_text", lambda q: _FREE.search(q.ask)),
)
"""Explicit output formats come before topics."""


def kind_of_question(
    text: str, *, options: bool, labels: tuple[str, ...], alternatives: tuple[str, ...]
) -> str | None:
    """The kind of the first rule that holds; None when only samples can tell.

    Args:
        text: the question, without blank space around it.
        options: whether it lists lettered options.
        labels: the closed list it is to be answered from.
        alternatives: what its last sentence offers to choose between.
    """
    if not text:
        return "label" if labels else None
    asked = _Asked(text, _INDIRECT.sub("", last_question(text)), options, labels, alternatives)
    return next((kind for kind, holds in _RULES if holds(asked)), None)


def last_question(text: str) -> str:
    """The last sentence ending in a question mark, else the first line."""
    end = max(text.rfind("?"), text.rfind("？"))
    if end < 0:
        return text.split("\n", 1)[0].strip()
    marks = (". ", "! ", "? ", "\n", "。", "？")
    start = max(text.rfind(mark, max(0, end - 600), end) for mark in marks)
    return text[start + 1 : end + 1].strip(" \"'“”¿")
