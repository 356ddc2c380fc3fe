"""Ranking without scores: no index at all, and experts that an index does not know."""

import logging
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.errors import ConfigError
from avengers_graph.routing import NoIndex, explored
from avengers_graph.types import RankedExpert

LISTED = ("gamma", "alpha", "beta")


def ranked(no_index: NoIndex | None = None, **options: Any) -> list[str]:
    rows = (no_index or NoIndex()).rank(LISTED, **options)
    assert {(row["score"], *row["interval"], row["count"]) for row in rows} <= {
        (0.5, 0.025, 0.975, 0.0)
    }
    return [row["name"] for row in rows]


def test_equals_stand_as_listed_where_nothing_orders_them() -> None:
    assert ranked() == ["gamma", "alpha", "beta"]


def test_among_equals_the_cheaper_come_first_and_unknown_costs_last() -> None:
    assert ranked(expected_costs={"alpha": 0.2, "beta": 0.1}) == ["beta", "alpha", "gamma"]
    assert ranked(unranked="given", expected_costs={"beta": 0.1}) == list(LISTED)


def test_alpha_and_max_cost_need_every_cost() -> None:
    costs = {"alpha": 3.0, "gamma": 1.0}
    for bound in ("alpha", "max_cost"):
        with pytest.raises(ConfigError, match=r"cost of \['beta'\] is unknown"):
            ranked(expected_costs=costs, **{bound: 0.5})
    assert ranked(alpha=0.5, expected_costs=costs, default_cost=2.0) == ["gamma", "beta", "alpha"]
    assert ranked(max_cost=2.0, expected_costs=costs, default_cost=2.0) == ["gamma", "beta"]
    with pytest.raises(ConfigError, match=r"no expert costs 0\.5 USD or less"):
        ranked(max_cost=0.5, unranked="turns", expected_costs=costs, default_cost=2.0)


def test_turns_begin_with_the_next_one_each_time() -> None:
    no_index = NoIndex()
    turns = [ranked(no_index, unranked="turns") for _ in range(4)]
    assert [names[0] for names in turns] == ["gamma", "alpha", "beta", "gamma"]
    assert turns[1] == ["alpha", "beta", "gamma"]


@pytest.mark.parametrize("unranked", ["equal", "given", "turns"])
def test_each_expert_says_that_there_is_no_index(unranked: Any) -> None:
    for row in NoIndex().rank(LISTED, unranked=unranked):
        assert row["why"].startswith("no index: ")
        assert "routing begins with records" in row["why"]


def test_the_log_says_once_that_there_is_no_index(caplog: pytest.LogCaptureFixture) -> None:
    no_index = NoIndex()
    assert [no_index.clusters() for _ in range(3)] == [[], [], []]
    assert ["there is no index" in record.getMessage() for record in caplog.records] == [True]
    assert caplog.records[0].levelno == logging.WARNING


def row(name: str) -> RankedExpert:
    return RankedExpert(name=name, score=0.5, interval=[0, 1], count=0, cost=None, why="measured")


ROWS = [row(name) for name in ("alpha", "beta", "new", "newer")]


def first(key: object, **options: Any) -> str:
    among = {"scored": {"alpha", "beta"}, "share": 0.2, **options}
    found = explored(ROWS, key=str(key), **among)
    others = [expert for expert in ROWS if expert["name"] != found[0]["name"]]
    assert found[1:] == others
    return found[0]["name"]


def test_unscored_experts_come_first_in_that_share_of_the_requests() -> None:
    firsts = Counter(first(key) for key in range(4000))
    assert firsts.keys() == {"alpha", "new", "newer"}
    for name in ("new", "newer"):
        assert firsts[name] == pytest.approx(400, abs=80)


def test_the_reason_tells_the_share() -> None:
    [new, *_] = explored(ROWS, scored={"alpha", "beta"}, share=1.0, key="")
    assert new["why"].startswith("explored: no score of it yet, and 100% of the requests")


@settings(max_examples=60, deadline=None)
@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_request_that_a_share_explores_is_explored_by_every_larger_one(
    key: str, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    assert first(key, share=0.0) == "alpha"
    assert first(key, share=1.0) in ("new", "newer")
    if first(key, share=small) != "alpha":
        assert first(key, share=large) == first(key, share=small)


def test_nobody_is_explored_once_all_are_scored() -> None:
    names = {expert["name"] for expert in ROWS}
    assert all(first(key, scored=names, share=1.0) == "alpha" for key in range(20))
