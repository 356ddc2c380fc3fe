"""How a round ends: decided, closed, out of time, or in an error of its own."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from avengers_graph.config import Expert
from avengers_graph.errors import ExpertError
from avengers_graph.experts.attempt import Failed, Landed, Unit
from avengers_graph.experts.engine import _Round
from avengers_graph.experts.events import SampleFinished, SampleStarted
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.types import SampleRecord
from tests.experts.rounds import Heard, bridged, listen, round_request
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("short_pauses")]

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
    """The choices of one answer land together, but are counted one by one."""
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
    while not isinstance(next(events), SampleFinished):
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


def test_the_deadline_ends_the_round(
    server: OpenAIServer, pool_of: Pools, hour_passes: Callable[[Callable[[], object]], None]
) -> None:
    server.serve("alpha", Reply("42", after=lambda: len(server.asked("slow")) == 2))
    server.serve("slow", FOREVER)
    hour_passes(lambda: any(r.finished for r in server.asked("alpha")))
    pool = pool_of("alpha", "slow")
    heard = listen(pool, ("alpha", 1), ("slow", 2), deadline_at=time.time() + 600)
    assert list(heard.texts) == [0]
    assert [r["ended"] for r in heard.cancelled] == ["out_of_time"] * 2
    server.wait_for(lambda: all(r.disconnected for r in server.asked("slow")))


def test_what_landed_before_the_deadline_counts(pool_of: Pools) -> None:
    """Also when the machine stalled between the landing and the look at it."""
    landed = SampleStarted("alpha", (0,))

    async def look() -> list[object]:
        run = _Round(round_request(deadline_at=time.time() - 1), pool_of("alpha"))
        run._inbox.put_nowait(landed)
        return [await run.next_or_deadline(), await run.next_or_deadline()]

    assert asyncio.run(look()) == [landed, None]


def test_what_landed_beside_the_deciding_answer_is_not_called_cancelled(pool_of: Pools) -> None:
    """It was paid for: its tokens count, and so does its ballot."""

    def landed(index: int) -> Landed:
        usage = UsageMetadata(input_tokens=5, output_tokens=7, total_tokens=12)
        answer = AIMessage("42", usage_metadata=usage)
        return Landed(Unit("alpha", (index,), index), [answer], latency=0.1)

    run = _Round(round_request(enough=lambda record, outstanding: True), pool_of("alpha"))
    run._inbox.put_nowait(landed(1))
    events = [*run.react(landed(0)), *run.cancel("decided")]
    finished = [event.record for event in events if isinstance(event, SampleFinished)]
    assert [(r["index"], r["text"], r["output_tokens"]) for r in finished] == [
        (0, "42", 7),
        (1, "42", 7),
    ]


@pytest.mark.parametrize("reserves", [(), ("alpha", "beta")])
def test_what_failed_beside_the_deciding_answer_is_not_called_cancelled(
    pool_of: Pools, reserves: tuple[str, ...]
) -> None:
    run = _Round(round_request(reserves=reserves), pool_of("alpha", "beta"))
    unit = Unit("alpha", (0, 1), 0, sent_at=time.monotonic())
    run._inbox.put_nowait(Failed(unit, ExpertError("HTTP 401: no key"), latency=0.1))
    heard = Heard(list(run.cancel("decided")))
    assert heard.errors == ["HTTP 401: no key"] * 2
    assert [(r["ended"], r["input_tokens"]) for r in heard.finished] == [("failed", 0)] * 2
    assert heard.failovers == [("alpha", None)]
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


@pytest.mark.parametrize("told", [True, False])
def test_what_a_call_died_of_is_raised_after_the_decision_too(pool_of: Pools, told: bool) -> None:
    async def die() -> None:
        raise RuntimeError("odd")

    async def decide() -> None:
        run = _Round(round_request(), pool_of("alpha"))
        task = asyncio.create_task(die())
        run.tasks[task] = Unit("alpha", (0,), 0)
        if told:
            task.add_done_callback(run._ended)
        await asyncio.wait([task])
        list(run.cancel("decided"))

    with pytest.raises(RuntimeError, match="odd"):
        asyncio.run(decide())


def test_a_deadline_in_the_past_sends_nothing(server: OpenAIServer, pool_of: Pools) -> None:
    pool = pool_of("alpha")
    listen(pool, ("alpha", 3))  # the connections are open: a request would be out at once
    server.requests.clear()
    heard = listen(pool, ("alpha", 3), deadline_at=time.time() - 1)
    assert heard.answers == []
    assert server.requests == []
