"""How ``auto`` settles on a kind: by the question, else by the samples, with a second try.

The kind of the question comes first. Where most of the samples that say something abstain under
it, the kinds that the samples look like are tried, most frequent first; the first under which at
least half of them answer is the kind, else the one with most answers. Words are a second try only
where two samples say the same: anything can be read as words. Nothing depends on the order of
arrival.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.kinds.choice import span_letter
from avengers_graph.voting.numbers.numerals import whole_numeral
from avengers_graph.voting.sample import Sample
from avengers_graph.voting.structured.written_json import read_json
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.question import NO_QUESTION, Question

CLOSED = ("choice", "label")
"""Kinds whose answers the question lists: words that are none of them are no answer."""
WORDS = ("text", "free_text")
"""Kinds under which any text is an answer."""

_CODE_FENCE = re.compile(r"```[ \t]*+(?:python|py|js|javascript|java|c|cpp|rust|go|sql)?[ \t]*+\n")
_BRACKETS = re.compile(r"\[\[[^\[\]\n]{1,300}\]\]")
_YES_NO = re.compile(r"\W*+(?:yes|no|true|false)\b", re.IGNORECASE)
_FORMULA = re.compile(r"\\[a-zA-Z]+|[=^]|\d\s*+[-+*/]\s*+\d")
_HEDGE = re.compile(
    r"\b(?:i (?:do not|don['’]t|cannot|can['’]t) (?:know|tell|say|think|be sure)|(?:not|un)\s?sure|"
    r"no idea|uncertain|hard to (?:say|tell)|difficult to (?:say|tell)|not given|"
    r"it depends|(?:could|may|might) be|yes or no|yes and no)\b",
    re.IGNORECASE,
)
_ORDER = {name: place for place, name in enumerate(KINDS)}


def kinds_to_try(question: Question, samples: Sequence[Sample]) -> Iterator[str]:
    """The kinds that ``auto`` may settle on, in the order they are tried; at least one.

    Samples that mostly call tools are compared by their calls, whatever was asked.
    """
    if mostly_calls(samples):
        yield "tool_calls"
        return
    if question.kind is not None:
        yield question.kind
    shaped = kinds_of_samples(samples)
    if question.kind is None:
        yield from shaped or ["text"]
        return
    no_words = question.kind in CLOSED or len(samples) < 2
    for kind in shaped:
        if kind != question.kind and not (no_words and kind in WORDS):
            yield kind


def mostly_calls(samples: Sequence[Sample]) -> bool:
    """Whether more than half of the samples call a tool."""
    return 2 * sum(bool(sample.tool_calls) for sample in samples) > len(samples)


def says_something(sample: Sample) -> bool:
    """Whether a sample is whole and says more than that it does not know."""
    if sample.failed or sample.truncated or sample.refused or not sample.text.strip():
        return False
    return len(sample.text) > 200 or _HEDGE.search(sample.text) is None


def kinds_of_samples(samples: Sequence[Sample]) -> list[str]:
    """The kinds that samples look like, most frequent first; ties in the order of ``KINDS``.

    Numbers among mathematics are mathematics, since that kind holds both.
    """
    shapes = Counter(shape for sample in samples if (shape := shape_of(sample)) is not None)
    if shapes["math"] and shapes["number"]:
        shapes["math"] += shapes.pop("number")
    seen = (shape for shape in shapes if shapes[shape])
    return sorted(seen, key=lambda shape: (-shapes[shape], _ORDER[shape]))


def shape_of(sample: Sample) -> str | None:
    """The kind one sample looks like; None for one that says nothing."""
    text = spans.own_answer(sample.text).strip()
    if sample.failed or sample.refused or not text:
        return None
    if "<tool_call>" in text:
        return "tool_calls"
    if text[0] in "{[" and not text.startswith("[[") and isinstance(read_json(text), (dict, list)):
        return "json"
    if _BRACKETS.search(text):
        return "bracketed"
    boxed = next(spans.boxed(text), None)
    if boxed is not None:
        return _shape_of_span(boxed) or "math"
    if _CODE_FENCE.search(text):
        fenced = text[text.find("\n", text.find("```")) + 1 :].split("```", 1)[0]
        return "json" if read_json(fenced) is not None else "code"
    for span in spans.said(text):
        if shape := _shape_of_span(spans.sentence(span)):
            return shape
    if len(text) <= 200 and (shape := _shape_of_span(text)):
        return shape
    if _YES_NO.match(text):
        return "yes_no"
    short = KINDS["text"].extract(text, NO_QUESTION, False) is not None
    return "text" if short and "\n" not in text else "free_text"


def _shape_of_span(span: str) -> str | None:
    """The kind of a final answer that stands alone."""
    span = span.strip().strip("*$ ").rstrip(".")
    if whole_numeral(span) is not None:
        return "number"
    if len(span) <= 4 and span_letter(span, NO_QUESTION):
        return "choice"
    if _YES_NO.fullmatch(span):
        return "yes_no"
    if len(span) <= 40 and KINDS["date"].extract(span, NO_QUESTION, False) is not None:
        return "date"
    if _FORMULA.search(span) and KINDS["math"].extract(span, NO_QUESTION, False) is not None:
        return "math"
    return None
