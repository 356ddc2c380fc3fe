"""From a planned round to the calls it means, and whether the plan goes on after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from avengers_graph.values import Plan, PlannedRound, StopRule


@dataclass(frozen=True, slots=True)
class Ask:
    """``samples`` answers wanted from the expert named ``expert``."""

    expert: str
    samples: int


def asks_for(planned: PlannedRound, ranked: Sequence[str]) -> list[Ask]:
    """Who is asked in a round, best-ranked first.

    A rank beyond the experts there are falls back on the best ones in turn, so that a
    pool smaller than the plan still gives the number of samples asked for.
    """
    counts: dict[str, int] = {}
    for rank, samples in planned["calls"]:
        name = ranked[rank % len(ranked)]
        counts[name] = counts.get(name, 0) + samples
    return [Ask(name, counts[name]) for name in ranked if name in counts]


def planned_samples(plan: Plan) -> int:
    """Samples the whole plan allows for, all rounds together."""
    return sum(samples for planned in plan["rounds"] for _, samples in planned["calls"])


def _agreement_reached(*, agreement: float, threshold: float) -> bool:
    return agreement >= threshold


STOP_RULES: Mapping[str, Callable[..., bool]] = MappingProxyType({"agreement": _agreement_reached})


def is_met(rule: StopRule | None, *, agreement: float) -> bool:
    """Whether a round's stop rule ends the plan; without a rule the plan goes on."""
    if rule is None:
        return False
    return STOP_RULES[rule["rule"]](agreement=agreement, threshold=rule["threshold"])


def plan_is_done(plan: Plan, *, finished_round: int, agreement: float) -> bool:
    """Whether the plan ends after the 0-based round ``finished_round``."""
    last = finished_round + 1 >= len(plan["rounds"])
    return last or is_met(plan["rounds"][finished_round]["stop"], agreement=agreement)
