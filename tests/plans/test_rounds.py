"""From a planned round to calls."""

import pytest

from avengers_graph.plans import Ask, asks_for
from avengers_graph.types import PlannedCall, PlannedRound


def planned(*calls: tuple[int | str, int]) -> PlannedRound:
    listed = [PlannedCall(expert=expert, samples=samples) for expert, samples in calls]
    return PlannedRound(calls=listed, temperature=None, stop=None, shown=False)


@pytest.mark.parametrize(
    ("calls", "ranked", "asks"),
    [
        ([(0, 3)], ["a", "b"], [Ask("a", 3)]),
        ([(1, 2), (0, 1)], ["a", "b"], [Ask("a", 1), Ask("b", 2)]),
        ([(0, 2), (1, 2), (2, 2)], ["a", "b"], [Ask("a", 4), Ask("b", 2)]),
        ([(0, 1), (1, 1), (2, 1)], ["a"], [Ask("a", 3)]),
        ([("fast", 2), ("thinking", 1)], ["a", "t", "b"], [Ask("a", 2), Ask("t", 1)]),
        ([("fast", 1)], ["t", "a", "b"], [Ask("a", 1)]),
        ([("thinking", 1)], ["a", "b"], [Ask("a", 1)]),
    ],
)
def test_who_is_asked(
    calls: list[tuple[int | str, int]], ranked: list[str], asks: list[Ask]
) -> None:
    assert asks_for(planned(*calls), ranked, thinking=frozenset({"t"})) == asks
