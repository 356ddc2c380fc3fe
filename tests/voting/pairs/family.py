"""What a family of generated pairs is."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from avengers_graph.voting import vote

Draw = Callable[[Random], tuple[str, str]]
"""One pair of answer texts, drawn with the generator given: the same seed, the same pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Pairs of one kind of fault, as a person would judge them."""

    name: str
    differ: Draw
    """Two texts whose answers differ."""
    alike: Draw | None = None
    """Two texts that state one answer; None where the family is about different ones only."""
    kind: str = "auto"
    question: str | None = None
    """What was asked; None asks nothing in particular."""

    def merges(self, first: str, second: str) -> bool:
        """Whether the vote counts both texts as one answer; an abstention merges with nothing."""
        verdict = vote([first, second], question=self.question, kind=self.kind)
        return any(row["votes"] == 2 for row in verdict.tally)
