"""Ballots, what they weigh, and the classes they form."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

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


UNCOUNTED = 5
"""Possible answers that a question counts as having where nobody can count them."""
SUREST = 0.98
"""A higher accuracy counts as this, and one under 1 - SUREST as that: estimates are not exact."""
LEAST_WEIGHT = 0.05
"""An expert at chance or under it weighs this little, but never against its own answer."""


class Weighting(Protocol):
    """What the ballot of an expert weighs."""

    def __call__(self, score: float, *, answers: int = UNCOUNTED) -> float:
        """The weight, above 0.

        Args:
            score: the expert's estimated accuracy on queries like this one, in [0, 1].
            answers: how many answers the question can have, at least 2.
        """
        ...


def uniform(score: float, *, answers: int = UNCOUNTED) -> float:
    """One ballot, one vote."""
    return 1.0


def by_score(score: float, *, answers: int = UNCOUNTED) -> float:
    """The expert's accuracy itself, at least 0.01 so that every ballot counts."""
    return min(1.0, max(0.01, score))


def log_odds(score: float, *, answers: int = UNCOUNTED) -> float:
    """ln((K - 1) p / (1 - p)) of accuracy p and K possible answers, at least 0.05.

    The weight of independent experts whose wrong answers spread over K - 1 (Optimal Weight,
    arXiv 2510.01499): 0 at chance, 1 / K. With two answers it is the AdaBoost weight
    ln((1 - err) / err) of EnsemW2S (arXiv 2410.04571).
    """
    accuracy = min(SUREST, max(1 - SUREST, score))
    return max(LEAST_WEIGHT, math.log((answers - 1) * accuracy / (1 - accuracy)))


WEIGHTINGS: Mapping[str, Weighting] = MappingProxyType(
    # Plans in configurations and checkpoints call log-odds by its former name, too.
    {"uniform": uniform, "score": by_score, "log-odds": log_odds, "boosted": log_odds}
)
"""The weightings a plan may name."""
