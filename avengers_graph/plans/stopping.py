"""When a plan may end before its last round.

A new rule is one function here and one row in ``STOP_RULES``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from types import MappingProxyType

from avengers_graph.types import Plan, StopRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The vote after a round, as far as rules look at it."""

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


def is_met(rule: StopRule | None, standing: Standing) -> bool:
    """Whether a round's stop rule ends the plan; without a rule the plan goes on."""
    return rule is not None and STOP_RULES[rule["rule"]](standing, rule["threshold"])


def plan_is_done(plan: Plan, standing: Standing, *, finished_round: int) -> bool:
    """Whether the plan ends after the 0-based round ``finished_round``."""
    last = finished_round + 1 >= len(plan["rounds"])
    return last or is_met(plan["rounds"][finished_round]["stop"], standing)
