"""One request to one expert: n, usage, chat model objects, roles."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from avengers_graph.experts.answers import _shared_out
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert
from tests.experts.rounds import QUESTION, listen, only
from tests.servers.answers import Fault, Reply, ToolUse, tokens
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]
N = {"n", "system"}


def test_never_sends_one_request_a_sample(server: OpenAIServer, pool_of: Pools) -> None:
    heard = listen(pool_of("alpha", supports=N), ("alpha", 3), batching="never", needs_all=True)
    assert len(heard.answers) == 3
    assert [r.n for r in server.requests] == [1, 1, 1]


def test_always_sends_one_request_for_all(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "a", "b", "c")
    heard = listen(pool_of("alpha", supports=N), ("alpha", 3), batching="always")
    assert heard.texts == {0: "a", 1: "b", 2: "c"}
    assert [r.n for r in server.requests] == [3]
    assert only(heard.started).indices == (0, 1, 2)


@pytest.mark.parametrize(("needs_all", "requests"), [(True, [3]), (False, [1, 1, 1])])
def test_auto_sends_one_request_where_nothing_is_lost(
    server: OpenAIServer, pool_of: Pools, needs_all: bool, requests: list[int]
) -> None:
    listen(pool_of("alpha", supports=N), ("alpha", 3), batching="auto", needs_all=needs_all)
    assert [r.n for r in server.requests] == requests


def test_an_expert_that_does_not_support_n_is_not_asked_for_it(
    server: OpenAIServer, pool_of: Pools
) -> None:
    listen(pool_of("alpha"), ("alpha", 3), batching="auto", needs_all=True)
    assert [r.n for r in server.requests] == [1, 1, 1]


def test_no_more_choices_at_once_than_slots(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "a", most_n=4)
    pool = pool_of("alpha", supports=N, max_concurrency=4)
    heard = listen(pool, ("alpha", 10), batching="always")
    assert len(heard.answers) == 10
    assert sorted(r.n for r in server.requests) == [2, 4, 4]


def test_a_server_that_ignores_n_is_topped_up(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "a", "b", "c", n="ignored")
    pool = pool_of("alpha", supports=N)
    heard = listen(pool, ("alpha", 3), batching="always")
    assert sorted(heard.texts.items()) == [(0, "a"), (1, heard.texts[1]), (2, heard.texts[2])]
    assert sorted(heard.texts.values()) == ["a", "b", "c"]
    assert [r.n for r in server.requests] == [3, 1, 1]
    assert not any(r["usage_estimated"] for r in heard.answers)
    listen(pool, ("alpha", 2), batching="always")
    assert [r.n for r in server.requests[3:]] == [1, 1], "it is not asked again"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (500, "Only one completion choice is allowed"),
        (501, "n > 1 is not implemented"),
        (404, "No endpoints found that support n"),
    ],
)
def test_n_may_be_refused_with_any_status(
    server: OpenAIServer, pool_of: Pools, status: int, says: str
) -> None:
    def refuses(received: Received) -> Fault | Reply:
        return Fault(status, message=says) if received.n > 1 else Reply("42")

    server.serve("alpha", refuses)
    heard = listen(pool_of("alpha", supports=["n"], retries=0), ("alpha", 2), batching="always")
    assert list(heard.texts.values()) == ["42", "42"]
    assert [request.n for request in server.requests] == [2, 1, 1]


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_n_is_asked_one_by_one(
    server: OpenAIServer, pool_of: Pools, status: int
) -> None:
    def refusing(received: Any) -> Any:
        return Fault(status, "n > 1 is not supported") if received.n > 1 else "a"

    server.serve("alpha", refusing)
    pool = pool_of("alpha", supports=N)
    heard = listen(pool, ("alpha", 3), batching="always")
    assert heard.texts == {0: "a", 1: "a", 2: "a"}
    assert heard.errors == []
    assert [r.n for r in server.requests] == [3, 1, 1, 1]
    listen(pool, ("alpha", 2), batching="always")
    assert [r.n for r in server.requests[4:]] == [1, 1]


def test_a_bad_request_is_no_refusal_of_n(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(400, "prompt too long"))
    heard = listen(pool_of("alpha", supports=N), ("alpha", 2), batching="always")
    assert heard.answers == []
    assert all("prompt too long" in error for error in heard.errors)


def test_a_batch_that_may_pass_is_tried_again_as_a_batch(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", Fault(503), "a")
    heard = listen(pool_of("alpha", supports=N), ("alpha", 3), batching="always")
    assert [r.n for r in server.requests] == [3, 3]
    assert len(heard.answers) == 3


def test_usage_of_a_batch_is_counted_once(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "x" * 40, "x" * 80, "x" * 120)
    records = listen(pool_of("alpha", supports=N), ("alpha", 3), batching="always").answers
    assert sum(r["output_tokens"] for r in records) == 60
    assert [r["output_tokens"] for r in records] == [10, 20, 30]
    assert sum(r["input_tokens"] for r in records) == 5
    assert not any(r["usage_estimated"] for r in records)


def test_a_server_that_counts_one_choice_only(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "x" * 40, "x" * 80, "x" * 120, usage="one choice")
    records = listen(pool_of("alpha", supports=N), ("alpha", 3), batching="always").answers
    assert sum(r["output_tokens"] for r in records) == 60
    assert all(r["usage_estimated"] for r in records)


@pytest.mark.parametrize("answers", [["42"] * 8, ["42", "x" * 60], ["x" * 60, "42"]])
def test_short_answers_are_not_taken_for_a_short_count(
    server: OpenAIServer, pool_of: Pools, answers: list[str]
) -> None:
    server.serve("alpha", *answers)
    pool = pool_of("alpha", supports=N)
    records = listen(pool, ("alpha", len(answers)), batching="always").answers
    assert sum(r["output_tokens"] for r in records) == sum(map(tokens, answers))
    assert not any(r["usage_estimated"] for r in records)


def test_two_answers_of_which_one_was_counted(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "x" * 40, usage="one choice")
    records = listen(pool_of("alpha", supports=N), ("alpha", 2), batching="always").answers
    assert sum(r["output_tokens"] for r in records) == 20
    assert all(r["usage_estimated"] for r in records)


def test_usage_that_is_absent_is_estimated(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "x" * 40, usage="absent")
    record = only(listen(pool_of("alpha"), ("alpha", 1)).answers)
    assert record["usage_estimated"]
    assert record["output_tokens"] == 10
    assert record["input_tokens"] > 0


def test_usage_is_what_the_server_counted(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "x" * 41)
    record = only(listen(pool_of("alpha"), ("alpha", 1)).answers)
    assert (record["input_tokens"], record["output_tokens"]) == (5, 11)
    assert not record["usage_estimated"]


@pytest.mark.parametrize("total", [0, 1, 7, 60])
def test_shares_add_up(total: int) -> None:
    assert sum(_shared_out(total, [3, 1, 5, 1])) == total


def test_an_answer_cut_at_its_limit_says_so(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "x" * 100, "y" * 4)
    pool = pool_of("alpha", supports=N, max_tokens=5)
    records = listen(pool, ("alpha", 2), batching="always").answers
    assert [r["finish_reason"] for r in records] == ["length", "stop"]


def test_tool_calls_and_broken_ones(server: OpenAIServer, pool_of: Pools) -> None:
    uses = [ToolUse("add", {"a": 1}, id="c1"), ToolUse("add", '{"a": ', id="c2")]
    server.serve("alpha", Reply(tool_calls=uses))
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    pool = pool_of("alpha", supports={"tools"})
    params = {"tools": [tool], "tool_choice": "required"}
    record = only(listen(pool, ("alpha", 1), params=params).answers)
    good, bad = record["tool_calls"]
    assert good == {"type": "tool_call", "id": "c1", "name": "add", "args": {"a": 1}}
    assert (bad["type"], bad["id"]) == ("invalid_tool_call", "c2")
    assert only(server.requests).body["tool_choice"] == "required"


def test_a_system_message_is_folded_where_it_is_refused(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", "42", system=False)
    messages = [SystemMessage("Be brief."), HumanMessage(QUESTION)]
    heard = listen(pool_of("alpha", supports=set()), ("alpha", 1), messages=messages)
    assert only(heard.answers)["text"] == "42"
    assert only(server.requests).body["messages"] == [
        {"role": "user", "content": f"Be brief.\n\n{QUESTION}"}
    ]


def object_pool(pool_of: Pools, llm: Any, **fields: Any) -> ExpertPool:
    return pool_of(Expert(name="given", llm=llm, **fields))


def test_a_chat_model_object_is_an_expert(pool_of: Pools) -> None:
    llm = GenericFakeChatModel(messages=iter([AIMessage("42"), AIMessage("17")]))
    heard = listen(object_pool(pool_of, llm, max_concurrency=1), ("given", 2))
    assert heard.texts == {0: "42", 1: "17"}
    assert all(r["usage_estimated"] and r["output_tokens"] > 0 for r in heard.answers)


def test_a_chat_model_object_streams(pool_of: Pools) -> None:
    llm = GenericFakeChatModel(messages=iter([AIMessage("one two three")]))
    heard = listen(object_pool(pool_of, llm), ("given", 1), stream=True)
    assert "".join(heard.tokens) == "one two three"
    assert heard.texts == {0: "one two three"}


def test_a_chat_model_object_that_fails_fails_over(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "42")
    broken = GenericFakeChatModel(messages=iter(()))
    pool = pool_of(Expert(name="given", llm=broken, retries=0), "alpha")
    heard = listen(pool, ("given", 1), reserves=["given", "alpha"])
    assert heard.failovers == [("given", "alpha")]
    assert only(heard.answers)["expert"] == "alpha"


def test_a_chat_model_object_gets_tools_in_its_own_way(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("beta", Reply(tool_calls=[ToolUse("add", {"a": 1}, id="c1")]))
    llm = ChatOpenAI(model="beta", base_url=server.base_url, api_key="none", max_retries=0)  # type: ignore[arg-type]
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    pool = object_pool(pool_of, llm, supports={"tools"})
    record = only(listen(pool, ("given", 1), params={"tools": [tool]}).answers)
    assert record["tool_calls"][0]["args"] == {"a": 1}
    assert only(server.requests).body["tools"][0]["function"]["name"] == "add"


class _Listener(BaseCallbackHandler):
    def __init__(self) -> None:
        self.models: list[str] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.models.append(kwargs["name"])


def test_callbacks_around_the_caller_do_not_leak_in(server: OpenAIServer, pool_of: Pools) -> None:
    pool, listener = pool_of("alpha"), _Listener()
    around = RunnableLambda(lambda _: listen(pool, ("alpha", 2)).answers)
    assert len(around.invoke(None, {"callbacks": [listener]})) == 2
    assert listener.models == []


def test_callbacks_passed_on_purpose_are_called(server: OpenAIServer, pool_of: Pools) -> None:
    listener = _Listener()
    listen(pool_of("alpha"), ("alpha", 2), callbacks=[listener])
    assert listener.models == ["alpha", "alpha"]


def test_an_answer_cache_does_not_make_samples_alike(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "a", "b", "c")
    cache = InMemoryCache()
    set_llm_cache(cache)
    try:
        heard = listen(pool_of("alpha", max_concurrency=1), ("alpha", 3))
    finally:
        set_llm_cache(None)
    assert sorted(heard.texts.values()) == ["a", "b", "c"]
    assert cache._cache == {}


def test_one_bad_choice_of_several_costs_one_sample(server: OpenAIServer, pool_of: Pools) -> None:
    def message(arguments: Any, **more: Any) -> dict[str, Any]:
        call = {"id": "c1", "function": {"name": "add", "arguments": arguments}}
        return {"role": "assistant", "content": None, "tool_calls": [call], **more}

    messages: list[Any] = [
        message('{"a": 6}'),
        message("[6]"),
        message({"a": 6}, role=None),
        message('{"a": "\ud83d"}', content="\ud83d"),
        None,
        message("42", role="user"),
        message('{"a": 6}'),
    ]
    choices = [{"index": i, "message": m, "finish_reason": "stop"} for i, m in enumerate(messages)]
    server.serve("alpha", Fault(200, body=json.dumps({"id": "x", "choices": choices})))
    pool = pool_of("alpha", "beta", supports={"n", "tools"})
    heard = listen(pool, ("alpha", 7), batching="always", reserves=["alpha", "beta"])
    assert len(server.requests) == 1
    assert (heard.errors, heard.failovers) == ([], [])
    kinds = [[call["type"] for call in record["tool_calls"]] for record in heard.answers]
    good, bad = ["tool_call"], ["invalid_tool_call"]
    assert kinds == [good, bad, good, good, [], bad, good]
