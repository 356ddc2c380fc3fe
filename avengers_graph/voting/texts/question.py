"""What a question tells about its answer: options, labels, units, kind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from avengers_graph.voting.structured.tools import Tool, read_tools
from avengers_graph.voting.texts.kind_rules import kind_of_question, last_question

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
    asks_several: bool = False
    """More than one option may be right: the set of letters is the answer."""
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
    if "[asy]" in text:
        text = _DRAWING.sub(" ", text)
    options = find_options(text)
    listed = labels or find_labels(text)
    alternatives = () if listed or options else find_alternatives(last_question(text))
    return Question(
        text=text,
        options=options,
        labels=listed or alternatives,
        asks_percent=_ASKS_PERCENT.search(text) is not None,
        asks_several=bool(options) and _ASKS_SEVERAL.search(text) is not None,
        kind=kind_of_question(
            text, options=bool(options), labels=listed, alternatives=alternatives
        ),
    )


def infer_kind(question: str, *, labels: Sequence[str] = ()) -> str | None:
    """The answer kind that the question alone calls for; None when only samples can tell.

    Args:
        labels: the closed list it is to be answered from, where there is one.
    """
    return read_question(question, labels=labels).kind


def possible_answers(question: str, *, kind: str | None, labels: Sequence[str] = ()) -> int | None:
    """How many answers a question of that kind can have, at least 2; None where it is open.

    Args:
        labels: the closed list of a label question, where the question does not hold it.
    """
    asked = read_question(question, labels=labels)
    counts = {"choice": len(asked.options), "label": len(asked.labels), "yes_no": 2}
    counted = counts.get(kind or "", 0)
    return counted if counted > 1 else None


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
        if best and not (pattern is _INLINE_OPTION and _are_named_points(text, best)):
            return tuple(_option_texts(text, best))
    return ()


def _are_named_points(text: str, markers: list[re.Match[str]]) -> bool:
    """Whether the letters name things of one sort ("Point A. Point B.") or arguments of a call."""
    before = [text[max(0, marker.start() - 30) : marker.start()].rstrip(" (") for marker in markers]
    last_words = {words[-1].lower() for head in before if (words := re.findall(r"\w+", head)[-1:])}
    called = all(
        text[marker.start() - 1 : marker.start() + 1].endswith("(") and head[-1:].isalpha()
        for marker, head in zip(markers, before, strict=True)
    )
    empty = any(not text[a.end() : b.start()].strip(" ;,.()") for a, b in pairwise(markers))
    return (len(last_words) == 1 and all(before)) or called or empty


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


_ASKS_PERCENT = re.compile(
    r"\b(?:what|which|how (?:much|many)|as an?|in|express\w*|find the|calculate the|compute the)\b"
    r"[^.?!\n]{0,40}?(?:\bpercent|%\s*+\?)",
    re.IGNORECASE,
)
_ASKS_SEVERAL = re.compile(
    r"\b(?:select|choose|mark|pick|check|tick|list) (?:all|every|each|two|three|four|any)\b|"
    r"\ball (?:of the )?(?:options|answers|choices|statements)? ?(?:that|which) apply\b|"
    r"\b(?:one or more|more than one|multiple|several) (?:of the )?(?:correct |right )?"
    r"(?:answers?|options?|choices?|letters?)\b|\bmay (?:be|have) (?:more than one|multiple)\b|"
    r"\bmulti-?select\b|多选|不定项|mehrere|plusieurs|varias|複数",
    re.IGNORECASE,
)
_DRAWING = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL)
"""A figure as Asymptote code, which names its points by letters."""

_LABEL_WORD = (
    r"(?:labels?|emotions?|words?|categor(?:y|ies)|options?|class(?:es)?|choices?|sentiments?|"
    r"answers?|values?|tags?|types?|genres?|topics?|intents?|moods?|relations?|phrases?)"
)
_LABEL_LIST = re.compile(
    r"(?:\b(?:answer|reply|respond|classif\w*|label\w*|choos\w*|select\w*|pick\w*|output|return|"
    r"assign\w*|determine|identify|predict|is|be|must be|should be)\b[^\n.?!:]{0,80}?"
    r"\b(?:one of|one from|from|between|among|either|as|into|exactly one of)\b"
    rf"(?:\s++(?:the|these|those|following|exactly|one|of|allowed|possible|given|\d+|\w+ing)\b)*+"
    rf"(?:\s++(?:\w++\s++)?{_LABEL_WORD}\b)?(?:\s++(?:list|set|below))?"
    rf"|\b(?:possible |allowed |valid |available |candidate )?(?:\w++\s)?{_LABEL_WORD}\b"
    r"(?:\s++are\b(?:\s++only\b)?|(?=\s{0,3}[:：(\[{=]))"
    r"|\b(?:choose|select|pick|classify)\b[^\n.?!:]{0,60}(?=:)"
    r"|\b(?:exactly |only )?one of(?: these| the following)?(?=:)"
    r"|\b(?:answer|reply|respond)\s++(?:only\s++)?with\s++(?=[^\n.?!]{0,200}?,[^\n.?!]{0,40}\bor\b)"
    r"|(?:选择|选项|类别|标签)[^\n。？]{0,20}(?=[:：]))"
    r"\s{0,3}[:：=]?\s{0,3}"
    r"[(\[{]?(?P<list>[^\n.?!:)\]}。]{3,400})",
    re.IGNORECASE,
)
_LABEL_LINES = re.compile(
    rf"\b{_LABEL_WORD}\b[^\n]{{0,60}}[:：]\s{{0,3}}\n"
    r"(?P<list>(?:[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+[^\n]{1,40}\n?){2,40})",
    re.IGNORECASE,
)
_LINE_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+", re.MULTILINE)
_SEPARATOR = re.compile(
    r",\s*+(?:(?:or|and)\s++)?+|[;|/、，]\s*+|(?<!\s)\s++(?:or|and)\s++", re.IGNORECASE
)
"""Between two labels; spaces before a comma stay with the label, which is stripped."""
_SLASHED = re.compile(r"\(\s?([A-Za-z][\w-]{1,20}(?:\s?/\s?[A-Za-z][\w-]{1,20}){1,20})\s?\)")
"""``(positive/negative)`` behind a question."""
_UNIT_WORD = re.compile(
    r"(?:miles?|km|kilomet\w+|met\w+|feet|foot|hours?|h|s|seconds?|minutes?|days?|years?|kg|g|"
    r"grams?|lit\w+|gallons?|dollars?|euros?|cents?|mph|mol|joules?|watts?|newtons?|person)",
    re.IGNORECASE,
)


def find_labels(text: str) -> tuple[str, ...]:
    """A closed list such as "Answer with one of: joy, anger or fear."; else empty."""
    for match in reversed(list(_LABEL_LINES.finditer(text))):
        if labels := _labels_in(_LINE_BULLET.sub("", match["list"]).strip().split("\n")):
            return labels
    for match in reversed(list(_LABEL_LIST.finditer(text))):
        if labels := _labels_in(_SEPARATOR.split(match["list"])):
            return labels
    slashed = _SLASHED.search(text, max(0, len(text) - 200))
    if slashed is None or _UNIT_WORD.fullmatch(slashed[1].rsplit("/", 1)[1].strip()):
        return ()
    return tuple(item.strip() for item in slashed[1].split("/"))


def _labels_in(items: Sequence[str]) -> tuple[str, ...]:
    """The items of a list where each is short and none stands there twice; else empty."""
    labels = [
        item.strip().removesuffix(" only").strip("\"'`*“”‘’[](){} ").rstrip(".;,") for item in items
    ]
    labels = [label for label in labels if label]
    short = all(len(label) <= 40 and len(label.split()) <= 4 for label in labels)
    distinct = len({label.lower() for label in labels}) == len(labels)
    return tuple(labels) if len(labels) >= 2 and short and distinct else ()


_ARTICLE = re.compile(r"(?:.*\s)?(?:an?|the|to|more|any|some)\s+(?=\S)", re.IGNORECASE | re.DOTALL)
_BRACKETED_ALTERNATIVES = re.compile(r"\(([^()]{3,200} or [^()]{1,60})\)\s?\?$")
_ARTICLE_FIRST = re.compile(r"(?:an?|the|to|more)\s", re.IGNORECASE)
_ASKS_WHICH = re.compile(r"(?:which|who|what|where|when|in which|of)\b", re.IGNORECASE)
_AFTER_ALTERNATIVE = re.compile(
    r"\s+(?:than|in|at|on|of|for|to|when|after|before|if|with|by|from|and|as|during|under|now|"
    r"here|today|is|are|was|were)\b.*",
    re.IGNORECASE | re.DOTALL,
)


def find_alternatives(ask: str) -> tuple[str, ...]:
    """What a question offers to choose between: "Is a tomato a fruit or a vegetable?"."""
    if " or " not in ask or not ask.endswith("?") or _OPEN_ENDED.search(ask):
        return ()
    if bracketed := _BRACKETED_ALTERNATIVES.search(ask):
        return _labels_in(_SEPARATOR.split(bracketed[1]))
    left, _, right = ask.rstrip("? ").rpartition(" or ")
    *earlier, nearest = left.rsplit(",", 5)
    if not nearest.strip():
        nearest = earlier.pop() if earlier else ""
    articled = _ARTICLE.match(nearest) if _ARTICLE_FIRST.match(right.strip()) else None
    last = _alternative(right, words=3 if articled else 1)
    first = nearest[articled.end() :] if articled else _last_word(nearest)
    if earlier and _ASKS_WHICH.match(earlier[0].strip()):
        earlier = earlier[1:]
    listed = [part.strip() if 0 < len(part.split()) <= 2 else _last_word(part) for part in earlier]
    found = _labels_in([*listed, first, last])
    return () if any(label.lower() in ("not", "no", "yes", "both") for label in found) else found


_OPEN_ENDED = re.compile(r"\b(?:why|how|explain|any|ever|or not|yes or no)\b", re.IGNORECASE)


def _alternative(span: str, *, words: int) -> str:
    """The second of two alternatives, without article and what the question goes on with."""
    span = re.sub(r"^(?:an?|the|to|more|is it)\s+", "", span.strip(), flags=re.IGNORECASE)
    span = _AFTER_ALTERNATIVE.sub("", span)
    kept = span.split()
    if len(kept) > 1 and all(word[0].isupper() for word in kept[:2]):
        words = 2
    return " ".join(kept[:words])


def _last_word(span: str) -> str:
    """The last word, or the last two where both begin a name."""
    words = span.split()
    if len(words) > 2 and words[-1][0].isupper() and words[-2][0].isupper():
        return " ".join(words[-2:])
    return words[-1] if words else ""
