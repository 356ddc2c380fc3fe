"""What makes a kind of answer: a few pure functions."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.sample import Sample
from avengers_graph.voting.texts.question import Question

Embed = Callable[[list[str]], Sequence[Sequence[float]]]
"""Texts to vectors of equal length, in order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of ``KINDS``."""

    extract: Callable[[str, Question, bool], Answer | None]
    """``(text, question, truncated)`` to the answer. The text has no reasoning block and a
    bounded length; ``truncated`` texts count only where they state their answer outright."""
    key: Callable[[Answer], Hashable]
    """Answers with equal keys are the same answer."""
    same: Callable[[Answer, Answer], bool] | None = None
    """Whether two answers with different keys are the same all the same. None: never, which
    also makes equality transitive."""
    is_right: Callable[[Sample, str, Question], bool] | None = None
    """``(sample, reference, question)``: how this kind is graded. None: by equality with the
    answer of the reference."""
    support: Callable[[Sequence[Answer], Embed | None], list[list[float]]] | None = None
    """How far each answer speaks for each other one, in [0, 1], 1 for itself. Given, the
    class with most support wins instead of the heaviest; None: only equals support each other."""
    whole_text: bool = False
    """Whether all of a text may be the answer. Else what a model goes on with after its answer,
    such as the next question, is not read."""
