"""The client of an endpoint: reasoning, finish reasons, keys."""

import os
from collections.abc import Callable

import pytest

from avengers_graph.errors import MissingKeyError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert
from tests.experts.rounds import listen, only
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_is_kept_beside_the_answer(
    server: OpenAIServer, pool_of: Pools, field: str, stream: bool
) -> None:
    server.serve("alpha", Reply("42", reasoning="six times seven", reasoning_field=field))
    record = only(listen(pool_of("alpha"), ("alpha", 1), stream=stream).answers)
    assert (record["text"], record["reasoning"]) == ("42", "six times seven")


def test_think_blocks_are_split_off(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve("alpha", "<think>Is it 41? No.</think>\n\n42")
    record = only(listen(pool_of("alpha"), ("alpha", 1)).answers)
    assert (record["text"], record["reasoning"]) == ("42", "Is it 41? No.")


def test_each_choice_keeps_its_own_reasoning_and_end(server: OpenAIServer, pool_of: Pools) -> None:
    server.serve(
        "alpha", Reply("1", reasoning="a"), Reply("2", reasoning="b", finish_reason="length")
    )
    pool = pool_of("alpha", supports={"n"})
    records = listen(pool, ("alpha", 2), batching="always").answers
    assert [(r["text"], r["reasoning"], r["finish_reason"]) for r in records] == [
        ("1", "a", "stop"),
        ("2", "b", "length"),
    ]


def test_the_key_comes_from_the_environment(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.api_key = "sk-right"
    monkeypatch.setenv("ALPHA_KEY", "sk-right")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    assert len(listen(pool_of("alpha", api_key_env="ALPHA_KEY"), ("alpha", 1)).answers) == 1


def test_blanks_and_a_line_end_around_a_key_do_not_belong_to_it(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.api_key = "sk-right"
    monkeypatch.setenv("ALPHA_KEY", " sk-right\n")
    assert listen(pool_of("alpha", api_key_env="ALPHA_KEY"), ("alpha", 1)).errors == []


@pytest.mark.parametrize(
    "key", ["sk-first\nsk-second", "sk-r\N{ZERO WIDTH SPACE}ight", "sk-r\x00x"]
)
def test_what_cannot_be_a_key_is_refused_without_saying_it(
    pool_of: Pools, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("os.environ", {**os.environ, "ALPHA_KEY": key})
    with pytest.raises(MissingKeyError, match="'ALPHA_KEY' holds a character") as caught:
        pool_of("alpha", api_key_env="ALPHA_KEY")
    assert "sk-" not in str(caught.value)


def test_nothing_of_openais_environment_goes_out_unasked(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-somebody-elses")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-somebody-elses")
    monkeypatch.setenv("OPENAI_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert len(listen(pool_of("alpha"), ("alpha", 1)).answers) == 1
    assert "somebody" not in str(only(server.requests).headers)


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_key_is_named_before_any_call(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("ALPHA_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("ALPHA_KEY", value)
    expert = Expert(name="alpha", base_url="http://127.0.0.1:9/v1", api_key_env="ALPHA_KEY")
    with pytest.raises(MissingKeyError, match=r"'alpha' needs its key .* 'ALPHA_KEY'"):
        ExpertPool([expert])


def test_structured_output_goes_out_as_it_is(server: OpenAIServer, pool_of: Pools) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    pool = pool_of("alpha", supports={"json_schema"})
    record = only(listen(pool, ("alpha", 1), params={"response_format": form}).answers)
    assert record["text"] == '{"n": 6}'
    assert only(server.requests).body["response_format"] == form


def test_names_that_look_like_openais_stay_on_chat_completions(
    server: OpenAIServer, pool_of: Pools
) -> None:
    names = ["gpt-5-pro", "codex-mini-latest", "o1-pro"]
    for name in names:
        assert len(listen(pool_of(name), (name, 1)).answers) == 1
    assert [r.model for r in server.requests] == names
