"""How much each expert's ballot weighs, and its rank; shared by ``sample`` and ``vote``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from avengers_graph.state import AvengersState
from avengers_graph.values import RankedExpert

WEIGHTINGS: Mapping[str, Callable[[RankedExpert], float]] = MappingProxyType(
    {
        "uniform": lambda _: 1.0,
        "score": lambda expert: expert["score"],
    }
)


def weights_of(state: AvengersState) -> dict[str, float]:
    """The weight of one ballot of each expert, by the plan's weighting."""
    weigh = WEIGHTINGS[state["plan"]["weighting"]]
    return {expert["name"]: weigh(expert) for expert in state["experts"]}


def ranks_of(state: AvengersState) -> dict[str, int]:
    """0 for the best-ranked expert."""
    return {expert["name"]: rank for rank, expert in enumerate(state["experts"])}
