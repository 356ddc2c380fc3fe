"""Requests that go out as streams, watched or not."""

from collections.abc import Callable

import pytest

from avengers_graph.experts.pool import ExpertPool
from tests.experts.rounds import bridged, listen, only
from tests.servers.answers import Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]
FOREVER = Reply("never", delay=60)


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
