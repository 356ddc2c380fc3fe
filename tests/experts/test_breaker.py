"""An expert that keeps failing is passed over for a while, as long as there is another."""

import asyncio
from collections.abc import Callable

import pytest
from langchain_core.exceptions import ModelConnectionError

from avengers_graph.errors import ExpertError
from avengers_graph.experts.breaker import Breaker
from avengers_graph.experts.events import SampleEnded
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.retry import RetryPolicy
from tests.experts.rounds import bridged, listen, only
from tests.servers.answers import Cut, Fault, Reply
from tests.servers.openai_server import OpenAIServer

Pools = Callable[..., ExpertPool]


class Seconds:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker("alpha", failures=3, rest=30)
    for _ in range(2):
        breaker.failed(ExpertError("down"))
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(ExpertError("down"))
    assert breaker.refusal() is None
    breaker.failed(ExpertError("still down"))
    assert breaker.is_open
    assert "3 failures in a row (still down)" in str(breaker.refusal())


def test_its_refusal_is_of_the_kind_of_the_last_failure() -> None:
    breaker = Breaker("alpha", failures=1, rest=30)
    breaker.failed(ExpertError("gone", kind=ModelConnectionError, is_retryable=True))
    refusal = breaker.refusal()
    assert refusal is not None
    assert (refusal.kind, refusal.is_retryable) == (ModelConnectionError, True)


def test_one_request_tries_it_after_the_rest() -> None:
    clock = Seconds()
    breaker = Breaker("alpha", failures=1, rest=30, clock=clock)
    breaker.failed(ExpertError("down"))
    assert "passed over for 30 s more" in str(breaker.refusal())
    clock.now += 31
    assert breaker.refusal() is None
    assert breaker.refusal() is None, "looking does not take the turn"
    assert breaker.admission() is None
    assert breaker.admission() is not None, "one at a time"
    assert breaker.refusal() is not None
    breaker.failed(ExpertError("down"))
    assert breaker.admission() is not None
    clock.now += 31
    assert breaker.admission() is None
    breaker.succeeded()
    assert breaker.admission() is None
    assert not breaker.is_open


POLICY = RetryPolicy(first_pause=0.001, rest_after=2)


@pytest.mark.integration
class TestInRounds:
    @pytest.mark.parametrize("trouble", [Fault(500), Fault(502), Cut()])
    def test_a_broken_expert_is_not_asked_again(
        self, server: OpenAIServer, pool_of: Pools, trouble: Fault | Cut
    ) -> None:
        server.serve("alpha", trouble)
        server.serve("beta", "42")
        pool = pool_of("alpha", "beta", retries=0, retry_policy=POLICY)
        reserves = ("alpha", "beta")
        for asked in (1, 2, 2, 2):
            heard = listen(pool, ("alpha", 1), reserves=reserves)
            assert only(heard.answers)["expert"] == "beta"
            assert heard.failovers == [("alpha", "beta")]
            assert len(server.asked("alpha")) == asked
        assert "passed over for" in only(heard.errors)
        assert server.base_url in only(heard.errors), "it says what the failures were"

    def test_one_that_hangs_costs_one_timeout_not_one_for_each_retry(
        self, server: OpenAIServer, pool_of: Pools
    ) -> None:
        server.serve("alpha", Reply("late", delay=60))
        server.serve("beta", "42")
        pool = pool_of("alpha", "beta", retries=0, timeout=0.3, retry_policy=POLICY)
        heard = listen(pool, ("alpha", 4), reserves=("alpha", "beta"))
        assert [record["expert"] for record in heard.answers] == ["beta"] * 4
        assert len(server.asked("alpha")) == 4
        listen(pool, ("alpha", 4), reserves=("alpha", "beta"))
        assert len(server.asked("alpha")) == 4

    def test_requests_in_its_queue_do_not_ask_it_as_well(
        self, server: OpenAIServer, pool_of: Pools
    ) -> None:
        server.serve("alpha", Fault(500))
        server.serve("beta", "42")
        pool = pool_of("alpha", "beta", retries=0, max_concurrency=1, retry_policy=POLICY)

        async def one() -> list[str]:
            rounds = bridged(pool, ("alpha", 1), reserves=("alpha", "beta"))
            finished = [e.record async for e in rounds if isinstance(e, SampleEnded)]
            return [record["expert"] for record in finished if record["error"] is None]

        async def many() -> list[list[str]]:
            return list(await asyncio.gather(*(one() for _ in range(12))))

        assert asyncio.run(many()) == [["beta"]] * 12
        assert len(server.asked("alpha")) == 2

    def test_the_only_expert_is_always_asked(self, server: OpenAIServer, pool_of: Pools) -> None:
        server.serve("alpha", *[Fault(500)] * 3, "42")
        pool = pool_of("alpha", retries=0, retry_policy=POLICY)
        for _ in range(3):
            assert listen(pool, ("alpha", 1), reserves=("alpha",)).errors
        assert only(listen(pool, ("alpha", 1), reserves=("alpha",)).answers)["text"] == "42"

    @pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 429, 503])
    def test_busy_servers_and_refused_requests_do_not_count(
        self, server: OpenAIServer, pool_of: Pools, status: int
    ) -> None:
        server.serve("alpha", *[Fault(status)] * 4, "42")
        server.serve("beta", "43")
        pool = pool_of("alpha", "beta", retries=0, retry_policy=POLICY)
        for _ in range(4):
            listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
        heard = listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
        assert only(heard.answers)["text"] == "42"

    def test_retries_of_one_request_never_trip_it(
        self, server: OpenAIServer, pool_of: Pools
    ) -> None:
        server.serve("alpha", *[Fault(500)] * 6, "42")
        server.serve("beta", "43")
        pool = pool_of("alpha", "beta", retries=6, retry_policy=POLICY)
        heard = listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
        assert only(heard.answers)["text"] == "42"
