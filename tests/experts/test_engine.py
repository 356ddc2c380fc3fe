"""One round of calls against a real HTTP server: order, limits, stops, budgets."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from avengers_graph.errors import ExpertError
from avengers_graph.experts.attempt import Failed, Landed, Unit
from avengers_graph.experts.caller import Choice
from avengers_graph.experts.engine import DECIDED, OUT_OF_TIME, OVER_BUDGET, _Round
from avengers_graph.experts.events import SampleFinished, SampleStarted
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert, Price, RateLimit
from avengers_graph.values import SampleRecord
from tests.experts.rounds import QUESTION, Heard, bridged, listen, only, round_request
from tests.servers.answers import Cut, Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("short_pauses")]

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
    assert all(r["round"] == 0 and r["latency"] > 0 and not r["cancelled"] for r in heard.finished)


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
    assert body["max_completion_tokens"] == 30
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
        return len([e async for e in bridged(pool, ("alpha", 3)) if isinstance(e, SampleFinished)])

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
    assert [(r["error"], r["cancelled"], r["usage_estimated"]) for r in heard.cancelled] == [
        (DECIDED, True, True)
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
    server.serve("alpha", "42")
    server.serve("slow", FOREVER)
    hour_passes(lambda: any(r.finished for r in server.asked("alpha")))
    pool = pool_of("alpha", "slow")
    heard = listen(pool, ("alpha", 1), ("slow", 2), deadline_at=time.time() + 600)
    assert list(heard.texts) == [0]
    assert [r["error"] for r in heard.cancelled] == [OUT_OF_TIME] * 2
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
        choice = Choice(AIMessage("42"), "stop", 5, 7, usage_estimated=False)
        return Landed(Unit("alpha", (index,), index), [choice], latency=0.1)

    run = _Round(round_request(enough=lambda record, outstanding: True), pool_of("alpha"))
    run._inbox.put_nowait(landed(1))
    events = [*run.react(landed(0)), *run.cancel(DECIDED)]
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
    heard = Heard(list(run.cancel(DECIDED)))
    assert heard.errors == ["HTTP 401: no key"] * 2
    assert [(r["replaced"], r["input_tokens"]) for r in heard.finished] == [(False, 0)] * 2
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
        list(run.cancel(DECIDED))

    with pytest.raises(RuntimeError, match="odd"):
        asyncio.run(decide())


def test_a_deadline_in_the_past_sends_nothing(server: OpenAIServer, pool_of: Pools) -> None:
    pool = pool_of("alpha")
    listen(pool, ("alpha", 3))  # the connections are open: a request would be out at once
    server.requests.clear()
    heard = listen(pool, ("alpha", 3), deadline_at=time.time() - 1)
    assert heard.answers == []
    assert server.requests == []


def test_no_more_calls_than_are_left(server: OpenAIServer, pool_of: Pools) -> None:
    heard = listen(pool_of("alpha", "beta"), ("alpha", 3), ("beta", 3), calls_left=4)
    assert len(heard.answers) == 4
    assert len(server.asked("alpha")) == 3
    assert len(server.asked("beta")) == 1


def test_failover_stays_within_the_budget_of_calls(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(401))
    server.serve("beta", "42")
    heard = listen(pool_of("alpha", "beta"), ("alpha", 1), reserves=["alpha", "beta"], calls_left=1)
    assert heard.answers == []
    assert heard.failovers == [("alpha", None)]
    assert server.asked("beta") == []


def test_the_round_ends_when_the_money_is_spent(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha", price=Price(input=0, output=1e6), max_concurrency=1)
    heard = listen(pool, ("alpha", 8), cost_left=2.5)  # one USD a token, one token an answer
    assert len(heard.answers) == 3
    assert all(r["error"] == OVER_BUDGET for r in heard.cancelled)
    assert len(server.requests) <= 4


def test_what_answers_are_known_to_cost_stands_in_for_a_price(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha", max_concurrency=1)
    heard = listen(pool, ("alpha", 8), cost_left=2.5, expected_costs={"alpha": 1.0})
    assert len(heard.answers) == 3
    assert all(r["error"] == OVER_BUDGET for r in heard.cancelled)


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


def test_one_sample_is_streamed_through(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("The answer is 42.", reasoning="six sevens"))
    heard = listen(pool_of("alpha"), ("alpha", 1), stream=True)
    assert [t for t in heard.tokens if t] == ["The ", "answer ", "is ", "42."]
    record = only(heard.answers)
    assert (record["text"], record["reasoning"]) == ("The answer is 42.", "six sevens")
    assert record["finish_reason"] == "stop"
    assert (record["output_tokens"], record["usage_estimated"]) == (5, False)
    assert only(server.requests).body["stream"] is True


def test_tool_calls_are_streamed_through(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply(tool_calls=[ToolUse("times", {"a": 6, "b": 7}, id="call_1")]))
    tool = {"type": "function", "function": {"name": "times", "parameters": {"type": "object"}}}
    pool = pool_of("alpha", supports={"tools", "system"})
    heard = listen(pool, ("alpha", 1), stream=True, params={"tools": [tool]})
    call = {"type": "tool_call", "id": "call_1", "name": "times", "args": {"a": 6, "b": 7}}
    assert only(heard.answers)["tool_calls"] == [call]
    assert only(heard.answers)["finish_reason"] == "tool_calls"


def test_a_stream_without_usage_is_estimated(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "one two three four", usage="absent")
    record = only(listen(pool_of("alpha"), ("alpha", 1), stream=True).answers)
    assert record["usage_estimated"]
    assert record["input_tokens"] > 0
    assert record["output_tokens"] > 0


def test_a_stream_that_has_been_heard_is_not_repeated(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("one two three", cut_after=2), "again")
    server.serve("beta", "42")
    pool = pool_of("alpha", "beta")
    heard = listen(pool, ("alpha", 1), stream=True, reserves=["alpha", "beta"])
    assert "".join(heard.tokens) == "one "
    assert heard.answers == []
    assert heard.failovers == [("alpha", None)]
    assert len(server.requests) == 1


def test_a_stream_that_never_began_fails_over(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(500))
    server.serve("beta", "42")
    pool = pool_of("alpha", "beta", retries=1)
    heard = listen(pool, ("alpha", 1), stream=True, reserves=["alpha", "beta"])
    assert "".join(heard.tokens) == "42"
    assert len(server.asked("alpha")) == 2


def test_a_cancelled_answer_is_taken_to_be_as_long_as_the_others(
    server: OpenAIServer, pool_of: Pools
) -> None:
    answer = Reply("one two three four", after=lambda: len(server.requests) == 2)
    server.serve("alpha", answer, FOREVER)
    heard = listen(pool_of("alpha"), ("alpha", 2), enough=lambda *_: True)
    landed, cancelled = only(heard.answers), only(heard.cancelled)
    assert cancelled["usage_estimated"]
    assert cancelled["output_tokens"] == landed["output_tokens"] > 0


def test_closing_a_stream_hangs_up(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("word " * 500, gap=0.05))
    events = iter(bridged(pool_of("alpha"), ("alpha", 1), stream=True))
    for event in events:
        if getattr(event, "text", ""):
            break
    events.close()
    server.wait_for(lambda: only(server.requests).disconnected)


def test_requests_may_go_out_as_streams_that_nobody_watches(
    server: OpenAIServer, pool_of: Pools
) -> None:
    """So that a server which finishes plain requests after the caller hung up can be cancelled."""
    server.serve("alpha", Reply("one two three", cut_after=2), "42")
    heard = listen(pool_of("alpha", stream_requests=True, max_concurrency=1), ("alpha", 2))
    assert all(request.body["stream"] is True for request in server.requests)
    assert heard.tokens == []
    assert sorted(heard.texts.values()) == ["42", "42"], "a broken stream is asked for again"
    assert not any(record["usage_estimated"] for record in heard.answers)


def test_each_sample_may_say_something_else(server: OpenAIServer, pool_of: Pools) -> None:
    def count(received: Received) -> str:
        return str(len(server.requests))

    server.serve("alpha", count)
    heard = listen(pool_of("alpha", max_concurrency=1), ("alpha", 3))
    assert sorted(heard.texts.values()) == ["1", "2", "3"]
