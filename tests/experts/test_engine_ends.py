"""How a round ends: decided, closed, out of time, or in an error of its own."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from avengers_graph.experts.engine import _Round
from avengers_graph.experts.events import SampleEnded
from avengers_graph.experts.owned_loop import submit
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import Recorded
from avengers_graph.experts.replay import ReplayPool
from avengers_graph.settings.expert import Expert
from avengers_graph.types import SampleRecord
from tests.conftest import Clock
from tests.experts.rounds import QUESTION, Heard, bridged, listen, only, round_request
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]
FOREVER = Reply("never", delay=60)


def enough_of(count: int) -> Callable[[SampleRecord, Sequence[str]], bool]:
    """Enough once ``count`` samples have landed; what was seen is kept on the function."""
    landed: list[tuple[int, list[str]]] = []

    def enough(record: SampleRecord, outstanding: Sequence[str]) -> bool:
        landed.append((record["index"], list(outstanding)))
        return len(landed) >= count

    enough.landed = landed  # type: ignore[attr-defined]
    return enough


def test_early_stop_cancels_what_is_in_flight(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42")
    server.serve("slow", FOREVER)
    enough = enough_of(2)
    heard = listen(pool_of("alpha", "slow"), ("alpha", 2), ("slow", 2), enough=enough)
    assert sorted(heard.texts) == [0, 1]
    assert enough.landed[-1][1] == ["slow", "slow"]  # type: ignore[attr-defined]
    assert [(r["ended"], r["error"], r["usage_estimated"]) for r in heard.cancelled] == [
        ("decided", "cancelled: the vote was decided", True)
    ] * len(heard.cancelled)
    server.wait_for(lambda: all(r.disconnected for r in server.asked("slow")))


def test_the_prompt_of_a_cancelled_batch_counts_once(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42")
    server.serve("slow", FOREVER)
    pool = pool_of("alpha", "slow", supports={"n"}, max_concurrency=4)
    heard = listen(pool, ("alpha", 1), ("slow", 3), enough=enough_of(1), batching="always")
    assert [record["input_tokens"] > 0 for record in heard.cancelled] == [True, False, False]


def test_what_was_never_sent_is_not_reported_as_cancelled(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha", max_concurrency=1)
    heard = listen(pool, ("alpha", 8), enough=enough_of(1))
    assert len(heard.answers) == 1
    assert len(heard.cancelled) <= 1  # the next one may just have left
    assert len(server.requests) <= 2


def test_enough_is_told_of_the_rest_of_the_same_batch(server: OpenAIServer, pool_of: Pools) -> None:
    """The answers of one answer land together, but are counted one by one."""
    server.serve("alpha", "1")
    server.serve("slow", FOREVER)
    enough = enough_of(4)
    pool = pool_of("alpha", "slow", supports={"n"}, max_concurrency=4)
    heard = listen(pool, ("alpha", 4), ("slow", 1), enough=enough, batching="always")
    seen = [len(outstanding) for _, outstanding in enough.landed]  # type: ignore[attr-defined]
    assert seen == [4, 3, 2, 1]
    assert len(heard.answers) == 4


def test_closing_the_iterator_cancels_everything(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42", FOREVER)
    events = iter(bridged(pool_of("alpha", max_concurrency=1), ("alpha", 2)))
    while not isinstance(next(events), SampleEnded):
        pass
    server.wait_for(lambda: len(server.requests) == 2)
    events.close()
    server.wait_for(lambda: server.requests[1].disconnected)


def test_cancelling_an_asynchronous_caller_cancels_everything(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", FOREVER)
    pool = pool_of("alpha")

    async def give_up() -> None:
        async def read() -> list[Any]:
            return [event async for event in bridged(pool, ("alpha", 3))]

        reading = asyncio.create_task(read())
        await asyncio.to_thread(server.wait_for, lambda: len(server.requests) == 3)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(give_up())
    server.wait_for(lambda: all(r.disconnected for r in server.requests))


def test_the_deadline_ends_the_round(server: OpenAIServer, pool_of: Pools, clock: Clock) -> None:
    server.serve("alpha", "42")
    server.serve("slow", FOREVER)
    enough = enough_of(99)
    clock.jump_once(lambda: enough.landed)  # type: ignore[attr-defined]
    pool, until = pool_of("alpha", "slow"), time.time() + 600
    heard = listen(pool, ("alpha", 1), ("slow", 2), deadline_at=until, enough=enough)
    assert list(heard.texts) == [0]
    assert [r["ended"] for r in heard.cancelled] == ["out_of_time"] * 2
    server.wait_for(lambda: all(r.disconnected for r in server.asked("slow")))


@pytest.fixture
def recorded_pool() -> ReplayPool:
    """Experts who answer at once: alpha "42" as often as it is asked, beta with a failure."""
    answer = Recorded(
        expert="alpha",
        prompt=QUESTION,
        texts=["42"] * 4,
        finish_reasons=["stop"] * 4,
        input_tokens=5,
        output_tokens=[7] * 4,
        latency=0.1,
    )
    return ReplayPool([answer, replace(answer, expert="beta", prompt="something else")])


def test_what_landed_before_the_deadline_counts(recorded_pool: ReplayPool) -> None:
    """Also when the machine stalled between the landing and the look at it."""

    async def stalled() -> Heard:
        request = round_request(("alpha", 2), deadline_at=time.time() + 600)
        run = _Round(request, recorded_pool)
        run.ask("alpha", 2)
        await asyncio.wait(run.calls)
        recorded_pool.clock = lambda: time.time() + 3600
        events = [*run.react(await run.next_or_deadline()), *run.cancel("out_of_time")]
        return Heard(events)

    heard = submit(stalled()).result(20)
    assert heard.texts == {0: "42", 1: "42"}
    assert heard.cancelled == []


def test_what_landed_beside_the_deciding_answer_is_not_called_cancelled(
    recorded_pool: ReplayPool,
) -> None:
    """It was paid for: its tokens count, and so does its ballot."""
    heard = listen(recorded_pool, ("alpha", 2), enough=lambda record, outstanding: True)
    assert [(r["index"], r["text"], r["output_tokens"]) for r in heard.finished] == [
        (0, "42", 7),
        (1, "42", 7),
    ]
    assert heard.cancelled == []


@pytest.mark.parametrize("reserves", [(), ("alpha", "beta")])
def test_what_failed_beside_the_deciding_answer_is_not_called_cancelled(
    recorded_pool: ReplayPool, reserves: tuple[str, ...]
) -> None:
    asks = [("alpha", 1), ("beta", 1)]
    heard = listen(recorded_pool, *asks, reserves=reserves, enough=lambda *_: True)
    assert "the recording holds 0 samples of beta" in only(heard.errors)
    assert [(r["ended"], r["input_tokens"]) for r in heard.finished] == [
        ("answered", 5),
        ("failed", 0),
    ]
    assert heard.failovers == [("beta", None)]
    assert heard.cancelled == []


class Dying(GenericFakeChatModel):
    """Ends its call in what is no failure of a call."""

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        yield ChatGenerationChunk(message=AIMessageChunk("4"))
        raise self.metadata["dies_of"]  # type: ignore[index]


def dying(error: BaseException) -> Expert:
    llm = Dying(messages=iter(()), metadata={"dies_of": error})
    return Expert(name="alpha", llm=llm, stream_requests=True)


def test_a_call_that_dies_otherwise_ends_the_round_in_its_error(pool_of: Pools) -> None:
    class StrangeError(BaseException):
        """Neither a failure nor a cancellation."""

    with pytest.raises(StrangeError, match="odd"):
        listen(pool_of(dying(StrangeError("odd"))), ("alpha", 3))


def test_a_call_that_cancels_itself_is_a_failure(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("beta", "42")
    beta = Expert(name="beta", base_url=server.base_url)
    pool = pool_of(dying(asyncio.CancelledError()), beta)
    heard = listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
    assert heard.errors == ["alpha cancelled its own call"]
    assert list(heard.texts.values()) == ["42"]


def test_what_a_call_died_of_is_raised_after_the_decision_too(recorded_pool: ReplayPool) -> None:
    async def die() -> list[AIMessage]:
        raise RuntimeError("odd")

    async def decide() -> None:
        run = _Round(round_request(("alpha", 1)), recorded_pool)
        run.ask("alpha", 1)
        [call] = run.calls.values()
        task = asyncio.create_task(die())
        run.calls[task] = call
        await asyncio.wait([task])
        list(run.cancel("decided"))

    with pytest.raises(RuntimeError, match="odd"):
        submit(decide()).result(20)


class Endless(GenericFakeChatModel):
    """Streams without a pause, and without an end."""

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        while True:
            await asyncio.sleep(0)
            yield ChatGenerationChunk(message=AIMessageChunk("on and "))


def test_the_deadline_ends_a_stream_that_keeps_coming_in(pool_of: Pools, clock: Clock) -> None:
    pool = pool_of(Expert(name="alpha", llm=Endless(messages=iter(()))))
    heard = Heard([])
    clock.jump_once(lambda: len(heard.events) > 10)
    for event in bridged(pool, ("alpha", 1), stream=True, deadline_at=time.time() + 600):
        heard.events.append(event)
    assert only(heard.cancelled)["ended"] == "out_of_time"


def test_the_timeout_ends_a_stream_that_keeps_coming_in(pool_of: Pools) -> None:
    endless = Expert(name="alpha", llm=Endless(messages=iter(())), timeout=0.2, retries=0)
    heard = listen(pool_of(endless), ("alpha", 1), stream=True)
    assert only(heard.errors) == "no answer from Endless within 0.2 s"


def test_a_deadline_in_the_past_sends_nothing(server: OpenAIServer, pool_of: Pools) -> None:
    pool = pool_of("alpha")
    listen(pool, ("alpha", 3))  # the connections are open: a request would be out at once
    server.requests.clear()
    heard = listen(pool, ("alpha", 3), deadline_at=time.time() - 1)
    assert heard.answers == []
    assert server.requests == []
