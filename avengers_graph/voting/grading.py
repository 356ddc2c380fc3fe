"""Whether a sample answers as a reference does."""

from collections.abc import Mapping, Sequence
from typing import Any

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.auto import kinds_to_try
from avengers_graph.voting.extraction import answer_of, checked_kind, equivalent
from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.kinds.math import written_number
from avengers_graph.voting.kinds.number import numeral_of
from avengers_graph.voting.kinds.short_text import matches_reference
from avengers_graph.voting.mathematics.latex import DRESSED
from avengers_graph.voting.sample import Sample, SampleLike, read_sample
from avengers_graph.voting.texts.normal import normal_text
from avengers_graph.voting.texts.question import NO_QUESTION, Question, read_question

BARE = 200
"""Characters of a reference that may be an answer and nothing else."""


def is_correct(
    text: SampleLike,
    reference: str,
    *,
    kind: str,
    question: str | None = None,
    labels: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
) -> bool:
    """Whether a sample answers as the reference does; an abstention is wrong.

    The reference may be bare ("18", "B", "Paris") or a text to extract from. A reference that
    holds no answer of the kind is compared as the words it is: a data set holds what it holds,
    and one odd row must not end a run. Bracketed answers are graded as KOR-Bench does, which is
    stricter than a vote; tool calls also against BFCL's ``possible_answer``, which names the
    values allowed for each argument.

    Raises:
        ConfigError: the kind does not exist.
    """
    asked = read_question(question, labels=labels, tools=tools)
    sample = read_sample(text)
    for tried in _kinds(kind, asked, sample, reference):
        if (is_right := KINDS[tried].is_right) is not None:
            return not sample.failed and is_right(sample, reference, asked)
        found = KINDS[tried].extract(reference, asked, False)
        wanted = _bare_answer(reference, kind=tried, question=asked) or found
        if wanted is not None:
            # Words that are no answer of the kind stand in no box in a sample either.
            in_words = found is None and _says(sample, reference, asked)
            return in_words or _answers(sample, wanted, reference, asked)
    return _says(sample, reference, asked)


def _kinds(kind: str, question: Question, sample: Sample, reference: str) -> list[str]:
    """The kinds under which the reference may be read, in order."""
    if kind != "auto":
        return [checked_kind(kind)]
    asked = kinds_to_try(question, [sample, Sample(reference)])
    return [*asked, *kinds_to_try(NO_QUESTION, [Sample(reference)])]


def _bare_answer(reference: str, *, kind: str, question: Question) -> Answer | None:
    """What a bare reference says, all of it, as if it stood in a box; None for a longer text."""
    if len(reference) > BARE or any(sign in reference for sign in ("\n", "\\boxed", "##")):
        return None
    return KINDS[kind].extract(f"\\boxed{{{reference}}}", question, False)


def _answers(sample: Sample, wanted: Answer, reference: str, question: Question) -> bool:
    given = answer_of(sample, kind=wanted.kind, question=question)
    if given is None:
        return False
    if equivalent(given, wanted) or _same_percentage(given, wanted):
        return True
    return wanted.kind == "text" and matches_reference(sample.text, reference, question)


def _says(sample: Sample, reference: str, question: Question) -> bool:
    """Whether a sample says the words of a reference that is no answer of the kind asked for."""
    words = normal_text(DRESSED.sub(r"\1", reference))
    # Among the alternatives that a question offers, a label is found in any sentence.
    offered = any(normal_text(label) == words for label in question.labels)
    given = answer_of(sample, kind="label" if offered else "text", question=question)
    return given is not None and bool(words) and normal_text(given.text) == words


def _same_percentage(given: Answer, wanted: Answer) -> bool:
    """Whether 70% was given where the reference is a bare 70: references rarely have units."""
    read = {"number": numeral_of, "math": written_number}.get(given.kind)
    if read is None:
        return False
    first, second = read(given), read(wanted)
    if first is None or second is None or not first.percent or second.percent:
        return False
    return first.value * 100 == second.value
