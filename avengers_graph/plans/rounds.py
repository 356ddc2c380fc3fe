"""From a planned round to the calls it means."""

from collections.abc import Sequence
from dataclasses import dataclass

from avengers_graph.types import Plan, PlannedRound


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
    for call in planned["calls"]:
        name = _expert_for(call["expert"], ranked, thinking)
        counts[name] = counts.get(name, 0) + call["samples"]
    return [Ask(name, counts[name]) for name in ranked if name in counts]


def _expert_for(wanted: int | str, ranked: Sequence[str], thinking: frozenset[str]) -> str:
    if isinstance(wanted, int):
        return ranked[wanted % len(ranked)]
    of_that_sort = [name for name in ranked if (name in thinking) == (wanted == "thinking")]
    return (of_that_sort or list(ranked))[0]


def planned_samples(plan: Plan, *, from_round: int = 0) -> int:
    """Samples the plan allows for in the round ``from_round`` and those after it."""
    rounds = plan["rounds"][from_round:]
    return sum(call["samples"] for planned in rounds for call in planned["calls"])
