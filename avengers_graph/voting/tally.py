"""Counting ballots: classes of equal answers, their weights, the winner.

The rules. Ballots are taken in the order of their indices, whatever the order of their
arrival; each joins the first class whose representative (the class's first ballot) it
equals, or founds one. The heaviest class wins; ties go to the class with the better-ranked
expert, then to the class of the earlier sample, never to chance. Abstentions count in the
total and never win.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from avengers_graph.errors import ConfigError
from avengers_graph.values import TallyRow
from avengers_graph.voting.answer import Answer, Verdict
from avengers_graph.voting.confidence import confidence_of
from avengers_graph.voting.extraction import answer_of, checked_kind, settle_kind
from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.question import read_question
from avengers_graph.voting.sample import Sample, SampleLike, read_sample

_PLACES = 9
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
    answers: list[Answer]

    @property
    def weight(self) -> float:
        """Sum of the ballots' weights, independent of their order."""
        return round(math.fsum(ballot.weight for ballot in self.ballots), _PLACES)

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


class Tally:
    """Ballots as they arrive; a verdict at any time.

    Args:
        kind: a key of ``KINDS``, or ``auto``.
        question: supplies options, labels and, under ``auto``, the kind.
        labels: the closed list of a label question, where the question does not hold it.
    """

    def __init__(
        self, *, kind: str = "auto", question: str | None = None, labels: Sequence[str] = ()
    ) -> None:
        if kind != "auto":
            checked_kind(kind)
        self._asked = read_question(question, labels=tuple(labels))
        self._kind = self._asked.kind if kind == "auto" and self._asked.kind in KINDS else kind
        self._ballots: dict[int, Ballot] = {}
        self._answers: dict[tuple[str, Sample], Answer | None] = {}

    def add(self, index: int, sample: SampleLike, *, weight: float = 1.0, rank: int = 0) -> None:
        """Count a sample.

        Args:
            index: its position in the request, at least 0; identifies the ballot.
            sample: a text, a message or a sample record.
            weight: at least 0 and finite.
            rank: rank of its expert, 0 the best; breaks ties.

        Raises:
            ConfigError: the weight is negative or no number, or the index was counted before.
        """
        if not (math.isfinite(weight) and weight >= 0):
            raise ConfigError(
                f"the weight of sample {index} is {weight!r}; give a finite number >= 0"
            )
        if index in self._ballots:
            raise ConfigError(f"sample {index} was counted before; each index votes once")
        self._ballots[index] = Ballot(index, read_sample(sample), float(weight), rank)

    def __len__(self) -> int:
        return len(self._ballots)

    def verdict(self) -> Verdict:
        """The outcome over the ballots counted so far; the same for every order of arrival."""
        kind = self._settled_kind()
        ballots = [self._ballots[index] for index in sorted(self._ballots)]
        classes, abstained = self._classes(kind, ballots)
        ordered = sorted(classes, key=lambda group: (-group.weight, group.precedence))
        total = math.fsum(ballot.weight for ballot in ballots)
        if not ordered:
            return Verdict(
                answer=None,
                kind=kind,
                tally=[],
                agreement=0.0,
                margin=0.0,
                confidence=0.0,
                winner=None,
                abstained=[ballot.index for ballot in ballots],
                fallback=_fallback(ballots),
            )
        leader = ordered[0]
        runner_up = ordered[1].weight if len(ordered) > 1 else 0.0
        agreement = min(1.0, leader.weight / total) if total else 0.0
        margin = min(1.0, max(0.0, (leader.weight - runner_up) / total)) if total else 0.0
        return Verdict(
            answer=leader.representative.text,
            kind=kind,
            tally=[_row(group) for group in ordered],
            agreement=agreement,
            margin=margin,
            confidence=confidence_of(agreement=agreement, margin=margin, ballots=len(ballots)),
            winner=leader.speaker.index,
            abstained=[ballot.index for ballot in abstained],
        )

    def is_decided(
        self,
        remaining_weights: Sequence[float],
        *,
        remaining_ranks: Sequence[int] | None = None,
        remaining_indices: Sequence[int] | None = None,
    ) -> bool:
        """Whether no outcome of the remaining ballots can change the winning answer.

        A remaining ballot may found a class, join one, or abstain; at worst all of them join
        the strongest rival. A rival that could only draw level is settled by the tie rules
        where ``remaining_ranks`` and ``remaining_indices`` say what they would be, and
        otherwise counts as able to win. For kinds whose equality is not transitive a late
        ballot of low index may regroup the others, so only the ballots that agree with the
        leader to the letter count for it, and all others against it.

        Args:
            remaining_weights: the weight of each ballot still to come.
            remaining_ranks: their experts' ranks, if known.
            remaining_indices: their indices, if known.
        """
        if not remaining_weights:
            return True
        if self._kind == "auto" or not self._ballots:
            return False
        row = KINDS[self._kind]
        ballots = [self._ballots[index] for index in sorted(self._ballots)]
        classes, _ = self._classes(self._kind, ballots)
        if not classes:
            return False
        ordered = sorted(classes, key=lambda group: (-group.weight, group.precedence))
        leader, rivals = ordered[0], ordered[1:]
        remaining = math.fsum(remaining_weights)
        late_precedence = (
            min(remaining_ranks) if remaining_ranks else -1,
            min(remaining_indices) if remaining_indices else -1,
        )
        if row.same is not None:
            own = row.key(leader.representative)
            core = [
                ballot
                for ballot, answer in zip(leader.ballots, leader.answers, strict=True)
                if row.key(answer) == own
            ]
            held = math.fsum(ballot.weight for ballot in core)
            against = math.fsum(b.weight for group in classes for b in group.ballots) - held
            return round(held - against - remaining, _PLACES) > 0
        for weight, precedence in [
            *((group.weight, group.precedence) for group in rivals),
            (0.0, late_precedence),
        ]:
            lead = round(leader.weight - weight - remaining, _PLACES)
            late_tie = (
                min(precedence[0], late_precedence[0]),
                min(precedence[1], late_precedence[1]),
            )
            if lead < 0 or (lead == 0 and late_tie < leader.precedence):
                return False
        return True

    def _settled_kind(self) -> str:
        if self._kind != "auto":
            return self._kind
        samples = [self._ballots[index].sample for index in sorted(self._ballots)]
        return settle_kind("auto", self._asked, samples)

    def _classes(
        self, kind: str, ballots: Sequence[Ballot]
    ) -> tuple[list[AnswerClass], list[Ballot]]:
        row = KINDS[kind]
        classes: list[AnswerClass] = []
        joined: dict[Hashable, AnswerClass] = {}
        abstained = []
        for ballot in ballots:
            answer = self._answer(kind, ballot.sample)
            if answer is None:
                abstained.append(ballot)
                continue
            key = row.key(answer)
            group = joined.get(key)
            if group is None and row.same is not None:
                group = next((g for g in classes if row.same(answer, g.representative)), None)
            if group is None:
                group = AnswerClass(answer, [], [])
                classes.append(group)
            joined[key] = group
            group.ballots.append(ballot)
            group.answers.append(answer)
        return classes, abstained

    def _answer(self, kind: str, sample: Sample) -> Answer | None:
        if sample.tool_calls:
            return answer_of(sample, kind=kind, question=self._asked)
        known = (kind, sample)
        if known not in self._answers:
            self._answers[known] = answer_of(sample, kind=kind, question=self._asked)
        return self._answers[known]


def _row(group: AnswerClass) -> TallyRow:
    return {
        "answer": group.representative.text,
        "votes": len(group.ballots),
        "weight": group.weight,
        "samples": [ballot.index for ballot in group.ballots],
    }


def _fallback(ballots: Sequence[Ballot]) -> int | None:
    """The best-ranked ballot with a text, preferring one that is no error or refusal."""
    texts = [ballot for ballot in ballots if ballot.sample.text.strip()]
    if not texts:
        return None
    return min(texts, key=lambda b: (b.sample.failed or b.sample.refused, b.rank, b.index)).index


def vote(
    samples: Sequence[SampleLike],
    *,
    question: str | None = None,
    kind: str = "auto",
    weights: Sequence[float] | None = None,
    ranks: Sequence[int] | None = None,
    labels: Sequence[str] = (),
) -> Verdict:
    """Let samples vote on the answer.

    Args:
        samples: texts, messages or sample records; a record's place in the list is its index.
        question: what was asked; makes options, labels and units known.
        kind: a key of ``KINDS``, or ``auto``.
        weights: one per sample, finite and at least 0; None weighs all alike.
        ranks: the rank of each sample's expert, 0 the best; None ranks all alike.
        labels: the closed list of a label question, where the question does not hold it.

    Raises:
        ConfigError: unknown kind, or weights or ranks that do not fit the samples.
    """
    for name, given in (("weights", weights), ("ranks", ranks)):
        if given is not None and len(given) != len(samples):
            raise ConfigError(
                f"{len(given)} {name} for {len(samples)} samples; give one for each sample"
            )
    tally = Tally(kind=kind, question=question, labels=labels)
    for index, sample in enumerate(samples):
        tally.add(
            index,
            sample,
            weight=1.0 if weights is None else weights[index],
            rank=0 if ranks is None else ranks[index],
        )
    return tally.verdict()
