"""A label from a closed list, given with the call or found in the question."""

import re
from collections.abc import Sequence
from functools import lru_cache

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.kinds.short_text import TEXT
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.normal import normal_text, normal_words
from avengers_graph.voting.texts.question import Question

_NEGATION = re.compile(
    r"\b(?:not|isn't|no|never|neither|nor|rather than|instead of)\W++"
    r"(?:(?!(?:but|rather|instead)\b)\w++\W++){0,2}$"
)
_NAMED = re.compile(
    r"\b(?:label|emotion|sentiment|category|class|classification|mood|tone|topic|intent|genre|"
    r"feeling|stance|relation)\b[^.\n:]{0,60}?"
    r"(?:\s(?:is|would be|should be|must be)\b(?!\s\w+ed by\b)|:)",
    re.IGNORECASE,
)
"""What stands before the label that a text settles on: "the main emotion is"."""
_WEIGHS = re.compile(
    r"\b(?:if|whether|first|let|let['’]s|need|determine|consider|may|might|could|or|between)\b",
    re.IGNORECASE,
)
"""What tells a sentence that looks for the label from one that names it."""

_DENIED = re.compile(r" \w+ (?:(?:is|are|was|were) not|isn't|aren't|wasn't) ")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The one label that the box, phrase, line or text names; None when it names several.

    Nothing else is taken for what a box holds. Without a list the label is read as a short text.
    """
    if not question.labels:
        answer = TEXT.extract(text, question, truncated)
        return Answer(answer.text, "label", TEXT.key(answer)) if answer else None
    for content in spans.boxed(text):
        return _answer(only_label(content, question.labels))
    lines = spans.lines(text)
    places = list(spans.said(text))
    places += [spans.sentence(text[m.end() :][:200]) for m in list(_NAMED.finditer(text))[:-4:-1]]
    if truncated or spans.breaks_off(text):
        opening = spans.sentence(lines[0]) if lines else ""
        # The first sentence is whole where more follows.
        if opening != text.strip() and not _WEIGHS.search(opening):
            places.append(opening)
    else:
        places += [
            *map(spans.sentence, lines[:1]),
            *lines[:1],
            *spans.bold(text),
            *lines[-1:],
            text,
        ]
    for place in places:
        if answer := _answer(only_label(place, question.labels)):
            return answer
    return None


def _answer(label: str | None) -> Answer | None:
    return None if label is None else Answer(label, "label", normal_text(label))


def only_label(span: str, labels: Sequence[str]) -> str | None:
    """The label that a span names, when it names exactly one and does not negate it."""
    words = normal_words(span[:4000])
    padded = f" {' '.join(words)} "
    named: list[tuple[int, str, str]] = []
    for label in labels:
        form = f" {normal_text(label)} "
        position = next((at for word in _forms(form) if (at := padded.find(word)) >= 0), -1)
        negated = _NEGATION.search(padded[: position + 1]) or _DENIED.match(padded, position)
        if position >= 0 and not negated:
            named.append((len(form), label, form))
    if not named:
        return None
    named.sort(reverse=True)
    longest = named[0]
    # "mixed anger" names "mixed anger", not also the "anger" within it.
    rest = padded.replace(longest[2], " ")
    others = [label for _, label, form in named[1:] if form in rest or form not in padded]
    return longest[1] if not others else None


_ENDINGS = ("", "ful", "fully", "ed", "d", "ing", "ly", "s", "ness")
"""Endings under which a label still counts: "joyful" names joy, "sadness" sad."""


_SHORTENED = (("iness", "y"), ("ness", ""), ("tion", "t"), ("sion", "s"), ("ment", ""))
"""What a label of that ending loses: "sadness" is named by sad, "frustration" by frustrated."""


@lru_cache(maxsize=1024)
def _forms(form: str) -> tuple[str, ...]:
    """The label between spaces, with its usual endings where it is one word."""
    word = form.strip()
    stems = [word]
    if " " not in word and len(word) >= 3:
        stems += [word[:-1]] if word.endswith("e") else []
        stems += [word[:-1] + "i"] if word.endswith("y") else []
        stems += [
            word.removesuffix(ending) + short
            for ending, short in _SHORTENED
            if word.endswith(ending) and len(word) > len(ending) + 2
        ]
        endings = [stem + ending for stem in stems for ending in _ENDINGS]
        endings += [word[:-2] + "ry"] if word.endswith("er") else []
        return tuple(f" {form} " for form in dict.fromkeys(endings) if len(form) >= 3)
    return (form,)


def key(answer: Answer) -> str:
    """The label, case-folded, without punctuation."""
    return normal_text(answer.text)


LABEL = Kind(extract=extract, key=key)
