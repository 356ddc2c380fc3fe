"""LangChain's own ways out of an error, with the chat model as with any other."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelRetryMiddleware, SummarizationMiddleware
from langchain_core.exceptions import ContextOverflowError, ModelRateLimitError
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import Runnable

from avengers_graph import ChatAvengers
from avengers_graph.errors import AllExpertsFailedError, ConfigError
from tests.calibrated import EXPERTS, SUM
from tests.servers.answers import Answer, Fault
from tests.servers.openai_server import OpenAIServer, Received

pytestmark = pytest.mark.integration

Models = Callable[..., ChatAvengers]
Invoke = Callable[[Runnable[Any, Any], Any], Any]
CONTEXT = 4000
OVERFLOW = Fault(
    400,
    body=json.dumps(
        {
            "error": {
                "message": f"This model's maximum context length is {CONTEXT} tokens.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        }
    ),
)


@pytest.fixture(params=["invoke", "ainvoke"])
def invoke(request: pytest.FixtureRequest) -> Invoke:
    if request.param == "invoke":
        return lambda runnable, given: runnable.invoke(given)
    return lambda runnable, given: asyncio.run(runnable.ainvoke(given))


def serve(server: OpenAIServer, *said: str | Answer | Callable[[Received], Any]) -> None:
    for name in EXPERTS:
        server.serve(name, *said)


def long_conversation() -> list[AnyMessage]:
    turns: list[AnyMessage] = []
    for number in range(20):
        turns += [HumanMessage(f"question {number} " + "z" * 900), AIMessage(f"answer {number}")]
    return [*turns, HumanMessage(SUM)]


@pytest.mark.parametrize(
    "fields", [{}, {"context_length": CONTEXT}], ids=["experts overflow", "none is long enough"]
)
def test_a_summary_that_is_too_long_is_asked_for_of_less(
    server: OpenAIServer, llm_of: Models, invoke: Invoke, fields: dict[str, Any]
) -> None:
    def answer(received: Received) -> str | Fault:
        if len(received.prompt) > 4 * CONTEXT:
            return OVERFLOW
        return "13" if received.prompt.endswith(SUM) else "Many questions were asked."

    serve(server, answer)
    llm = llm_of(fields=fields)
    summing_up = SummarizationMiddleware(
        model=llm, trigger=("messages", 10), keep=("messages", 2), trim_tokens_to_summarize=None
    )
    agent = create_agent(llm, [], middleware=[summing_up])
    messages = invoke(agent, {"messages": long_conversation()})["messages"]
    assert "Many questions were asked." in messages[0].text
    assert [message.text for message in messages[1:]] == ["answer 19", SUM, "13"]


@pytest.mark.parametrize("fields", [{}, {"context_length": CONTEXT}])
def test_an_overflow_reaches_the_caller_as_one(
    server: OpenAIServer, llm_of: Models, invoke: Invoke, fields: dict[str, Any]
) -> None:
    serve(server, OVERFLOW)
    ours = ConfigError if fields else AllExpertsFailedError
    with pytest.raises(ContextOverflowError) as caught:
        invoke(llm_of(fields=fields), long_conversation())
    assert isinstance(caught.value, ours)


@pytest.mark.parametrize(("status", "tries"), [(401, 1), (403, 1), (429, 3), (503, 3)])
def test_retry_middleware_tries_again_what_may_pass_only(
    server: OpenAIServer, llm_of: Models, invoke: Invoke, status: int, tries: int
) -> None:
    serve(server, Fault(status))
    retry = ModelRetryMiddleware(max_retries=2, initial_delay=0.0, on_failure="error")
    llm = llm_of(strategy="direct", max_retries=0)
    agent = create_agent(llm, [], middleware=[retry])
    with pytest.raises(AllExpertsFailedError):
        invoke(agent, {"messages": [HumanMessage(SUM)]})
    assert len(server.requests) == tries * len(EXPERTS)


def test_retry_middleware_gets_the_answer_in_the_end(
    server: OpenAIServer, llm_of: Models, invoke: Invoke
) -> None:
    serve(server, Fault(429), "13")
    retry = ModelRetryMiddleware(max_retries=2, initial_delay=0.0, on_failure="error")
    agent = create_agent(llm_of(strategy="direct", max_retries=0), [], middleware=[retry])
    assert invoke(agent, {"messages": [HumanMessage(SUM)]})["messages"][-1].text == "13"


def test_fallbacks_for_a_rate_limit_are_for_nothing_else(
    server: OpenAIServer, llm_of: Models, invoke: Invoke
) -> None:
    given = {"strategy": "direct", "max_retries": 0}
    llm = llm_of(experts=("alpha", "gamma"), **given).with_fallbacks(
        [llm_of(experts=("beta",), **given)], exceptions_to_handle=(ModelRateLimitError,)
    )
    serve(server, Fault(429))
    server.serve("beta", "13")
    assert invoke(llm, SUM).text == "13"
    server.serve("alpha", Fault(401))
    server.serve("gamma", Fault(401))
    with pytest.raises(AllExpertsFailedError):
        invoke(llm, SUM)


def test_a_stream_fails_in_the_same_way(server: OpenAIServer, llm_of: Models) -> None:
    serve(server, Fault(429))
    with pytest.raises(ModelRateLimitError):
        list(llm_of(strategy="direct", max_retries=0).stream(SUM))
