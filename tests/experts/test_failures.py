"""What is tried again, and how a failure reads."""

import email.utils
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_openai import ChatOpenAI

from avengers_graph.errors import ExpertError, ExpertResponseError, ExpertTimeoutError
from avengers_graph.experts import failures
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.settings.expert import Expert
from tests.experts.rounds import listen, only
from tests.servers import answers
from tests.servers.answers import Cut, Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(server: OpenAIServer, pool_of: Pools, status: int) -> None:
    server.serve("alpha", Fault(status), Fault(status), "42")
    heard = listen(pool_of("alpha", retries=2), ("alpha", 1))
    assert only(heard.answers)["text"] == "42"
    assert len(server.requests) == 3
    assert len(heard.started) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_cannot_succeed_is_not(server: OpenAIServer, pool_of: Pools, status: int) -> None:
    server.serve("alpha", Fault(status, "because"), "42")
    heard = listen(pool_of("alpha", retries=2), ("alpha", 1))
    assert len(server.requests) == 1
    error = only(heard.errors)
    assert server.base_url in error
    assert "because" in error
    assert "\n" not in error


@pytest.mark.parametrize(
    "said",
    [
        "the request exceeds the available context size, try increasing it",
        "This model's maximum context length is 4096 tokens. However, you requested 5000",
        "code: context_length_exceeded",
    ],
)
def test_a_prompt_that_is_too_long_has_its_own_remedy(
    server: OpenAIServer, pool_of: Pools, said: str
) -> None:
    server.serve("alpha", Fault(400, said))
    error = only(listen(pool_of("alpha"), ("alpha", 1)).errors)
    assert "shorten the conversation" in error
    assert "context_length" in error


def test_other_refusals_are_not_taken_for_it(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(400, "temperature must be below 2"))
    error = only(listen(pool_of("alpha"), ("alpha", 1)).errors)
    assert "shorten" not in error


def test_an_expert_that_failed_for_good_is_not_asked_by_those_that_wait_to_try_again(
    server: OpenAIServer, pool_of: Pools
) -> None:
    refused = Fault(401, "key revoked", delay=0.1)
    server.serve("alpha", Fault(503, "busy"), refused, "42")
    server.serve("beta", "43")
    pool = pool_of(
        "alpha", "beta", max_concurrency=2, retry_policy=RetryPolicy(jitter=lambda _: 0.3)
    )
    heard = listen(pool, ("alpha", 2), reserves=("alpha", "beta"))
    assert len(server.asked("alpha")) == 2
    assert list(heard.texts.values()) == ["43", "43"]
    assert any("busy" in error for error in heard.errors)


def test_retries_are_as_many_as_the_expert_allows(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(503, "busy"))
    heard = listen(pool_of("alpha", retries=3), ("alpha", 1))
    assert len(server.requests) == 4
    assert "busy" in only(heard.errors)


def test_a_dropped_connection_is_tried_again(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Cut(), "42")
    heard = listen(pool_of("alpha"), ("alpha", 1))
    assert only(heard.answers)["text"] == "42"


def test_a_timeout_is_tried_again(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Reply("late", delay=60), "42")
    pool = pool_of("alpha", timeout=0.5, retries=5)
    assert only(listen(pool, ("alpha", 1)).answers)["text"] == "42"


class _Response:
    def __init__(self, value: str) -> None:
        self.headers = {"retry-after": value}


class _RefusedError(Exception):
    def __init__(self, value: str) -> None:
        self.response = _Response(value)


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("soon", None)]
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert failures.retry_after(_RefusedError(value)) == seconds


def test_retry_after_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)
    seconds = failures.retry_after(_RefusedError(email.utils.format_datetime(later, usegmt=True)))
    assert seconds is not None
    assert 0 < seconds <= 100
    assert failures.retry_after(_RefusedError("Wed, 21 Oct 2015 07:28:00 GMT")) == 0.0
    assert failures.retry_after(ValueError()) is None


@pytest.mark.parametrize(
    ("fault", "is_lost"),
    [
        (answers.HTML_PAGE, False),
        (answers.OTHER_JSON, False),
        (answers.NULL_CHOICES, True),
        (answers.NULL_MESSAGE, True),
        (answers.NO_MESSAGE, True),
        (answers.BROKEN_JSON, True),
    ],
    ids=["html", "list", "null-choices", "null-message", "no-message", "broken"],
)
def test_what_is_no_chat_completion_gives_one_clear_line(
    server: OpenAIServer, pool_of: Pools, fault: Fault, is_lost: bool
) -> None:
    server.serve("alpha", fault)
    heard = listen(pool_of("alpha", retries=0), ("alpha", 1))
    error = only(heard.errors)
    assert "\n" not in error
    assert error.startswith(f"{server.base_url} did not answer as an OpenAI-compatible endpoint")
    assert error.endswith("check base_url, it usually ends in /v1") != is_lost
    server.serve("alpha", fault, "42")
    texts = [record["text"] for record in listen(pool_of("alpha", retries=1), ("alpha", 1)).answers]
    assert texts == (["42"] if is_lost else [])


def test_an_answer_without_choices(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", answers.NO_CHOICES)
    error = only(listen(pool_of("alpha", retries=0), ("alpha", 1)).errors)
    assert error.startswith(f"{server.base_url} answered without choices")


@pytest.mark.parametrize("status", [403, 502])
def test_a_web_page_with_an_error_status(server: OpenAIServer, pool_of: Pools, status: int) -> None:
    page = "<!DOCTYPE html>\n<html><head><title>Oops</title></head>\n<body>sorry</body></html>"
    server.serve("alpha", Fault(status, body=page, content_type="text/html"))
    error = only(listen(pool_of("alpha", retries=0), ("alpha", 1)).errors)
    assert error == f"{server.base_url}: Error code: {status}"


def test_a_page_that_is_not_found_gives_one_clear_line(
    server: OpenAIServer, pool_of: Pools
) -> None:
    wrong = server.base_url.removesuffix("/v1")
    heard = listen(pool_of("alpha", base_url=wrong), ("alpha", 1))
    error = only(heard.errors)
    assert error.startswith(f"{wrong}: ")
    assert "\n" not in error
    assert error.endswith("check base_url, it usually ends in /v1")


def test_a_model_that_is_not_found_is_named(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha")
    error = only(listen(pool_of("beta"), ("beta", 1)).errors)
    assert "The model `beta` does not exist" in error


def test_an_unreachable_endpoint(pool_of: Pools) -> None:
    pool = pool_of("alpha", base_url="http://127.0.0.1:9/v1", retries=1)
    error = only(listen(pool, ("alpha", 1)).errors)
    assert error.startswith("cannot reach http://127.0.0.1:9/v1 (")
    assert error.endswith("is the server running?")


def test_an_endpoint_that_cannot_be_reached_is_not_waited_for_where_there_is_another(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("beta", "42")
    pauses: list[float] = []
    policy = RetryPolicy(jitter=lambda longest: pauses.append(longest) or 0.0)
    absent = Expert(name="alpha", base_url="http://127.0.0.1:9/v1", retries=5)
    pool = pool_of(absent, "beta", retry_policy=policy)
    heard = listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
    assert only(heard.answers)["text"] == "42"
    assert pauses == []
    listen(pool, ("alpha", 1), reserves=("alpha",))
    assert pauses, "the only one is asked again"


KEY = "sk-very-secret-0123456789"


def test_keys_never_show(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.api_key = "another"
    monkeypatch.setenv("ALPHA_KEY", KEY)
    heard = listen(pool_of("alpha", api_key_env="ALPHA_KEY"), ("alpha", 1))
    assert "Incorrect API key provided" in only(heard.errors)
    assert KEY not in str(heard.events)


@pytest.mark.parametrize("lead", range(260, 300, 4))
def test_not_even_a_part_of_a_key_shows(lead: int) -> None:
    """Messages are cut to a readable length: not before the key is taken out."""
    expert = Expert(name="alpha", base_url="http://127.0.0.1:9/v1")
    error = RuntimeError("x" * lead + KEY)
    line = str(failures.as_expert_error(error, expert, secrets=[KEY]))
    assert KEY[:4] not in line


def test_a_key_in_a_connection_error_does_not_show() -> None:
    expert = Expert(name="alpha", base_url="http://127.0.0.1:9/v1")
    error: Any = openai.APIConnectionError(message="down", request=None)  # type: ignore[arg-type]
    error.__cause__ = OSError(f"proxy refused token {KEY}")
    assert KEY not in str(failures.as_expert_error(error, expert, secrets=[KEY]))


def test_kinds_of_failure() -> None:
    expert = Expert(name="alpha", base_url="http://127.0.0.1:9/v1", timeout=1.5)

    def named(error: Exception) -> ExpertError:
        return failures.as_expert_error(error, expert, secrets=())

    assert isinstance(named(TimeoutError()), ExpertTimeoutError)
    assert str(named(TimeoutError())) == "no answer from http://127.0.0.1:9/v1 within 1.5 s"
    assert isinstance(named(KeyError("choices")), ExpertResponseError)
    assert str(named(RuntimeError())) == "http://127.0.0.1:9/v1: RuntimeError"
    given = Expert(name="given", llm=GenericFakeChatModel(messages=iter(())))
    own = failures.as_expert_error(ValueError("no good"), given, secrets=())
    assert str(own) == "GenericFakeChatModel: no good"
    ours = ExpertError("as it is")
    assert named(ours) is ours
    assert failures.may_pass(ConnectionResetError())
    assert not failures.may_pass(ValueError())


def test_a_late_answer_is_not_waited_for(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", Fault(503, headers={"retry-after": "30"}))
    heard = listen(pool_of("alpha"), ("alpha", 1), deadline_at=time.time() + 0.3)
    assert heard.answers == []
    assert len(server.requests) <= 1


def test_a_pause_that_outlasts_the_deadline_hands_over_at_once(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", Fault(429, headers={"retry-after": "3600"}))
    server.serve("beta", "42")
    pool, until = pool_of("alpha", "beta"), time.time() + 15
    heard = listen(pool, ("alpha", 1), reserves=["alpha", "beta"], deadline_at=until)
    assert heard.failovers == [("alpha", "beta")]
    assert list(heard.texts.values()) == ["42"]


@pytest.mark.parametrize("key", [KEY, f"{KEY}\n"])
def test_the_key_of_a_model_object_never_shows(
    server: OpenAIServer, pool_of: Pools, key: str
) -> None:
    server.serve("alpha", Fault(401, f"Incorrect API key provided: {KEY}"))
    model = ChatOpenAI(model="alpha", base_url=server.base_url, api_key=key, max_retries=0)
    heard = listen(pool_of(Expert(name="alpha", llm=model)), ("alpha", 1))
    assert len(heard.errors) == 1
    assert KEY not in heard.errors[0]
