"""What sort of failure LangChain takes an expert's for."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_openai import ChatOpenAI

from avengers_graph.experts import failures
from avengers_graph.experts.events import SampleEnded
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert
from tests.experts.rounds import listen, only
from tests.servers import answers
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]


@pytest.mark.parametrize(
    ("status", "kind", "is_retryable"),
    [
        (400, ModelInvalidRequestError, False),
        (401, ModelAuthenticationError, False),
        (402, None, False),
        (403, ModelPermissionDeniedError, False),
        (404, ModelNotFoundError, False),
        (408, ModelTimeoutError, True),
        (409, None, True),
        (413, ModelInvalidRequestError, False),
        (422, ModelInvalidRequestError, False),
        (429, ModelRateLimitError, True),
        (500, ModelAPIError, True),
        (503, ModelAPIError, True),
    ],
)
def test_a_refusal_has_the_kind_that_langchain_gives_it(
    server: OpenAIServer,
    pool_of: Pools,
    status: int,
    kind: type[ModelError] | None,
    is_retryable: bool,
) -> None:
    server.serve("alpha", Fault(status))
    heard = listen(pool_of("alpha", retries=0), ("alpha", 1))
    error = only(heard.raised)
    assert str(error) == only(heard.errors)
    assert (error.kind, error.is_retryable) == (kind, is_retryable)
    assert error.__cause__ is error.__context__ is None, "clients' errors hold the key"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("This model's maximum context length is 4096 tokens", None),
        ("Please reduce the length of the messages", "context_length_exceeded"),
    ],
)
def test_an_overflow_has_a_kind_of_its_own(
    server: OpenAIServer, pool_of: Pools, message: str, code: str | None
) -> None:
    server.serve(
        "alpha", Fault(400, body=json.dumps({"error": {"message": message, "code": code}}))
    )
    error = only(listen(pool_of("alpha"), ("alpha", 1)).raised)
    assert (error.kind, error.is_retryable) == (ContextOverflowError, False)
    assert "shorten the conversation" in str(error)


def test_failures_without_a_status_have_kinds_too(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("late", delay=60))
    late = only(listen(pool_of("alpha", timeout=0.2, retries=0), ("alpha", 1)).raised)
    assert (late.kind, late.is_retryable) == (ModelTimeoutError, True)
    away = pool_of("alpha", base_url="http://127.0.0.1:9/v1", retries=0)
    lost = only(listen(away, ("alpha", 1)).raised)
    assert (lost.kind, lost.is_retryable) == (ModelConnectionError, True)
    server.serve("alpha", answers.NO_CHOICES)
    empty = only(listen(pool_of("alpha", retries=0), ("alpha", 1)).raised)
    assert (empty.kind, empty.is_retryable) == (None, True)


def test_the_kind_of_a_model_objects_own_error_is_kept() -> None:
    class QuotaError(ModelRateLimitError):
        is_retryable = False

    assert failures.kind_of(QuotaError()) is ModelRateLimitError
    assert not failures.may_pass(QuotaError())
    assert failures.kind_of(ModelError()) is None


def test_streams_of_the_graph_carry_the_text_only(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(401))
    heard = listen(pool_of("alpha"), ("alpha", 1))
    finished = only([e for e in heard.events if isinstance(e, SampleEnded)])
    assert finished.to_dict() == {"type": "sample_finished", "sample": finished.record}


def test_an_error_in_place_of_an_answer_of_a_model_object(
    server: OpenAIServer, pool_of: Pools
) -> None:
    body = {"error": {"message": "Rate limit exceeded: free-models-per-min", "code": 429}}
    server.serve("alpha", Fault(200, body=json.dumps(body)))
    made: Any = ChatOpenAI
    llm = made(model="alpha", base_url=server.base_url, api_key="none", max_retries=0)
    heard = listen(pool_of(Expert(name="alpha", llm=llm, retries=0)), ("alpha", 1))
    error = only(heard.raised)
    assert (error.kind, error.is_retryable) == (ModelRateLimitError, True)
    assert str(error) == "ChatOpenAI: Error code: 429 - Rate limit exceeded: free-models-per-min"
