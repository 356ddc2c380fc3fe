"""What probes make of servers that can, cannot, refuse, ignore and fail."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from avengers_graph.endpoints.capabilities import Found, probe, probing_caller
from avengers_graph.experts.owned_loop import submit
from avengers_graph.settings.expert import Capability, Expert
from tests.servers.answers import Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = pytest.mark.integration


def probed(
    server: OpenAIServer, says: Mapping[Capability, bool] | None = None
) -> dict[Capability, Found]:
    async def look() -> dict[Capability, Found]:
        caller = probing_caller(Expert(name="alpha", base_url=server.base_url))
        try:
            return await probe(caller, says=says or {})
        finally:
            await caller.aclose()

    return submit(look()).result()


def refusing(*names: str, fault: Fault) -> Callable[[Received], Any]:
    """A model that answers ``fault`` to requests with one of these parameters."""
    return lambda asked: fault if any(name in asked.body for name in names) else "Hello"


def test_a_model_that_can_do_everything(server: OpenAIServer) -> None:
    def answer(asked: Received) -> Any:
        if "tools" in asked.body:
            return Reply(tool_calls=[ToolUse("f", {})])
        if "response_format" in asked.body:
            return '{"a": 1}'
        return "Green." if isinstance(asked.body["messages"][-1]["content"], list) else "Hello"

    server.serve("alpha", answer)
    assert {name: seen.can for name, seen in probed(server).items()} == dict.fromkeys(
        ("system", "tools", "json_schema", "json_mode", "n", "logprobs", "images"), True
    )


def test_requests_are_tiny(server: OpenAIServer) -> None:
    server.serve("alpha")
    probed(server)
    assert len(server.requests) <= 9
    assert all(1 <= asked.body["max_tokens"] <= 16 for asked in server.requests)


def test_what_a_server_ignores_is_not_there(server: OpenAIServer) -> None:
    server.serve("alpha", "Hello", n="ignored")
    found = probed(server)
    assert [found[name].can for name in ("json_schema", "json_mode", "n")] == [False] * 3
    assert found["json_schema"].why == "it answered 'Hello'"
    # Whoever takes tools and pictures may have made nothing of them this once.
    assert [found[name].can for name in ("tools", "images")] == [None, None]


def test_what_a_server_refuses_is_not_there(server: OpenAIServer) -> None:
    fault = Fault(400, "alpha does not support this")
    server.serve(
        "alpha", refusing("tools", "response_format", "logprobs", fault=fault), n="refused"
    )
    found = probed(server)
    for name in ("tools", "json_schema", "json_mode", "n", "logprobs"):
        assert found[name].can is False, name
    assert "alpha does not support this" in found["tools"].why


def test_no_system_role(server: OpenAIServer) -> None:
    server.serve("alpha", "Hello", system=False)
    assert probed(server)["system"].can is False


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_failure_that_has_nothing_to_do_with_it_says_nothing(
    server: OpenAIServer, status: int
) -> None:
    server.serve("alpha", refusing("tools", fault=Fault(status, "not now")))
    assert probed(server)["tools"].can is None


def test_a_failure_of_the_server_that_says_why_is_a_refusal(server: OpenAIServer) -> None:
    fault = Fault(500, "image input is not supported")
    server.serve("alpha", refusing("tools", fault=fault))
    assert probed(server)["tools"].can is False


def test_what_the_server_says_holds_where_no_answer_shows_it(server: OpenAIServer) -> None:
    server.serve("alpha", "Hello")
    found = probed(server, {"tools": True, "images": False, "json_mode": True})
    assert (found["tools"].can, found["images"].can) == (True, False)
    assert found["json_mode"].can is False, "an answer shows it"


def test_a_model_that_only_thinks_shows_no_json(server: OpenAIServer) -> None:
    server.serve("alpha", Reply("", reasoning="Well", finish_reason="length"))
    assert probed(server)["json_schema"].can is None
