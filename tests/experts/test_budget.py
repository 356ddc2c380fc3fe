"""What a round may still spend, and what a sample costs."""

from typing import Any

import pytest

from avengers_graph.config import Expert, Price
from avengers_graph.experts.budget import Budget, cost_of
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.sample_record import unanswered
from avengers_graph.types import SampleRecord
from tests.experts.rounds import round_request

URL = "http://127.0.0.1:9/v1"
POOL = ExpertPool(
    [
        Expert(name="priced", base_url=URL, price=Price(input=1.0, output=2.0)),
        Expert(name="unpriced", base_url=URL),
    ]
)


def sample(expert: str, *, read: int = 0, written: int = 0) -> SampleRecord:
    return unanswered(
        expert=expert,
        index=0,
        round_number=0,
        latency=0.1,
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
        ({**sample("unpriced"), "error": None}, 0.25),
    ],
    ids=["by its price", "used a token", "used none", "answered"],
)
def test_what_a_sample_costs(record: Any, cost: float) -> None:
    known = {"unpriced": 0.25}
    assert cost_of(record, pool=POOL, expected_costs=known) == pytest.approx(cost)


def test_calls_are_taken_and_given_back() -> None:
    budget = Budget(round_request(calls_left=3), POOL)
    assert [budget.take_calls(2), budget.take_calls(2), budget.take_calls(1)] == [2, 1, 0]
    assert not budget.allows(1)
    budget.give_back_calls(1)
    assert budget.allows(1)
    assert not budget.allows(2)


@pytest.mark.parametrize(
    ("given", "used_up"),
    [
        ({"tokens_left": 10}, [False, True]),
        ({"cost_left": 0.000_01}, [False, True]),
        ({}, [False, False]),
    ],
)
def test_it_says_when_it_is_used_up(given: dict[str, Any], used_up: list[bool]) -> None:
    budget = Budget(round_request(**given), POOL)
    spent = sample("priced", read=1, written=4)
    assert [budget.spend(spent), budget.spend(spent)] == used_up
    assert budget.allows(1_000), "calls are not limited"
