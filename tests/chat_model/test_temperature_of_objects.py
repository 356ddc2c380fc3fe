"""What a chat model object says of its temperature counts."""

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from avengers_graph import ChatAvengers
from tests.calibrated import SUM
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = pytest.mark.integration


def llm_of(server: OpenAIServer, **fields: Any) -> ChatAvengers:
    shared = {"base_url": server.base_url, "api_key": "no-key", "max_retries": 0}
    return ChatAvengers(models=[ChatOpenAI(model="alpha", **{**shared, **fields})], samples=2)


@pytest.mark.parametrize(
    ("own", "call", "asked_at"),
    [
        (0.2, {}, 0.2),
        (0.2, {"strategy": "direct"}, 0.2),
        (0.2, {"temperature": 1.0}, 1.0),
        (None, {"strategy": "direct"}, None),
        (None, {}, 0.7),
    ],
)
def test_an_object_is_asked_at_its_own(
    server: OpenAIServer, own: Any, call: dict[str, Any], asked_at: float | None
) -> None:
    llm_of(server, temperature=own).invoke(SUM, **call)
    assert {request.body.get("temperature") for request in server.requests} == {asked_at}


@pytest.mark.parametrize("own", [None, 0.2])
def test_a_server_that_refuses_a_temperature_is_found_out(server: OpenAIServer, own: Any) -> None:
    def answer(request: Received) -> Any:
        refused = request.body.get("temperature") is not None
        return Fault(400, "Unsupported value: 'temperature'") if refused else Reply("13")

    server.serve("alpha", answer)
    llm = llm_of(server, temperature=own)
    assert llm.invoke(SUM).text == llm.invoke(SUM).text == "13"
    assert server.requests[-1].body.get("temperature") is None


class RefusesAsync(BaseChatModel):
    """An object whose async half says that there is none."""

    @property
    def _llm_type(self) -> str:
        return "synchronous"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[{"message": AIMessage("13")}])  # type: ignore[list-item]

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError


def test_an_object_without_async_is_asked_on_a_thread() -> None:
    assert ChatAvengers(models=[RefusesAsync()], samples=2).invoke(SUM).text == "13"
