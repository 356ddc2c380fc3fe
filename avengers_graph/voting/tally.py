"""Counting ballots: classes of equal answers, their weights, the winner.

The rules. Ballots are taken in the order of their indices, whatever the order of their
arrival; each joins the first class whose representative (the class's first ballot) it
equals, or founds one. The heaviest class wins; ties go to the class with the better-ranked
expert, then to the class of the earlier sample, never to chance. Where no two answers need
be alike (json, free_text) the class with most support wins: the weighted similarity to all
ballots. Abstentions count in the total and never win.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from avengers_graph.errors import ConfigError
from avengers_graph.voting.answer import Answer, Verdict
from avengers_graph.voting.auto import WORDS, kinds_to_try, says_something
from avengers_graph.voting.ballots import PLACES, AnswerClass, Ballot, classes_of, ordered
from avengers_graph.voting.confidence import confidence_of
from avengers_graph.voting.extraction import answer_of, checked_kind
from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.kinds.json_value import merged
from avengers_graph.voting.kinds.kind import Embed
from avengers_graph.voting.programs.code_run import behaviour, examples_in
from avengers_graph.voting.sample import Sample, SampleLike, read_sample
from avengers_graph.voting.structured.written_json import json_text, read_json
from avengers_graph.voting.texts.question import read_question


class Tally:
    """Ballots as they arrive; a verdict at any time.

    Args:
        kind: a key of ``KINDS``, or ``auto``.
        question: supplies options, labels and, under ``auto``, the kind.
        labels: the closed list of a label question, where the question does not hold it.
        tools: the tools offered, in OpenAI's form; makes defaults and arguments without a name
            known.
        embed: texts to vectors, for the medoid of free texts; None compares their words.
        run_code: group programs by what they return on the question's examples. This runs
            the models' code, in a limited process; see ``voting.code_run``.
        merge: let JSON objects win field by field; the answer may then be no sample's own.
        prior: mean accuracy of the asked experts on queries like this, in [0, 1]; sharpens
            the confidence.
    """

    def __init__(
        self,
        *,
        kind: str = "auto",
        question: str | None = None,
        labels: Sequence[str] = (),
        tools: Sequence[Mapping[str, Any]] = (),
        embed: Embed | None = None,
        run_code: bool = False,
        merge: bool = False,
        prior: float | None = None,
    ) -> None:
        if kind != "auto":
            checked_kind(kind)
        self._kind = kind
        self._asked = read_question(question, labels=labels, tools=tools)
        self._embed = embed
        self._merge = merge
        self._prior = prior
        self._examples = examples_in(question or "") if run_code else ()
        self._ballots: dict[int, Ballot] = {}
        self._answers: dict[tuple[str, str, bool], Answer | None] = {}
        self._behaviours: dict[str, Hashable] = {}

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
        ballots = self._in_order()
        kind, tried = self._settled(ballots)
        classes, abstained = self._classes(kind, ballots)
        if not classes:
            return _all_abstained(kind, ballots)
        groups = ordered(classes, KINDS[kind], embed=self._embed)
        leader = groups[0]
        total = math.fsum(ballot.weight for ballot in ballots)
        runner_up = max((group.weight for group in groups[1:]), default=0.0)
        agreement = min(1.0, leader.weight / total) if total else 0.0
        margin = min(1.0, max(0.0, (leader.weight - runner_up) / total)) if total else 0.0
        return Verdict(
            answer=self._answer_text(kind, leader, ballots),
            kind=kind,
            tally=[group.row() for group in groups],
            agreement=agreement,
            margin=margin,
            confidence=confidence_of(agreement=agreement, ballots=len(ballots), prior=self._prior),
            winner=leader.speaker.index,
            abstained=[ballot.index for ballot in abstained],
            tried=tried,
        )

    def is_decided(self, remaining_weights: Sequence[float]) -> bool:
        """Whether no outcome of the remaining ballots can change the winning answer.

        A remaining ballot may found a class, join one, or abstain; at worst all of them join
        the strongest rival. A rival that could draw level counts as able to win. For kinds
        whose equality is not transitive a late ballot of low index may regroup the others, so
        only the ballots that agree with the leader to the letter count for it, and all others
        against it. Kinds that win by support are never decided early, ``auto`` not while the
        kind may still change, and answers that were broken off not while a whole one may come.

        Args:
            remaining_weights: the weight of each ballot still to come.
        """
        if not remaining_weights:
            return True
        kind = self._kind_whatever_comes(remaining_weights)
        if kind is None or KINDS[kind].support is not None:
            return False
        classes, _ = self._classes(kind, self._in_order())
        if not classes or any(ballot.sample.truncated for ballot in classes[0].ballots):
            return False
        leader, *rivals = ordered(classes, KINDS[kind], embed=None)
        remaining = math.fsum(remaining_weights)
        if KINDS[kind].same is not None:
            held = leader.core_weight()
            against = math.fsum(group.weight for group in classes) - held
            return round(held - against - remaining, PLACES) > 0
        strongest = max((group.weight for group in rivals), default=0.0)
        return round(leader.weight - strongest - remaining, PLACES) > 0

    def _in_order(self) -> list[Ballot]:
        return [self._ballots[index] for index in sorted(self._ballots)]

    def _settled(self, ballots: Sequence[Ballot]) -> tuple[str, list[str]]:
        """The kind that the ballots are compared by, and those that ``auto`` gave up for it."""
        if self._kind != "auto":
            return self._kind, []
        answered: dict[str, float] = {}
        for kind in kinds_to_try(self._asked, [ballot.sample for ballot in ballots]):
            if answered and kind in WORDS and not self._agreed(kind, ballots):
                continue
            said, silent = self._said(kind, ballots)
            if said >= silent and (said or not silent):
                return kind, list(answered)
            answered[kind] = said
        best = max(answered, key=lambda kind: answered[kind])
        kinds = list(answered)
        return best, kinds[: kinds.index(best)]

    def _agreed(self, kind: str, ballots: Sequence[Ballot]) -> bool:
        """Whether at least two ballots say the same."""
        return any(len(group.ballots) > 1 for group in self._classes(kind, ballots)[0])

    def _said(self, kind: str, ballots: Sequence[Ballot]) -> tuple[float, float]:
        """Weight of the whole answers of a kind, and of what says something else."""
        answers, others = [], []
        for ballot in ballots:
            if ballot.sample.truncated:
                continue
            if self._answer(kind, ballot.sample) is not None:
                answers.append(ballot.weight)
            elif not ballot.sample.tool_calls and says_something(ballot.sample):
                others.append(ballot.weight)
        return round(math.fsum(answers), PLACES), round(math.fsum(others), PLACES)

    def _kind_whatever_comes(self, remaining_weights: Sequence[float]) -> str | None:
        """The kind where such ballots to come cannot change it; None where they can."""
        if self._kind != "auto" or self._asked.kind is None:
            return None if self._kind == "auto" else self._kind
        calls = sum(bool(ballot.sample.tool_calls) for ballot in self._ballots.values())
        remaining = len(remaining_weights)
        if 2 * (calls + remaining) > len(self._ballots) + remaining:
            return None
        said, silent = self._said(self._asked.kind, self._in_order())
        stays = said > 0 and said - silent - math.fsum(remaining_weights) >= 0
        return self._asked.kind if stays else None

    def _classes(
        self, kind: str, ballots: Sequence[Ballot]
    ) -> tuple[list[AnswerClass], list[Ballot]]:
        """The classes in order of their first ballots, and the ballots that abstain.

        An answer that was broken off is no ballot while there is a whole one.
        """
        cast: list[tuple[Ballot, Answer]] = []
        for ballot in ballots:
            answer = self._answer(kind, ballot.sample)
            if answer is not None:
                cast.append((ballot, answer))
        whole = [(ballot, answer) for ballot, answer in cast if not ballot.sample.truncated]
        counted = whole or cast
        indices = {ballot.index for ballot, _ in counted}
        abstained = [ballot for ballot in ballots if ballot.index not in indices]
        return classes_of(counted, KINDS[kind], key=self._key_of(kind)), abstained

    def _answer(self, kind: str, sample: Sample) -> Answer | None:
        if sample.failed or sample.tool_calls:
            return answer_of(sample, kind=kind, question=self._asked)
        known = (kind, sample.text, sample.truncated)
        if known not in self._answers:
            self._answers[known] = answer_of(sample, kind=kind, question=self._asked)
        return self._answers[known]

    def _key_of(self, kind: str) -> Callable[[Answer], Hashable]:
        if kind != "code" or not self._examples:
            return KINDS[kind].key
        return self._behaviour

    def _behaviour(self, answer: Answer) -> Hashable:
        """What a program does; programs that do not load compare by their text."""
        if answer.text not in self._behaviours:
            done = behaviour(answer.text, self._examples)
            self._behaviours[answer.text] = (
                ("source", KINDS["code"].key(answer)) if done is None else ("behaviour", done)
            )
        return self._behaviours[answer.text]

    def _answer_text(self, kind: str, leader: AnswerClass, ballots: Sequence[Ballot]) -> str:
        if kind != "json" or not self._merge:
            return leader.representative.text
        values = [
            (read_json(answer.text), ballot.weight)
            for ballot in ballots
            if (answer := self._answer(kind, ballot.sample)) is not None
        ]
        return json_text(merged(values))


def _all_abstained(kind: str, ballots: Sequence[Ballot]) -> Verdict:
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


def _fallback(ballots: Sequence[Ballot]) -> int | None:
    """The best-ranked ballot with a text, preferring one that is no error or refusal."""
    texts = [ballot for ballot in ballots if ballot.sample.text.strip()]
    if not texts:
        return None
    return min(texts, key=lambda b: (b.sample.failed or b.sample.refused, b.rank, b.index)).index
