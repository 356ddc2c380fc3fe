"""The strategies of the paper, each a function from two numbers to a plan.

A new strategy is one function here and one row in ``STRATEGIES``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from avengers_graph.errors import ConfigError, describe
from avengers_graph.plans.plan import ExpertRef, Peers, Plan, PlannedCall, PlannedRound, StopRule

SWITCH_BELOW = 0.8
"""model-switch, fast-slow and slow-fast ask the second expert when agreement is under it."""

SAFE = 0.95
"""adaptive stops when the leader beats the runner-up with this probability (Aggarwal et al.)."""

CLOSE = 0.07
"""sequential lets experts take turns that lie this close to the best in estimated accuracy."""

AHEAD = 2.0
"""sequential stops when the leader is this many ballots of the best expert ahead."""

STEP = 2
"""Samples of one round of sequential and adaptive; adaptive's first round takes twice as many."""


def split_evenly(samples: int, experts: int) -> list[PlannedCall]:
    """The best ``experts`` share ``samples``; what does not divide goes to the better-ranked."""
    share, left = divmod(samples, experts)
    counts = [share + (rank < left) for rank in range(experts)]
    return [PlannedCall(expert=rank, samples=count) for rank, count in enumerate(counts) if count]


def direct(*, samples: int, top_experts: int) -> Plan:
    """The best expert, asked once."""
    return Plan(rounds=[_round(_of(0, 1))])


def self_consistency(*, samples: int, top_experts: int) -> Plan:
    """The best expert, asked ``samples`` times (Wang et al. 2022; the paper's default)."""
    return Plan(rounds=[_round(_of(0, samples))])


def multi_model(*, samples: int, top_experts: int) -> Plan:
    """The best ``top_experts``, sharing the samples."""
    return Plan(rounds=[_round(*split_evenly(samples, top_experts))])


def model_switch(*, samples: int, top_experts: int) -> Plan:
    """The best expert; where its samples disagree the second as well (ModelSwitch, 2025)."""
    return _in_two(0, 1, samples)


def fast_slow(*, samples: int, top_experts: int) -> Plan:
    """The best fast expert; where its samples disagree the best thinking one as well."""
    return _in_two("fast", "thinking", samples)


def slow_fast(*, samples: int, top_experts: int) -> Plan:
    """The best thinking expert; where its samples disagree the best fast one as well."""
    return _in_two("thinking", "fast", samples)


def adaptive(*, samples: int, top_experts: int) -> Plan:
    """The best expert in small rounds, until its leading answer is safe.

    Aggarwal et al. 2023, "Let's Sample Step by Step": stop when the Beta posterior of the two
    leading answers says that the leader would win.
    """
    safe = StopRule(rule="posterior", threshold=SAFE)
    first = min(2 * STEP, samples)
    sizes = [first, *_steps(samples - first)]
    return Plan(rounds=[_round(_of(0, size), stop=safe) for size in sizes])


def sequential(*, samples: int, top_experts: int) -> Plan:
    """The best expert twice, then its peers in turn, until the leading answer is far enough ahead.

    Two answers of the best that agree are enough; where they do not, others that are nearly as
    good know better than a third answer of the same expert. Ballots weigh by log-odds.
    """
    ahead = StopRule(rule="margin", threshold=AHEAD)
    first = min(STEP, samples)
    rounds = [_round(_of(0, first), stop=ahead)]
    peers = Peers(within=CLOSE)
    rounds += [_round(_of(peers, size), stop=ahead) for size in _steps(samples - first)]
    return Plan(rounds=rounds, weighting="log-odds")


def boosted(*, samples: int, top_experts: int) -> Plan:
    """As multi-model; ballots weigh by the log-odds of their experts (Optimal Weight, 2025)."""
    rounds = [_round(*split_evenly(samples, top_experts))]
    return Plan(rounds=rounds, weighting="log-odds")


def aggregation(*, samples: int, top_experts: int) -> Plan:
    """The best ``top_experts`` answer; the best one of all reads them and gives the answer."""
    rounds = [_round(*split_evenly(samples, top_experts)), _round(_of(0, 1), shown=True)]
    return Plan(rounds=rounds, counted="last")


def mixture_of_agents(*, samples: int, top_experts: int) -> Plan:
    """Experts answer, answer again having read each other, and one sums up (MoA, 2024)."""
    proposals = split_evenly(samples, top_experts)
    revised = [_of(rank, 1) for rank in range(top_experts)]
    rounds = [_round(*proposals), _round(*revised, shown=True), _round(_of(0, 1), shown=True)]
    return Plan(rounds=rounds, counted="last")


def _of(expert: ExpertRef, samples: int) -> PlannedCall:
    return PlannedCall(expert=expert, samples=samples)


def _round(*calls: PlannedCall, stop: StopRule | None = None, shown: bool = False) -> PlannedRound:
    return PlannedRound(calls=list(calls), stop=stop, shown=shown)


def _in_two(first: ExpertRef, second: ExpertRef, samples: int) -> Plan:
    """Half of the samples of one expert; the other half of another one if they disagree."""
    unsure = StopRule(rule="agreement", threshold=SWITCH_BELOW)
    rounds = [_round(_of(first, (samples + 1) // 2), stop=unsure)]
    if samples > 1:
        rounds.append(_round(_of(second, samples // 2)))
    return Plan(rounds=rounds)


def _steps(samples: int) -> list[int]:
    whole, rest = divmod(samples, STEP)
    return [STEP] * whole + ([rest] if rest else [])


STRATEGIES: Mapping[str, Callable[..., Plan]] = MappingProxyType(
    {
        "direct": direct,
        "self-consistency": self_consistency,
        "multi-model": multi_model,
        "model-switch": model_switch,
        "fast-slow": fast_slow,
        "slow-fast": slow_fast,
        "adaptive": adaptive,
        "sequential": sequential,
        "boosted": boosted,
        "aggregation": aggregation,
        "mixture-of-agents": mixture_of_agents,
    }
)
"""The plans that a Context may name, each a function of ``samples`` and ``top_experts``."""


def checked_plans(given: Mapping[str, Plan | Mapping[str, Any]]) -> dict[str, Plan]:
    """A user's own plans by name, each a ``Plan`` or its plain form.

    Raises:
        ConfigError: a plan has a wrong or unknown field.
    """
    try:
        return TypeAdapter(dict[str, Plan]).validate_python(given)
    except ValidationError as error:
        raise ConfigError(f"plans: {describe(error)}") from error


def make_plan(
    strategy: str, *, samples: int, top_experts: int, own: Mapping[str, Plan] | None = None
) -> Plan:
    """The plan of a named strategy, one of ``STRATEGIES`` or of the user's ``own``.

    Raises:
        ConfigError: no such strategy.
    """
    if own and strategy in own:
        return own[strategy]
    if strategy not in STRATEGIES:
        known = ", ".join([*(own or {}), *STRATEGIES])
        raise ConfigError(f"unknown strategy {strategy!r}; choose one of {known}")
    return STRATEGIES[strategy](samples=samples, top_experts=top_experts)
