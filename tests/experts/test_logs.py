"""What the engine logs: what became of calls, and nothing of what was asked or said."""

import logging
import time
from collections.abc import Callable, Sequence

import pytest
from pydantic import SecretStr

from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.types import SampleRecord
from tests.conftest import Clock
from tests.experts.rounds import QUESTION, listen
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]
FOREVER = Reply("never", delay=60)
KEY = "sk-very-secret-0123456789"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    """The levels and texts of what the package logged."""
    caplog.set_level(logging.DEBUG, logger="avengers_graph")

    def lines() -> list[tuple[str, str]]:
        ours = (r for r in caplog.records if r.name.startswith("avengers_graph.experts"))
        return [(record.levelname, record.getMessage()) for record in ours]

    return lines


Logged = Callable[[], list[tuple[str, str]]]


def test_a_retry_tells_its_wait(server: OpenAIServer, pool_of: Pools, logged: Logged) -> None:
    server.serve("alpha", Fault(429, headers={"retry-after": "0.01"}), "42")
    listen(pool_of("alpha"), ("alpha", 1))
    told = "alpha is asked again in 0.0 s, after try 1 ended in a ModelRateLimitError"
    assert logged() == [("INFO", told)]


def test_a_failover_names_who_takes_over(
    server: OpenAIServer, pool_of: Pools, logged: Logged
) -> None:
    server.serve("alpha", Fault(401))
    server.serve("beta", Fault(404))
    listen(pool_of("alpha", "beta"), ("alpha", 1), reserves=("alpha", "beta"))
    assert logged() == [
        ("WARNING", "alpha failed with a ModelAuthenticationError; beta takes over"),
        ("WARNING", "beta failed with a ModelNotFoundError; nobody takes over"),
    ]


def test_a_breaker_tells_when_it_opens_and_closes(
    server: OpenAIServer, pool_of: Pools, logged: Logged
) -> None:
    server.serve("alpha", Fault(500), Fault(500), "42")
    policy = RetryPolicy(first_pause=0.001, rest_after=2, rest=7)
    pool = pool_of("alpha", retries=0, retry_policy=policy)
    for _ in range(3):
        listen(pool, ("alpha", 1))
    lines = [line for line in logged() if "failed" not in line[1]]
    assert [(level == "WARNING", text.split(" s ")[0]) for level, text in logged()[1:2]]
    assert ("INFO", "alpha answers again") in lines


def test_what_is_called_off_is_counted(
    server: OpenAIServer, pool_of: Pools, logged: Logged
) -> None:
    server.serve("alpha", "42", FOREVER)
    listen(pool_of("alpha"), ("alpha", 3), enough=lambda *_: True)
    assert logged() == [("INFO", "cancelled: the vote was decided (2 calls)")]


def test_a_deadline_is_a_warning(
    server: OpenAIServer, pool_of: Pools, clock: Clock, logged: Logged
) -> None:
    server.serve("alpha", "42", FOREVER)
    landed: list[object] = []
    clock.jump_once(lambda: landed)

    def enough(record: SampleRecord, outstanding: Sequence[str]) -> bool:
        landed.append(record)
        return False

    listen(pool_of("alpha"), ("alpha", 2), deadline_at=time.time() + 600, enough=enough)
    assert logged() == [("WARNING", "cancelled: the deadline passed (1 calls)")]


def test_nothing_that_was_asked_or_said_is_logged(
    server: OpenAIServer, pool_of: Pools, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="avengers_graph")
    server.serve("alpha", Fault(503, f"cannot take {QUESTION!r} with {KEY}"), Fault(400, QUESTION))
    server.serve("beta", "the answer")
    pool = pool_of("alpha", "beta").with_key(SecretStr(KEY))
    heard = listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
    assert list(heard.texts.values()) == ["the answer"]
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("avengers_graph")]
    assert len(ours) == 2
    assert not any(said in line for line in ours for said in (QUESTION, KEY, "the answer"))
