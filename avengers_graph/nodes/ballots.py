"""From samples to ballots: what each counts, and for whom; shared by ``sample`` and ``vote``."""

from avengers_graph.state import AvengersState
from avengers_graph.values import SampleRecord
from avengers_graph.voting import WEIGHTINGS, Tally


def weights_of(state: AvengersState) -> dict[str, float]:
    """The weight of one ballot of each expert, by the plan's weighting."""
    weigh = WEIGHTINGS[state["plan"]["weighting"]]
    return {expert["name"]: weigh(expert["score"]) for expert in state["experts"]}


def _counted(state: AvengersState) -> list[SampleRecord]:
    """The samples that are ballots: all, or the last round's where the rest was only its input.

    When nobody answered in that last round the answers before it are counted after all.
    """
    samples = state["samples"]
    if state["plan"]["counted"] == "all":
        return samples
    last = [record for record in samples if record["round"] == state["round"]]
    return last if any(record["error"] is None for record in last) else samples


class BallotBox:
    """The ballots of a request; the kind is fixed before the first one where it can be."""

    def __init__(self, state: AvengersState) -> None:
        request = state["request"]
        self.tally = Tally(kind=request["kind"] or "auto", question=request["question"])
        self._weights = weights_of(state)
        self._ranks = {expert["name"]: rank for rank, expert in enumerate(state["experts"])}
        for record in _counted(state):
            self.add(record)

    def add(self, record: SampleRecord) -> None:
        """Count a sample; one that was called off is no ballot, an error is an abstention."""
        if not record["cancelled"]:
            name = record["expert"]
            self.tally.add(
                record["index"], record, weight=self._weights[name], rank=self._ranks[name]
            )

    @property
    def heaviest(self) -> float:
        """The most that any one ballot can weigh."""
        return max(self._weights.values())
