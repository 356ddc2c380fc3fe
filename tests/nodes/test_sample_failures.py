"""The fourth node when nobody answers: what is raised, and what it is to LangChain."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver

from avengers_graph.errors import AllExpertsFailedError, ExpertError
from avengers_graph.experts.model_errors import AllExpertsModelError
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.experts.sample_record import unanswered_record
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert
from tests.calibrated import EXPERTS, SUM
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]
KEY = "sk-very-secret-0123456789"
TOO_LONG = Fault(400, "This model's maximum context length is 4096 tokens.")
LATE = Reply("late", delay=60)
THREAD: Any = {"configurable": {"thread_id": "1"}}


def failing(graph: Any, run: Run, **context: Any) -> AllExpertsModelError:
    with pytest.raises(AllExpertsModelError) as caught:
        run(graph, {"messages": [HumanMessage(SUM)]}, context=Context(**context))
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(401), ModelAuthenticationError),
        (Fault(429), ModelRateLimitError),
        (Fault(503), ModelAPIError),
        (TOO_LONG, ContextOverflowError),
    ],
)
def test_one_kind_of_failure_is_raised_as_it(
    server: OpenAIServer, graph_of: Graphs, run: Run, fault: Fault, kind: type[ModelError]
) -> None:
    for name in EXPERTS:
        server.serve(name, fault)
    error = failing(graph_of(fields={"retries": 0}), run, samples=3)
    assert isinstance(error, AllExpertsFailedError)
    assert isinstance(error, kind)
    assert error.is_retryable is kind.is_retryable
    assert set(error.causes) == set(EXPERTS)
    cause = error.__cause__
    assert isinstance(cause, ExpertError)
    assert str(cause) in error.causes.values()
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, in this test
    assert (type(copy), copy.causes) == (type(error), error.causes)


@pytest.mark.parametrize(
    ("other", "is_retryable"), [(Fault(503), True), (TOO_LONG, False), (Fault(403), False)]
)
def test_a_mixture_may_pass_when_one_of_them_may(
    server: OpenAIServer, graph_of: Graphs, run: Run, other: Fault, is_retryable: bool
) -> None:
    server.serve("alpha", Fault(401))
    server.serve("beta", Fault(401))
    server.serve("gamma", other)
    error = failing(graph_of(fields={"retries": 0}), run, samples=1)
    assert type(error) is AllExpertsModelError
    assert error.is_retryable is is_retryable


def test_nobody_there_and_nobody_in_time(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    nowhere = graph_of(fields={"base_url": "http://127.0.0.1:9/v1", "retries": 0})
    assert isinstance(failing(nowhere, run, samples=1), ModelConnectionError)
    server.serve("alpha", LATE)
    late = failing(graph_of(), run, samples=2, deadline=0.1)
    assert isinstance(late, ModelTimeoutError)
    assert late.is_retryable
    assert late.__cause__ is None, "no expert raised anything"


def test_experts_that_rest_failed_as_those_before(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    for name in EXPERTS:
        server.serve(name, Fault(500))
    graph = graph_of(fields={"retries": 0, "retry_policy": RetryPolicy(rest_after=2)})
    errors = [failing(graph, run, samples=1) for _ in range(3)]
    assert "passed over for" in str(errors[-1])
    assert all(isinstance(error, ModelAPIError) for error in errors)


def test_the_last_failure_of_an_expert_counts(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Fault(503), TOO_LONG)
    graph = graph_of(experts=("alpha",), fields={"retries": 0, "max_concurrency": 1})
    error = failing(graph, run, samples=2)
    assert "maximum context length" in error.causes["alpha"]
    assert isinstance(error, ContextOverflowError)


def test_a_resumed_run_raises_the_same_kind(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Fault(401))
    graph = graph_of(experts=("alpha",), checkpointer=InMemorySaver())
    given: dict[str, Any] | None = {"messages": [HumanMessage(SUM)]}
    for _ in range(2):
        with pytest.raises(ModelAuthenticationError):
            run(graph, given, config=THREAD, context=Context(samples=1))
        given = None
    json.dumps({k: v for k, v in graph.get_state(THREAD).values.items() if k != "messages"})
    assert len(server.requests) == 2


def test_of_failures_in_a_checkpoint_only_the_text_is_known(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Fault(429))
    graph = graph_of(
        experts=("alpha",),
        fields={"retries": 0},
        checkpointer=InMemorySaver(),
        interrupt_before=["sample"],
    )
    run(graph, {"messages": [HumanMessage(SUM)]}, config=THREAD, context=Context(samples=1))
    before = unanswered_record(
        expert="gone", index=0, round_number=0, latency=0.1, ended="failed", error="HTTP 503"
    )
    graph.update_state(THREAD, {"samples": [before]})
    with pytest.raises(AllExpertsModelError) as caught:
        run(graph, None, config=THREAD)
    assert caught.value.causes["gone"] == "HTTP 503"
    assert caught.value.is_retryable
    assert isinstance(caught.value.__cause__, ExpertError)


def test_no_key_hides_behind_the_error(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", Fault(401, f"Incorrect API key provided: {KEY}"))
    model = ChatOpenAI(model="alpha", base_url=server.base_url, api_key=KEY, max_retries=0)
    error: BaseException | None = failing(
        graph_of(experts=(Expert(name="alpha", llm=model),)), run, samples=1
    )
    chain = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    assert len(chain) == 2
    assert KEY not in repr([(str(e), vars(e)) for e in chain])
