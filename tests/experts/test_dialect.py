"""What is learned from a refusal, and what is not."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from avengers_graph.experts.dialect import Dialect, Endpoint, dialect_of, remember
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert
from avengers_graph.settings.servers import SERVERS
from tests.experts.rounds import listen, only
from tests.servers.answers import Answer, Fault
from tests.servers.openai_server import OpenAIServer, Received

Pools = Callable[..., ExpertPool]
PAYLOAD = {
    "messages": [],
    "max_tokens": 5,
    "temperature": 0.7,
    "stream": True,
    "stream_options": {},
    "stop": ["x"],
}


@pytest.mark.parametrize(
    ("refusal", "learned"),
    [
        ("stream_options: Extra inputs are not permitted", {"left_out": {"stream_options"}}),
        ("Unknown field: stream_options", {"left_out": {"stream_options"}}),
        (
            "Unsupported value: 'temperature' does not support 0.7 with this model. Only the "
            "default (1) value is supported.",
            {"left_out": {"temperature"}},
        ),
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            {"token_limit": "max_completion_tokens"},
        ),
        ("Temperature is not supported here", {"left_out": {"temperature"}}),
        ("`temperature` and `top_p` cannot both be specified", {"left_out": {"temperature"}}),
        ("Streaming is not supported", {"left_out": {"stream", "stream_options"}}),
        ("temperature cannot be greater than 1", None),
        ("`reasoning_content` must be passed back", {"wants_reasoning": True}),
        ("reasoning_content is missing in message 2", {"wants_reasoning": True}),
        (
            "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
            {"short_call_ids": True},
        ),
        ("temperature must be at most 2", None),
        ("max_tokens is too large: 5. This model supports at most 4", None),
        ("stop: Extra inputs are not permitted", None),
        ("seed is not supported", None),
        ("the system role is not supported", None),
        ("", None),
    ],
)
def test_what_a_refusal_teaches(refusal: str, learned: dict[str, Any] | None) -> None:
    found = Dialect().after(refusal, PAYLOAD)
    expected = None if learned is None else Dialect(**{**learned, **_frozen(learned)})
    assert found == expected


def _frozen(learned: dict[str, Any]) -> dict[str, Any]:
    return {"left_out": frozenset(learned["left_out"])} if "left_out" in learned else {}


def test_a_name_that_is_refused_both_ways_is_not_tried_for_ever() -> None:
    long = Dialect(token_limit="max_completion_tokens")
    sent = long.payload(PAYLOAD, [])
    assert "max_tokens" not in sent
    back = long.after("max_completion_tokens: extra fields not permitted", sent)
    assert back == Dialect()


def test_reasoning_goes_back_with_the_calls_it_led_to() -> None:
    call: Any = {"name": "add", "args": {}, "id": "c1"}
    messages = [
        HumanMessage("?"),
        AIMessage("a", additional_kwargs={"reasoning_content": "why"}),
        AIMessage("", tool_calls=[call], additional_kwargs={"reasoning_content": "hm"}),
        AIMessage("", tool_calls=[call]),
    ]
    plain = [{}, {}, {"tool_calls": [call]}, {"tool_calls": [call]}]
    sent = Dialect(wants_reasoning=True).payload({"messages": plain}, messages)["messages"]
    assert [m.get("reasoning_content") for m in sent] == [None, None, "hm", ""]
    assert Dialect().payload({"messages": plain}, messages)["messages"] == plain
    refused = Dialect(wants_reasoning=True).after("reasoning_content is not allowed", {})
    assert refused == Dialect()


def test_what_a_row_says_is_known_before_the_first_request() -> None:
    assert dialect_of(Endpoint("u", "m", SERVERS["mistral"])).left_out == {"stream_options"}
    assert dialect_of(Endpoint("u", "m", SERVERS["kimi"])).wants_reasoning


def test_what_is_remembered_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    somewhere = Endpoint("http://somewhere/v1", "m")
    with caplog.at_level(logging.INFO, logger="avengers_graph"):
        for _ in range(3):
            remember(somewhere, Dialect(left_out=frozenset({"temperature"})))
    assert len(caplog.messages) == 1
    assert "no temperature" in caplog.messages[0]
    assert dialect_of(somewhere).left_out == {"temperature"}
    assert dialect_of(Endpoint("http://somewhere/v1", "other")) == Dialect()


def refusing(*names: str, status: int = 422) -> Callable[[Received], str | Answer]:
    """A server that refuses any request with one of these parameters."""

    def answer(received: Received) -> str | Answer:
        for name in names:
            if name in received.body:
                detail = [{"loc": ["body", name], "msg": "Extra inputs are not permitted"}]
                return Fault(status, body=json.dumps({"detail": detail}))
        return "42"

    return answer


@pytest.mark.integration
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("stream_options", {"stream_requests": True}),
        ("max_tokens", {"max_tokens": 9}),
        ("temperature", {"temperature": 0.3}),
    ],
)
def test_a_refused_parameter_is_found_out_once(
    server: OpenAIServer, pool_of: Pools, status: int, name: str, fields: dict[str, Any]
) -> None:
    server.serve("alpha", refusing(name, status=status))
    heard = listen(pool_of("alpha", retries=0, **fields), ("alpha", 1))
    assert list(heard.texts.values()) == ["42"]
    assert [name in r.body for r in server.requests] == [True, False]
    # Another pool of the process knows.
    listen(pool_of("alpha", retries=0, **fields), ("alpha", 1))
    assert [name in r.body for r in server.requests[2:]] == [False]


@pytest.mark.integration
def test_several_are_found_out_one_after_another(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", refusing("stream_options", "temperature", "max_tokens"))
    pool = pool_of("alpha", retries=0, stream_requests=True, max_tokens=9)
    assert list(listen(pool, ("alpha", 1)).texts.values()) == ["42"]
    assert len(server.requests) == 4
    assert server.requests[-1].body["max_completion_tokens"] == 9


@pytest.mark.integration
def test_nothing_is_remembered_of_a_refusal_that_stays(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", Fault(400, "temperature is not supported"))
    error = only(listen(pool_of("alpha", retries=0), ("alpha", 1)).errors)
    assert "temperature is not supported" in error
    server.serve("alpha", "42")
    listen(pool_of("alpha"), ("alpha", 1))
    assert "temperature" in server.requests[-1].body


@pytest.mark.integration
def test_a_server_without_streams_is_asked_for_whole_answers(
    server: OpenAIServer, pool_of: Pools
) -> None:
    def plain(received: Received) -> str | Answer:
        refused = Fault(400, "Streaming is not supported for this model")
        return refused if received.body.get("stream") else "42"

    server.serve("alpha", plain)
    heard = listen(pool_of("alpha", retries=0), ("alpha", 1), stream=True)
    assert (list(heard.texts.values()), "".join(heard.tokens)) == (["42"], "42")


@pytest.mark.integration
def test_what_is_refused_under_either_name_ends(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", refusing("max_tokens", "max_completion_tokens"))
    error = only(listen(pool_of("alpha", retries=0, max_tokens=9), ("alpha", 1)).errors)
    assert "Extra inputs are not permitted" in error
    assert len(server.requests) == 2


@pytest.mark.integration
def test_a_preset_asks_rightly_from_the_first_request(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", refusing("stream_options"))
    pool = pool_of(
        Expert(name="alpha", base_url=server.base_url, server="mistral", stream_requests=True)
    )
    assert list(listen(pool, ("alpha", 1)).texts.values()) == ["42"]
    assert len(server.requests) == 1
    listen(pool_of("alpha", server="openai", max_tokens=9), ("alpha", 1))
    assert server.requests[-1].body["max_completion_tokens"] == 9
    listen(pool_of("alpha", server="llama.cpp"), ("alpha", 1))
    assert server.requests[-1].body["stream"]


def test_ids_of_calls_are_short_where_a_server_wants_them_so(
    server: OpenAIServer, pool_of: Pools
) -> None:
    def with_short_ids(received: Received) -> Answer | str:
        turns = received.body["messages"]
        ids = [call["id"] for turn in turns for call in turn.get("tool_calls") or ()]
        ids += [turn["tool_call_id"] for turn in turns if "tool_call_id" in turn]
        if all(identity.isalnum() and len(identity) == 9 for identity in ids):
            return " ".join(ids)
        says = f"Tool call id was {ids[0]} but must be a-z, A-Z, 0-9, with a length of 9."
        return Fault(400, message=says)

    calls = [
        {"name": "add", "args": {}, "id": identity, "type": "tool_call"}
        for identity in ("call_1", "AbCdEf123")
    ]
    turns = [HumanMessage("?"), AIMessage("", tool_calls=calls)]
    turns += [ToolMessage("13", tool_call_id=str(call["id"])) for call in calls]
    for fields, asked in (({"server": "mistral"}, 1), ({}, 2)):
        server.requests.clear()
        server.serve("alpha", with_short_ids)
        heard = listen(pool_of("alpha", **fields), ("alpha", 1), messages=turns)
        first, second, *results = only(heard.answers)["text"].split()
        assert (results, second) == ([first, second], "AbCdEf123")
        assert len(server.requests) == asked
