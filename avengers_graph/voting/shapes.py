"""The kind that samples look like, where the question does not tell."""

import re
from collections import Counter
from collections.abc import Sequence

from avengers_graph.voting import spans
from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.kinds.choice import span_letter
from avengers_graph.voting.numerals import whole_numeral
from avengers_graph.voting.question import NO_QUESTION
from avengers_graph.voting.sample import Sample
from avengers_graph.voting.written_json import read_json

_CODE_FENCE = re.compile(r"```[ \t]*+(?:python|py|js|javascript|java|c|cpp|rust|go|sql)?[ \t]*+\n")
_BRACKETS = re.compile(r"\[\[[^\[\]\n]{1,300}\]\]")
_YES_NO = re.compile(r"\W*+(?:yes|no|true|false)\b", re.IGNORECASE)
_FORMULA = re.compile(r"\\[a-zA-Z]+|[=^]|\d\s*+[-+*/]\s*+\d")
_ORDER = {name: place for place, name in enumerate(KINDS)}


def kind_of_samples(samples: Sequence[Sample]) -> str:
    """The kind most samples look like; ties in the order of ``KINDS``.

    Numbers among mathematics are mathematics, since that kind holds both.
    """
    shapes = Counter(shape for sample in samples if (shape := shape_of(sample)) is not None)
    if not shapes:
        return "text"
    if shapes["math"] and shapes["number"]:
        shapes["math"] += shapes.pop("number")
    return min(shapes, key=lambda shape: (-shapes[shape], _ORDER[shape]))


def shape_of(sample: Sample) -> str | None:
    """The kind one sample looks like; None for one that says nothing."""
    text = sample.text.strip()
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
    if span_letter(span, NO_QUESTION) and len(span) <= 4:
        return "choice"
    if _YES_NO.fullmatch(span):
        return "yes_no"
    if KINDS["date"].extract(span, NO_QUESTION, False) is not None and len(span) <= 40:
        return "date"
    if _FORMULA.search(span) and KINDS["math"].extract(span, NO_QUESTION, False) is not None:
        return "math"
    return None
