"""The values a vote works on: what a sample says, and what the samples say together."""

from dataclasses import asdict, dataclass, field
from typing import Any

from avengers_graph.types import TallyRow


@dataclass(frozen=True, slots=True)
class Answer:
    """What one text answers."""

    text: str
    """The canonical form: what a tally shows. Never empty."""
    kind: str
    """A key of ``KINDS``: how this answer compares with others."""
    value: Any = field(default=None, compare=False, repr=False)
    """The parsed form the kind compares by; None makes the kind read ``text`` again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a vote."""

    answer: str | None
    """The winning class's canonical text; None when every sample abstained."""
    kind: str
    """The kind the answers were compared by, also when it was chosen by ``auto``."""
    tally: list[TallyRow]
    """One row per class of equal answers: heaviest first, ties by rank, then sample order."""
    agreement: float
    """Weight of the winner over the weight of all samples, abstentions included; in [0, 1]."""
    margin: float
    """Weight of the winner minus that of the runner-up, over the same total; in [0, 1]."""
    confidence: float
    """Estimated probability that the answer is right, in [0, 1]; 0 when all abstained."""
    winner: int | None
    """Index of the sample that speaks for the winning class; None when all abstained."""
    abstained: list[int]
    """Indices of the samples without an answer, ascending."""
    fallback: int | None = None
    """Index of the best-ranked sample that has any text, set only when all abstained."""
    tried: list[str] = field(default_factory=list)
    """Kinds that ``auto`` gave up for ``kind``, since most samples abstained under them."""

    def to_dict(self) -> dict[str, Any]:
        """The plain form that JSON and the graph's state hold."""
        return asdict(self)
