"""Answers out of texts: which kind, which answer, which are the same, which are right."""

from collections.abc import Mapping, Sequence
from typing import Any

from avengers_graph.errors import ConfigError
from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds import KINDS, Kind
from avengers_graph.voting.kinds.math import written_number
from avengers_graph.voting.kinds.number import numeral_of
from avengers_graph.voting.kinds.short_text import matches_reference
from avengers_graph.voting.kinds.tool_calls import from_calls
from avengers_graph.voting.question import Question, read_question
from avengers_graph.voting.sample import Sample, SampleLike, read_sample
from avengers_graph.voting.shapes import kind_of_samples


def extract_answer(
    text: str,
    *,
    kind: str = "auto",
    question: str | None = None,
    labels: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
) -> Answer | None:
    """What a text answers; None when it answers nothing (then it abstains).

    Args:
        text: a model's output; reasoning blocks are ignored.
        kind: a key of ``KINDS``, or ``auto``.
        question: supplies options, labels, units and, under ``auto``, the kind.
        labels: the closed list of a label question, where the question does not hold it.
        tools: the tools offered, in OpenAI's form; makes defaults and arguments without a name
            known.

    Raises:
        ConfigError: the kind does not exist.
    """
    asked = read_question(question, labels=labels, tools=tools)
    sample = read_sample(text)
    return answer_of(sample, kind=settle_kind(kind, asked, [sample]), question=asked)


def answer_of(sample: Sample, *, kind: str, question: Question) -> Answer | None:
    """The answer of one sample; None for errors, refusals and texts without one."""
    if sample.failed or (not sample.text.strip() and not sample.tool_calls):
        return None
    if sample.refused and not any(spans.boxed(sample.text)):
        return None
    if kind == "tool_calls" and sample.tool_calls:
        return from_calls(sample.tool_calls, question)
    return KINDS[kind].extract(sample.text, question, sample.truncated)


def equivalent(a: Answer, b: Answer) -> bool:
    """Whether a person would call the two answers the same. Kinds never mix."""
    if a.kind != b.kind:
        return False
    kind = checked_kind(a.kind)
    return kind.key(a) == kind.key(b) or (kind.same is not None and kind.same(a, b))


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

    The reference may be bare ("18", "B", "Paris") or a text to extract from. Bracketed
    answers are graded as KOR-Bench does, which is stricter than a vote; tool calls also
    against BFCL's ``possible_answer``, which names the values allowed for each argument.

    Raises:
        ConfigError: the kind does not exist, or the reference holds no answer of that kind.
    """
    asked = read_question(question, labels=labels, tools=tools)
    sample = read_sample(text)
    settled = settle_kind(kind, asked, [sample, Sample(reference)])
    if (is_right := KINDS[settled].is_right) is not None:
        return not sample.failed and is_right(sample, reference, asked)
    wanted = KINDS[settled].extract(reference, asked, False)
    if wanted is None and kind == "auto":
        settled = kind_of_samples([Sample(reference)])
        wanted = KINDS[settled].extract(reference, asked, False)
    if wanted is None:
        raise ConfigError(f"the reference {reference[:80]!r} holds no answer of kind {settled!r}")
    given = answer_of(sample, kind=settled, question=asked)
    if given is None:
        return False
    if equivalent(given, wanted) or _same_percentage(given, wanted):
        return True
    return settled == "text" and matches_reference(sample.text, reference, asked)


def _same_percentage(given: Answer, wanted: Answer) -> bool:
    """Whether 70% was given where the reference is a bare 70: references rarely have units."""
    read = {"number": numeral_of, "math": written_number}.get(given.kind)
    if read is None:
        return False
    first, second = read(given), read(wanted)
    if first is None or second is None or not first.percent or second.percent:
        return False
    return first.value * 100 == second.value


def checked_kind(kind: str) -> Kind:
    """The row of that name.

    Raises:
        ConfigError: there is none.
    """
    row = KINDS.get(kind)
    if row is None:
        raise ConfigError(f"unknown answer kind {kind!r}; choose from auto, {', '.join(KINDS)}")
    return row


def settle_kind(kind: str, question: Question, samples: Sequence[Sample]) -> str:
    """The kind itself, or what ``auto`` decides: from the question, else from the samples.

    Samples that mostly call tools are compared by their calls, whatever was asked.
    """
    if kind != "auto":
        checked_kind(kind)
        return kind
    if 2 * sum(bool(sample.tool_calls) for sample in samples) > len(samples):
        return "tool_calls"
    if question.kind is not None:
        return question.kind
    return kind_of_samples(samples)
