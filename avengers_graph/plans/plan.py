"""A plan: rounds of calls, and the rules by which it ends early.

A new stop rule is one function here and one row in ``STOP_RULES``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from avengers_graph.registry import OneOf
from avengers_graph.voting.ballots import WEIGHTINGS

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


STOP_RULES: Mapping[str, Callable[[Standing, float], bool]] = MappingProxyType(
    {
        "agreement": agreement_reached,
        "posterior": leader_is_safe,
        "unbeatable": lead_is_unbeatable,
    }
)
"""The rules a round may name, each a function of the vote and the round's threshold."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StopRule(_Part):
    """When a plan may end after a round."""

    rule: Annotated[str, OneOf(STOP_RULES)]
    threshold: float = Field(default=1.0, ge=0, le=1)
    """Not looked at by ``unbeatable``."""

    def is_met(self, standing: Standing) -> bool:
        """Whether the vote as it stands ends the plan."""
        return STOP_RULES[self.rule](standing, self.threshold)


ExpertRef: TypeAlias = Annotated[int, Field(ge=0)] | Literal["fast", "thinking"]
"""Rank, 0 for the best, or the best-ranked expert of that sort."""


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


@dataclass(frozen=True, slots=True)
class Ask:
    """``samples`` answers wanted from the expert named ``expert``."""

    expert: str
    samples: int


def asks_for(
    planned: PlannedRound, ranked: Sequence[str], *, thinking: frozenset[str] = frozenset()
) -> list[Ask]:
    """Who is asked in a round, best-ranked first.

    A rank beyond the experts there are falls back on the best ones in turn, so that a pool
    smaller than the plan still gives the number of samples asked for; so does ``thinking`` or
    ``fast`` where there is no such expert.
    """
    counts: dict[str, int] = {}
    for call in planned.calls:
        name = _expert_for(call.expert, ranked, thinking)
        counts[name] = counts.get(name, 0) + call.samples
    return [Ask(name, counts[name]) for name in ranked if name in counts]


def _expert_for(wanted: ExpertRef, ranked: Sequence[str], thinking: frozenset[str]) -> str:
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
