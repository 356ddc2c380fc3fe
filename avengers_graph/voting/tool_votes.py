"""Tool calls against words: what the samples do first, then how they do it.

Six phrasings of one question to a tool are six different calls; two answers in words would
outvote them if all were classes of one vote. So all calls stand against all words first, and
the heavier side then votes among itself: on which call, or on what the words say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from avengers_graph.types import TallyRow
from avengers_graph.voting.answer import Verdict
from avengers_graph.voting.ballots import PLACES
from avengers_graph.voting.confidence import confidence_of
from avengers_graph.voting.extraction import answer_of
from avengers_graph.voting.kinds.tool_calls import NO_CALL
from avengers_graph.voting.sample import SampleLike, read_sample
from avengers_graph.voting.tally import Tally
from avengers_graph.voting.texts.question import read_question


class ToolTally:
    """Ballots that call a tool or answer in words; used as a ``Tally`` is.

    Args:
        tally_of: an empty tally of a kind.
        words: the kind that answers in words are compared by.
        tools: as for ``Tally``.
        prior: as for ``Tally``.
    """

    def __init__(
        self,
        tally_of: Callable[..., Tally],
        *,
        words: str = "auto",
        tools: Sequence[Mapping[str, Any]] = (),
        prior: float | None = None,
    ) -> None:
        self._all = tally_of(kind="tool_calls")
        self._calls = tally_of(kind="tool_calls")
        self._words = tally_of(kind=words)
        self._call_side, self._word_side = _Side(), _Side()
        self._asked = read_question(None, tools=tools)
        self._prior = prior
        self._weights: list[float] = []

    def add(self, index: int, sample: SampleLike, *, weight: float = 1.0, rank: int = 0) -> None:
        """Count a sample, as ``Tally.add`` does."""
        self._all.add(index, sample, weight=weight, rank=rank)
        self._weights.append(weight)
        answer = answer_of(read_sample(sample), kind="tool_calls", question=self._asked)
        # Nothing, the beginning of something, or a refusal is neither a call nor words.
        if answer is not None:
            calls = answer.text != NO_CALL
            (self._calls if calls else self._words).add(index, sample, weight=weight, rank=rank)
            (self._call_side if calls else self._word_side).add(index, weight=weight, rank=rank)

    def __len__(self) -> int:
        return len(self._all)

    def is_decided(self, remaining_weights: Sequence[float]) -> bool:
        """Whether no outcome of the remaining ballots can change the winning answer."""
        if not remaining_weights:
            return True
        if abs(self._call_side.weight - self._word_side.weight) <= math.fsum(remaining_weights):
            return False
        leading = self._words if self._word_side.beats(self._call_side) else self._calls
        return leading.is_decided(remaining_weights)

    def verdict(self) -> Verdict:
        """The outcome over the ballots counted so far; the same for every order of arrival."""
        found = self._all.verdict()
        if not (self._call_side.samples or self._word_side.samples):
            return found
        calls = self._calls.verdict()
        if not self._word_side.beats(self._call_side):
            others = [self._word_side.row()] if self._word_side.samples else []
            return self._restated(found, calls, others=others)
        in_words = self._words.verdict()
        if in_words.winner is None:  # they say nothing that could be compared
            rows = [self._word_side.row()]
            in_words = replace(found, answer=NO_CALL, winner=self._word_side.first, tally=rows)
        return self._restated(found, in_words, others=calls.tally)

    def _restated(self, found: Verdict, leading: Verdict, *, others: list[TallyRow]) -> Verdict:
        """The leading side's outcome with its shares of all ballots; the other side follows."""
        tally = [*leading.tally, *others]
        lead = tally[0]["weight"]
        runner_up = max((row["weight"] for row in tally[1:]), default=0.0)
        total = math.fsum(self._weights)  # the same for every order of arrival
        agreement = min(1.0, lead / total) if total else 0.0
        margin = max(0.0, lead - runner_up) / total if total else 0.0
        return replace(
            leading,
            tally=tally,
            agreement=agreement,
            margin=min(1.0, margin),
            confidence=confidence_of(agreement=agreement, ballots=len(self), prior=self._prior),
            abstained=sorted({*found.abstained, *leading.abstained}),
        )


@dataclass(slots=True)
class _Side:
    """The samples that call a tool, or those that answer in words."""

    samples: list[int] = field(default_factory=list)
    """Their indices."""
    _weights: list[float] = field(default_factory=list)
    _best: tuple[float, float] = (math.inf, math.inf)
    """Rank of the best-ranked expert among them, and the index of its earliest sample."""

    def add(self, index: int, *, weight: float, rank: int) -> None:
        """One sample more."""
        self._weights.append(weight)
        self.samples.append(index)
        self._best = min(self._best, (rank, index))

    @property
    def weight(self) -> float:
        """Sum of their weights, independent of their order."""
        return round(math.fsum(self._weights), PLACES)

    @property
    def first(self) -> int:
        """Index of the sample that speaks for them; there must be one."""
        return int(self._best[1])

    def row(self) -> TallyRow:
        """Answers in words as one line of a tally."""
        votes, samples = len(self.samples), sorted(self.samples)
        return {"answer": NO_CALL, "votes": votes, "weight": self.weight, "samples": samples}

    def beats(self, other: "_Side") -> bool:
        """Whether it weighs more; a tie goes to the better-ranked expert, then the earlier."""
        if self.weight != other.weight:
            return self.weight > other.weight
        return self._best < other._best
