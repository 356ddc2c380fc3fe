"""One round of calls against a real HTTP server: order, limits, stops, budgets."""

import asyncio
from collections.abc import Callable

import pytest

from avengers_graph.experts.budget import Budget
from avengers_graph.experts.events import SampleEnded
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Price, RateLimit
from tests.experts.rounds import QUESTION, bridged, listen, only
from tests.servers.answers import Cut, Fault, Reply
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]
FOREVER = Reply("never", delay=60)


def test_samples_keep_their_identity(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "a")
    server.serve("beta", "b")
    heard = listen(pool_of("alpha", "beta"), ("alpha", 3), ("beta", 2), first_index=5)
    by_index = {r["index"]: (r["expert"], r["text"]) for r in heard.finished}
    assert by_index == dict.fromkeys((5, 6, 7), ("alpha", "a")) | dict.fromkeys(
        (8, 9), ("beta", "b")
    )
    assert sorted(i for s in heard.started for i in s.indices) == [5, 6, 7, 8, 9]
    assert all(
        r["round"] == 0 and r["latency"] > 0 and r["ended"] == "answered" for r in heard.finished
    )


def test_events_come_in_the_order_things_happen(server: OpenAIServer, pool_of: Pools) -> None:
    def quick_is_through() -> bool:
        return any(r.finished for r in server.asked("quick"))

    server.serve("slow", Reply("s", after=quick_is_through, delay=0.1))
    server.serve("quick", "q")
    heard = listen(pool_of("slow", "quick"), ("slow", 1), ("quick", 1))
    assert [r["text"] for r in heard.finished] == ["q", "s"]
    assert [r["index"] for r in heard.finished] == [1, 0]


def test_the_request_is_what_was_asked_for(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42")
    params = {"stop": ["\n"], "seed": 7, "top_p": 0.5, "max_tokens": 30}
    pool = pool_of("alpha", extra_body={"top_k": 5})
    listen(pool, ("alpha", 1), params={**params, "extra_body": {"min_p": 0.1}}, temperature=0.3)
    body = only(server.requests).body
    assert body["messages"] == [{"role": "user", "content": QUESTION}]
    assert (body["stop"], body["seed"], body["top_p"]) == (["\n"], 7, 0.5)
    assert body["max_tokens"] == 30
    assert (body["temperature"], body["top_k"], body["min_p"]) == (0.3, 5, 0.1)
    assert not body.get("stream")


def test_temperature_falls_back_on_the_experts_own(server: OpenAIServer, pool_of: Pools) -> None:
    listen(pool_of("alpha"), ("alpha", 1))
    listen(pool_of("alpha", temperature=0.2), ("alpha", 1))
    listen(pool_of("alpha", temperature=0.2), ("alpha", 1), temperature=0.0)
    assert [r.body["temperature"] for r in server.requests] == [0.7, 0.2, 0.0]


def test_requests_in_flight_are_capped(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("a", delay=0.05))
    heard = listen(pool_of("alpha", max_concurrency=2), ("alpha", 7))
    assert len(heard.answers) == 7
    assert server.peak == 2


def test_the_cap_holds_over_requests_at_the_same_time(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("a", delay=0.05))
    pool = pool_of("alpha", max_concurrency=2)

    async def listen_async() -> int:
        return len([e async for e in bridged(pool, ("alpha", 3)) if isinstance(e, SampleEnded)])

    async def both() -> list[int]:
        return list(await asyncio.gather(listen_async(), listen_async()))

    assert asyncio.run(both()) == [3, 3]
    assert server.peak == 2


def test_requests_are_throttled(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "a")
    pool = pool_of("alpha", rate_limit=RateLimit(requests=1, period=0.1))
    listen(pool, ("alpha", 1))  # opens the connection
    heard = listen(pool, ("alpha", 5))
    assert len(heard.answers) == 5
    first, *_, last = (r.at for r in server.requests[1:])
    # They leave 0.4 s apart; half of that leaves room for a first one held up on its way.
    assert last - first >= 0.2


def test_an_expert_that_hangs_is_timed_out(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", FOREVER)
    heard = listen(pool_of("alpha", timeout=0.2, retries=0), ("alpha", 1))
    assert only(heard.errors) == f"no answer from {server.base_url} within 0.2 s"
    server.wait_for(lambda: all(r.disconnected for r in server.requests))


def test_no_more_calls_than_are_left(server: OpenAIServer, pool_of: Pools) -> None:
    heard = listen(pool_of("alpha", "beta"), ("alpha", 3), ("beta", 3), budget=Budget(calls=4))
    assert len(heard.answers) == 4
    assert len(server.asked("alpha")) == 3
    assert len(server.asked("beta")) == 1


def test_failover_stays_within_the_budget_of_calls(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(401))
    server.serve("beta", "42")
    heard = listen(
        pool_of("alpha", "beta"), ("alpha", 1), reserves=["alpha", "beta"], budget=Budget(calls=1)
    )
    assert heard.answers == []
    assert heard.failovers == [("alpha", None)]
    assert server.asked("beta") == []


def test_the_round_ends_when_the_money_is_spent(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha", price=Price(input=0, output=1e6), max_concurrency=1)
    # One USD a token, one token an answer.
    heard = listen(pool, ("alpha", 8), budget=Budget(cost=2.5))
    assert len(heard.answers) == 3
    assert all(r["ended"] == "over_budget" for r in heard.cancelled)
    assert len(server.requests) <= 4


def test_what_answers_are_known_to_cost_stands_in_for_a_price(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha", max_concurrency=1)
    heard = listen(pool, ("alpha", 8), budget=Budget(cost=2.5), expected_costs={"alpha": 1.0})
    assert len(heard.answers) == 3
    assert all(r["ended"] == "over_budget" for r in heard.cancelled)


def test_failover_to_the_next_ranked(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(401, "who are you"))
    server.serve("beta", Fault(503, "overloaded"))
    server.serve("gamma", "42")
    pool = pool_of("alpha", "beta", "gamma", retries=1)
    heard = listen(pool, ("alpha", 2), reserves=["alpha", "beta", "gamma"])
    assert [r["expert"] for r in heard.answers] == ["gamma", "gamma"]
    causes = {r["expert"]: r["error"] for r in heard.finished if r["error"]}
    assert set(causes) == {"alpha", "beta"}
    assert "who are you" in str(causes["alpha"])
    assert "overloaded" in str(causes["beta"])
    assert {("alpha", "beta"), ("beta", "gamma")} <= set(heard.failovers)
    indices = [r["index"] for r in heard.finished]
    assert len(set(indices)) == len(indices)


def test_a_dead_expert_gives_back_what_still_waits(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(400, "no"))
    server.serve("beta", "42")
    pool = pool_of("alpha", "beta", max_concurrency=1)
    heard = listen(pool, ("alpha", 8), reserves=["alpha", "beta"])
    assert len(heard.answers) == 8
    assert len(server.asked("alpha")) <= 2  # the next one may just have left


def test_nobody_answers(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(400))
    server.serve("beta", Cut())
    pool = pool_of("alpha", "beta", retries=0)
    heard = listen(pool, ("alpha", 1), reserves=["alpha", "beta"])
    assert heard.answers == []
    assert heard.failovers == [("alpha", "beta"), ("beta", None)]


def test_each_sample_may_say_something_else(server: OpenAIServer, pool_of: Pools) -> None:
    def count(received: Received) -> str:
        return str(len(server.requests))

    server.serve("alpha", count)
    heard = listen(pool_of("alpha", max_concurrency=1), ("alpha", 3))
    assert sorted(heard.texts.values()) == ["1", "2", "3"]
