"""Ballots, what they weigh, and the classes they form."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from avengers_graph.types import TallyRow
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds import Kind
from avengers_graph.voting.kinds.kind import Embed
from avengers_graph.voting.sample import Sample

PLACES = 9
"""Weights that agree to this many decimals are tied: sums of floats differ in the last bits."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One sample's vote."""

    index: int
    sample: Sample
    weight: float
    rank: int


@dataclass(slots=True)
class AnswerClass:
    """Ballots that say the same."""

    representative: Answer
    ballots: list[Ballot]
    keys: list[Hashable]
    """The key of each ballot's answer."""
    support: float | None = None
    """Weighted similarity to all ballots, for kinds that count by it."""

    @property
    def weight(self) -> float:
        """Sum of the ballots' weights, independent of their order."""
        return round(math.fsum(ballot.weight for ballot in self.ballots), PLACES)

    @property
    def precedence(self) -> tuple[int, int]:
        """What breaks ties, smaller first: best rank, then earliest sample."""
        return (
            min(ballot.rank for ballot in self.ballots),
            min(ballot.index for ballot in self.ballots),
        )

    @property
    def speaker(self) -> Ballot:
        """The ballot whose text is the class's answer: best rank, then earliest sample."""
        return min(self.ballots, key=lambda ballot: (ballot.rank, ballot.index))

    def core_weight(self) -> float:
        """Weight of the ballots whose key is the representative's own."""
        return math.fsum(
            ballot.weight
            for ballot, key in zip(self.ballots, self.keys, strict=True)
            if key == self.keys[0]
        )

    def row(self) -> TallyRow:
        """The class as a row of the verdict's tally."""
        return {
            "answer": self.representative.text,
            "votes": len(self.ballots),
            "weight": self.weight,
            "samples": [ballot.index for ballot in self.ballots],
        }


def classes_of(
    cast: Iterable[tuple[Ballot, Answer]], kind: Kind, *, key: Callable[[Answer], Hashable]
) -> list[AnswerClass]:
    """Group ballots, taken in the order given.

    Each joins the first class whose representative, the class's first ballot, it equals, or
    founds one: equality need not be transitive, and this makes the outcome well defined.
    """
    classes: list[AnswerClass] = []
    joined: dict[Hashable, AnswerClass] = {}
    for ballot, answer in cast:
        own = key(answer)
        group = joined.get(own)
        if group is None and kind.same is not None:
            group = next((g for g in classes if kind.same(answer, g.representative)), None)
        if group is None:
            group = AnswerClass(answer, [], [])
            classes.append(group)
        joined[own] = group
        group.ballots.append(ballot)
        group.keys.append(own)
    return classes


def ordered(
    classes: Sequence[AnswerClass], kind: Kind, *, embed: Embed | None
) -> list[AnswerClass]:
    """The classes, winner first: by support or weight, then rank, then sample order."""
    if kind.support is not None and len(classes) > 1:
        alike = kind.support([group.representative for group in classes], embed)
        for row, group in zip(alike, classes, strict=True):
            products = (share * other.weight for share, other in zip(row, classes, strict=True))
            group.support = round(math.fsum(products), PLACES)
        return sorted(classes, key=lambda g: (-(g.support or 0.0), -g.weight, g.precedence))
    return sorted(classes, key=lambda group: (-group.weight, group.precedence))


LOWEST_ERROR = 0.01
"""A lower estimated error counts as this one: no expert outvotes more than a few others."""
HIGHEST_ERROR = 0.49
"""A higher one counts as this: a weak expert weighs little, but never against its own answer."""


def uniform(score: float) -> float:
    """One ballot, one vote."""
    return 1.0


def by_score(score: float) -> float:
    """The expert's accuracy itself, at least 0.01 so that every ballot counts."""
    return min(1.0, max(0.01, score))


def boosted(score: float) -> float:
    """ln((1 - err) / err) with err = 1 - score, clamped to [0.01, 0.49].

    The AdaBoost weight that EnsemW2S (arXiv 2410.04571) gives an expert. Between 0.04 and 4.6.
    """
    error = min(HIGHEST_ERROR, max(LOWEST_ERROR, 1.0 - score))
    return math.log((1.0 - error) / error)


WEIGHTINGS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {"uniform": uniform, "score": by_score, "boosted": boosted}
)
"""The weightings a plan may name: accuracy in [0, 1] to ballot weight."""
