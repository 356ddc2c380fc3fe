"""What a request has spent, and what it may still spend: calls, tokens and money."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.context import Context
from avengers_graph.types import RankedExpert, SampleRecord, Spent


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
    used = record["ended"] == "answered" or read + written > 0
    return expected_costs.get(name, 0.0) if used else 0.0


def expected_costs(experts: Iterable[RankedExpert]) -> dict[str, float]:
    """USD per answer of the experts for whom it is known."""
    return {e["name"]: e["cost"] for e in experts if e["cost"] is not None}


def spent_on(
    records: Sequence[SampleRecord],
    *,
    pool: ExpertPool,
    expected_costs: Mapping[str, float],
    elapsed: float,
) -> Spent:
    """What a request has used with all its samples so far.

    Args:
        elapsed: seconds spent in asking, all rounds together.
    """
    return Spent(
        calls=len(records),
        input_tokens=sum(record["input_tokens"] for record in records),
        output_tokens=sum(record["output_tokens"] for record in records),
        cost=sum(cost_of(record, pool=pool, expected_costs=expected_costs) for record in records),
        seconds=sum(record["latency"] for record in records),
        elapsed=elapsed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is left; None is without limit, and money or tokens may be overdrawn by one answer.

    The deadline is no part of it: a deadline is a point in time, and passes by itself.
    """

    calls: int | None = None
    tokens: int | None = None
    """Prompts and answers together."""
    cost: float | None = None
    """USD."""

    @classmethod
    def left(cls, settings: Context, spent: Spent) -> "Budget":
        """The budgets of a request's settings less what the request has used so far."""
        allowed = cls(
            calls=settings.max_calls, tokens=settings.max_tokens_spent, cost=settings.max_cost
        )
        return allowed.less(
            calls=spent["calls"],
            tokens=spent["input_tokens"] + spent["output_tokens"],
            cost=spent["cost"],
        )

    def less(self, *, calls: int = 0, tokens: int = 0, cost: float = 0.0) -> "Budget":
        """The budget after that much was spent; what is negative was given back."""
        return replace(
            self,
            calls=None if self.calls is None else self.calls - calls,
            tokens=None if self.tokens is None else self.tokens - tokens,
            cost=None if self.cost is None else self.cost - cost,
        )

    def affordable(self, calls: int) -> int:
        """As many of that many calls as may still be made."""
        return calls if self.calls is None else min(calls, max(0, self.calls))

    @property
    def is_used_up(self) -> bool:
        """Whether tokens or money are used up, so that what is in flight is too much already."""
        return any(left is not None and left <= 0 for left in (self.tokens, self.cost))

    @property
    def allows_a_call(self) -> bool:
        """Whether a further call may be made."""
        return not self.is_used_up and self.affordable(1) == 1
