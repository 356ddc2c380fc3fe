"""Answers out of texts, and when two of them are the same."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from avengers_graph.errors import ConfigError
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.auto import kinds_to_try
from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.kinds.tool_calls import from_calls
from avengers_graph.voting.sample import Sample, read_sample
from avengers_graph.voting.texts.question import Question, read_question
from avengers_graph.voting.texts.spans import own_answer

_ASKS_FOR_LETTER = re.compile(
    r"\b(?:apolog\w*|sorry|letter|e-?mail|message|note|reply|declin\w*|refus\w*|story|dialogue)\b",
    re.IGNORECASE,
)
"""What a question says whose answer may well open as a refusal does."""


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
    kinds = kinds_to_try(asked, [sample]) if kind == "auto" else iter([checked_kind(kind)])
    answers = (answer_of(sample, kind=tried, question=asked) for tried in kinds)
    return next((answer for answer in answers if answer is not None), None)


def answer_of(sample: Sample, *, kind: str, question: Question) -> Answer | None:
    """The answer of one sample; None for errors, refusals and texts without one."""
    if sample.failed or (not sample.text.strip() and not sample.tool_calls):
        return None
    if sample.refused and not (kind == "free_text" and _ASKS_FOR_LETTER.search(question.text)):
        return None
    if kind == "tool_calls" and sample.tool_calls:
        return from_calls(sample.tool_calls, question)
    row = KINDS[kind]
    text = sample.text if row.whole_text else own_answer(sample.text)
    return row.extract(text, question, sample.truncated)


def equivalent(a: Answer, b: Answer) -> bool:
    """Whether a person would call the two answers the same. Kinds never mix."""
    if a.kind != b.kind:
        return False
    kind = KINDS[checked_kind(a.kind)]
    return kind.key(a) == kind.key(b) or (kind.same is not None and kind.same(a, b))


def checked_kind(kind: str) -> str:
    """The kind, where there is a row of that name.

    Raises:
        ConfigError: there is none.
    """
    if kind not in KINDS:
        raise ConfigError(f"unknown answer kind {kind!r}; choose from auto, {', '.join(KINDS)}")
    return kind
