"""A plan: rounds of calls, and the rules by which it ends early.

A new stop rule is one function here and one row in ``STOP_RULES``.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, inf
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from avengers_graph.registry import OneOf
from avengers_graph.voting.ballots import PLACES, WEIGHTINGS

MOST_SAMPLES = 256
"""Of one request, and so of one call and the most rounds a plan can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The vote after a round, as far as stop rules look at it."""

    agreement: float
    """The leader's share of the samples, in [0, 1]."""
    votes: Sequence[int]
    """Of each answer, most first."""
    unbeatable: bool
    """Whether no ballot the plan still allows for can change the winner."""
    weights: Sequence[float] = ()
    """Of each answer, in the order of the votes: the sum of its ballots' weights."""
    best_weight: float = 1.0
    """What a ballot of the best-ranked expert weighs, above 0."""


def agreement_reached(standing: Standing, threshold: float) -> bool:
    """The leader's share of the samples is at least ``threshold``."""
    return standing.agreement >= threshold


def leader_is_safe(standing: Standing, threshold: float) -> bool:
    """The leader beats the runner-up with a probability of at least ``threshold``.

    With votes v1 >= v2 the share of the leader between the two is Beta(v1+1, v2+1), so the
    probability is 1 - I_0.5(v1+1, v2+1), a sum of binomial terms for whole votes (Aggarwal et
    al. 2023, equation 3).
    """
    if not standing.votes:
        return False
    first, second = (*standing.votes, 0)[:2]
    trials = first + second + 1
    # 1 - I_0.5(a, b) is the chance of fewer than a heads in a+b-1 throws of a fair coin.
    fewer = sum(comb(trials, heads) for heads in range(first + 1))
    return fewer / 2.0**trials >= threshold


def lead_is_unbeatable(standing: Standing, threshold: float) -> bool:
    """The rest of the plan cannot change the winner: stopping here costs nothing."""
    return standing.unbeatable


def margin_reached(standing: Standing, threshold: float) -> bool:
    """The leader is ``threshold`` ballots of the best expert ahead, or cannot be beaten.

    V1 - V2 >= g w: V1 and V2 the weights of the leader and of the heaviest other answer, w that
    of a ballot of the best-ranked expert. A leader by support may lie behind in weight.
    """
    if not standing.weights:
        return False
    lead = standing.weights[0] - max(standing.weights[1:], default=0.0)
    # Both weights are rounded to PLACES, so that their difference may be one unit off.
    missing = round(threshold * standing.best_weight - lead, PLACES - 1)
    return standing.unbeatable or missing <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of ``STOP_RULES``."""

    is_met: Callable[[Standing, float], bool]
    """A function of the vote and the threshold."""
    usual: float = 1.0
    """The threshold where a plan names none."""
    highest: float = 1.0
    """The highest threshold that means anything; the lowest is 0."""


STOP_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "agreement": Rule(is_met=agreement_reached),
        "posterior": Rule(is_met=leader_is_safe),
        "unbeatable": Rule(is_met=lead_is_unbeatable),
        "margin": Rule(is_met=margin_reached, usual=2.0, highest=inf),
    }
)
"""The rules that a round may name."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StopRule(_Part):
    """When a plan may end after a round."""

    rule: Annotated[str, OneOf(STOP_RULES)]
    threshold: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """A share in [0, 1] for ``agreement`` and ``posterior``; for ``margin`` ballots of the best
    expert. Not looked at by ``unbeatable``. None: the rule's usual one."""

    @model_validator(mode="after")
    def _within_the_rules_range(self) -> Self:
        highest = STOP_RULES[self.rule].highest
        if self.threshold is not None and self.threshold > highest:
            raise ValueError(
                f"a threshold of {self.threshold!r} is too high; {self.rule} takes 0 to {highest:g}"
            )
        return self

    def is_met(self, standing: Standing) -> bool:
        """Whether the vote as it stands ends the plan."""
        rule = STOP_RULES[self.rule]
        return rule.is_met(standing, rule.usual if self.threshold is None else self.threshold)


class Peers(_Part):
    """The experts that are nearly as good as the best one, in turn; the best where there are none.

    The turn goes on from round to round.
    """

    within: float = Field(ge=0, le=1)
    """How far below the best one's their estimated accuracy may lie."""


ExpertRef: TypeAlias = Annotated[int, Field(ge=0)] | Literal["fast", "thinking"] | Peers
"""Rank, 0 for the best, or the best-ranked expert of that sort, or the peers of the best."""


class PlannedCall(_Part):
    """Samples of one expert."""

    expert: ExpertRef = 0
    samples: int = Field(ge=1, le=MOST_SAMPLES)


class PlannedRound(_Part):
    """Who is asked how often, and when that is enough."""

    calls: list[PlannedCall] = Field(min_length=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Comes before the Context's; None keeps that."""
    stop: StopRule | None = None
    """Tested after the round: met, the plan ends; None: the next round always follows."""
    shown: bool = False
    """Whether those asked read the answers so far, to combine them into a better one."""


class Plan(_Part):
    """A strategy as data: as the YAML has it, and as the state holds it in plain JSON."""

    rounds: list[PlannedRound] = Field(min_length=1, max_length=MOST_SAMPLES)
    weighting: Annotated[str, OneOf(WEIGHTINGS)] = "uniform"
    """How ballots weigh."""
    counted: Literal["all", "last"] = "all"
    """Whose samples are ballots: those of all rounds, or of the last one only."""

    def turns_before(self, number: int) -> int:
        """Samples that the rounds before the 0-based round ``number`` ask of peers."""
        calls = (call for planned in self.rounds[:number] for call in planned.calls)
        return sum(call.samples for call in calls if isinstance(call.expert, Peers))


@dataclass(frozen=True, slots=True)
class Ask:
    """``samples`` answers wanted from the expert named ``expert``."""

    expert: str
    samples: int


def asks_for(
    planned: PlannedRound,
    ranked: Sequence[str],
    *,
    thinking: frozenset[str] = frozenset(),
    scores: Mapping[str, float] | None = None,
    turns: int = 0,
) -> list[Ask]:
    """Who is asked in a round, best-ranked first.

    A rank beyond the experts there are falls back on the best ones in turn, so that a pool
    smaller than the plan still gives the number of samples asked for. ``thinking``, ``fast`` and
    peers fall back on the best where there is no such expert.

    Args:
        ranked: the experts' names, best first.
        thinking: the experts that think before they answer.
        scores: estimated accuracy of each expert, in [0, 1]; without, nobody is a peer.
        turns: how often peers were asked in earlier rounds, as ``Plan.turns_before`` says.
    """
    asked: list[str] = []
    for call in planned.calls:
        if isinstance(call.expert, Peers):
            in_turn = _peers(ranked, scores or {}, within=call.expert.within) or ranked[:1]
            asked += [in_turn[(turns + k) % len(in_turn)] for k in range(call.samples)]
            turns += call.samples
        else:
            asked += [_expert_for(call.expert, ranked, thinking)] * call.samples
    counts = Counter(asked)
    return [Ask(name, counts[name]) for name in ranked if name in counts]


def _peers(ranked: Sequence[str], scores: Mapping[str, float], *, within: float) -> list[str]:
    """Those behind the best-ranked one whose score is no further below its own, best first."""
    best, *others = ranked
    return [
        name
        for name in others
        if name in scores and round(scores[best] - scores[name] - within, PLACES) <= 0
    ]


def _expert_for(
    wanted: int | Literal["fast", "thinking"], ranked: Sequence[str], thinking: frozenset[str]
) -> str:
    if isinstance(wanted, int):
        return ranked[wanted % len(ranked)]
    of_that_sort = [name for name in ranked if (name in thinking) == (wanted == "thinking")]
    return (of_that_sort or list(ranked))[0]


def planned_samples(plan: Plan, *, from_round: int = 0) -> int:
    """Samples the plan allows for in the round ``from_round`` and those after it."""
    return sum(call.samples for planned in plan.rounds[from_round:] for call in planned.calls)


def plan_is_done(plan: Plan, standing: Standing, *, finished_round: int) -> bool:
    """Whether the plan ends after the 0-based round ``finished_round``."""
    stop = plan.rounds[finished_round].stop
    is_last = finished_round + 1 >= len(plan.rounds)
    return is_last or (stop is not None and stop.is_met(standing))
