"""What a request may still spend, and what a sample costs."""

from typing import Any

import pytest

from avengers_graph.experts.budget import Budget, cost_of
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.sample_record import unanswered_record
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert, Price
from avengers_graph.types import SampleRecord, Spent

URL = "http://127.0.0.1:9/v1"
POOL = ExpertPool(
    [
        Expert(name="priced", base_url=URL, price=Price(input=1.0, output=2.0)),
        Expert(name="unpriced", base_url=URL),
    ]
)


def sample(expert: str, *, read: int = 0, written: int = 0) -> SampleRecord:
    return unanswered_record(
        expert=expert,
        index=0,
        round_number=0,
        latency=0.1,
        ended="failed",
        error="HTTP 500",
        input_tokens=read,
        output_tokens=written,
    )


@pytest.mark.parametrize(
    ("record", "cost"),
    [
        (sample("priced", read=1_000_000, written=500_000), 2.0),
        (sample("unpriced", read=5), 0.25),
        (sample("unpriced"), 0.0),
        ({**sample("unpriced"), "ended": "answered"}, 0.25),
    ],
    ids=["by its price", "used a token", "used none", "answered"],
)
def test_what_a_sample_costs(record: Any, cost: float) -> None:
    known = {"unpriced": 0.25}
    assert cost_of(record, pool=POOL, expected_costs=known) == pytest.approx(cost)


def spent(*, calls: int = 0, tokens: int = 0, cost: float = 0.0) -> Spent:
    return Spent(
        calls=calls, input_tokens=tokens, output_tokens=0, cost=cost, seconds=0.0, elapsed=0.0
    )


def test_what_is_not_limited_never_runs_out() -> None:
    left = Budget.left(Context(), spent(calls=1_000, tokens=10**9, cost=1e6))
    assert left == Budget()
    assert left.less(calls=1_000, tokens=10**9, cost=1e6).affordable(256) == 256
    assert left.allows_a_call
    assert not left.is_used_up


def test_what_is_left_of_the_settings() -> None:
    settings = Context(max_calls=5, max_tokens_spent=100, max_cost=1.0)
    left = Budget.left(settings, spent(calls=2, tokens=30, cost=0.25))
    assert left == Budget(calls=3, tokens=70, cost=0.75)


def test_calls_are_taken_and_given_back() -> None:
    budget = Budget(calls=3).less(calls=2)
    assert (budget.affordable(2), budget.affordable(1)) == (1, 1)
    empty = budget.less(calls=1)
    assert (empty.affordable(1), empty.allows_a_call) == (0, False)
    assert not empty.is_used_up, "the last calls are still in flight"
    assert empty.less(calls=-1).affordable(2) == 1


@pytest.mark.parametrize(
    ("budget", "used"),
    [(Budget(tokens=10), {"tokens": 5}), (Budget(cost=0.5), {"cost": 0.25})],
)
def test_it_says_when_it_is_used_up(budget: Budget, used: dict[str, Any]) -> None:
    once = budget.less(**used)
    assert (once.is_used_up, once.allows_a_call) == (False, True)
    for overdrawn in (once.less(**used), once.less(**used).less(**used)):
        assert (overdrawn.is_used_up, overdrawn.allows_a_call) == (True, False)
        assert overdrawn.affordable(1_000) == 1_000, "calls are not limited"
