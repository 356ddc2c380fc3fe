"""When a plan may end before its last round.

A new rule is one function here and one row in ``STOP_RULES``.
"""

from collections.abc import Callable, Mapping, Sequence
from math import comb
from types import MappingProxyType

from avengers_graph.values import Plan, StopRule


def agreement_reached(*, agreement: float, votes: Sequence[int], threshold: float) -> bool:
    """The leader's share of the samples is at least ``threshold``."""
    return agreement >= threshold


def leader_is_safe(*, agreement: float, votes: Sequence[int], threshold: float) -> bool:
    """The leader beats the runner-up with a probability of at least ``threshold``.

    With votes v1 >= v2 the share of the leader between the two is Beta(v1+1, v2+1), so the
    probability is 1 - I_0.5(v1+1, v2+1), a sum of binomial terms for whole votes (Aggarwal et
    al. 2023, equation 3).
    """
    if not votes:
        return False
    first, second = votes[0], (votes[1] if len(votes) > 1 else 0)
    trials = first + second + 1
    # 1 - I_0.5(a, b) is the chance of fewer than a heads in a+b-1 throws of a fair coin.
    fewer = sum(comb(trials, heads) for heads in range(first + 1))
    return fewer / 2.0**trials >= threshold


STOP_RULES: Mapping[str, Callable[..., bool]] = MappingProxyType(
    {
        "agreement": agreement_reached,
        "posterior": leader_is_safe,
    }
)


def is_met(rule: StopRule | None, *, agreement: float, votes: Sequence[int]) -> bool:
    """Whether a round's stop rule ends the plan; without a rule the plan goes on."""
    if rule is None:
        return False
    return STOP_RULES[rule["rule"]](agreement=agreement, votes=votes, threshold=rule["threshold"])


def plan_is_done(
    plan: Plan, *, finished_round: int, agreement: float, votes: Sequence[int]
) -> bool:
    """Whether the plan ends after the 0-based round ``finished_round``.

    ``votes`` are those of each answer, most first.
    """
    last = finished_round + 1 >= len(plan["rounds"])
    rule = plan["rounds"][finished_round]["stop"]
    return last or is_met(rule, agreement=agreement, votes=votes)
