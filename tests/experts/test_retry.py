"""How long a retry waits: as the server asks, else longer each time."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenacity import AsyncRetrying, RetryCallState

from avengers_graph.errors import ExpertError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.retry import RetryPolicy, full_jitter
from tests.experts.rounds import listen, only
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

Pools = Callable[..., ExpertPool]


def after(tries: int, error: Exception) -> RetryCallState:
    """A request that has failed so many times, last with ``error``."""
    state = RetryCallState(AsyncRetrying(), fn=None, args=(), kwargs={})
    state.attempt_number = tries
    state.set_exception((type(error), error, error.__traceback__))  # type: ignore[arg-type]
    return state


@pytest.mark.parametrize(("tries", "longest"), [(1, 0.5), (2, 1.0), (4, 4.0), (20, 20.0)])
def test_pauses_double_up_to_the_longest(tries: int, longest: float) -> None:
    policy = RetryPolicy(jitter=lambda upto: upto)
    assert policy.pause(after(tries, ExpertError("busy"))) == longest


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 100))
def test_jitter_is_anything_up_to_the_longest_pause(longest: float) -> None:
    assert 0 <= full_jitter(longest) <= longest


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (3.0, 3.0), (86400.0, 20.0)])
def test_the_server_is_taken_at_its_word(asked: float, waited: float) -> None:
    error = ExpertError("busy", retry_after=asked)
    assert RetryPolicy().pause(after(1, error)) == waited


@pytest.mark.integration
def test_the_server_says_when_to_come_back(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(429, headers={"retry-after": "0.2"}), "42")
    listen(pool_of("alpha"), ("alpha", 1))
    first, second = server.requests
    assert second.at - first.at >= 0.19


@pytest.mark.integration
def test_a_long_wait_is_cut_short(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(503, headers={"retry-after": "86400"}), "42")
    pool = pool_of("alpha", retry_policy=RetryPolicy(longest_pause=0.01))
    assert only(listen(pool, ("alpha", 1)).answers)["text"] == "42"
