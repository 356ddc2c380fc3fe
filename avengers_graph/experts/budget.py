"""What a round may still spend: calls, tokens and money."""

from collections.abc import Mapping

from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.round_request import RoundRequest
from avengers_graph.types import SampleRecord


def cost_of(
    record: SampleRecord, *, pool: ExpertPool, expected_costs: Mapping[str, float]
) -> float:
    """USD of one sample: by the expert's price, else what its answers are known to cost.

    Without a price, a call that failed before it used a token costs nothing.

    Args:
        expected_costs: USD per answer; an expert that is in neither costs 0.
    """
    name, read, written = record["expert"], record["input_tokens"], record["output_tokens"]
    priced = pool.cost(name, input_tokens=read, output_tokens=written)
    if priced is not None:
        return priced
    used = record["error"] is None or read + written > 0
    return expected_costs.get(name, 0.0) if used else 0.0


class Budget:
    """The budgets of one round; what the request leaves open is not limited."""

    def __init__(self, request: RoundRequest, pool: ExpertPool) -> None:
        self._expected_costs = request.expected_costs
        self._pool = pool
        self._calls = request.calls_left
        self._tokens = request.tokens_left
        self._cost = request.cost_left

    def allows(self, calls: int) -> bool:
        """Whether that many further calls may be made."""
        return self._calls is None or calls <= self._calls

    def take_calls(self, wanted: int) -> int:
        """As many of the calls wanted as may be made; they are off the budget."""
        if self._calls is None:
            return wanted
        taken = min(wanted, self._calls)
        self._calls -= taken
        return taken

    def give_back_calls(self, calls: int) -> None:
        """Calls that were taken and not made."""
        if self._calls is not None:
            self._calls += calls

    def spend(self, record: SampleRecord) -> bool:
        """Take a sample off; whether tokens or money are used up with it."""
        if self._tokens is not None:
            self._tokens -= record["input_tokens"] + record["output_tokens"]
        if self._cost is not None:
            self._cost -= cost_of(record, pool=self._pool, expected_costs=self._expected_costs)
        return any(left is not None and left <= 0 for left in (self._tokens, self._cost))
