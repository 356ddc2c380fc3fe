"""What makes a kind of answer: three pure functions and one fact."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.question import Question


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
