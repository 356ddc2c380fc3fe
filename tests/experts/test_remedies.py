"""What an error says to do about it, and about nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from avengers_graph.experts.model_list import closest_name
from avengers_graph.experts.pool import ExpertPool
from tests.experts.rounds import listen, only
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Pools = Callable[..., ExpertPool]


def error_of(pools: Pools, name: str = "alpha", **fields: Any) -> str:
    return str(only(listen(pools(name, retries=0, **fields), (name, 1)).errors))


def test_an_unknown_model_is_told_what_there_is(server: OpenAIServer, pool_of: Pools) -> None:
    for name in ("Qwen/Qwen2.5-7B-Instruct", "phi-4:latest"):
        server.serve(name)
    error = error_of(pool_of, model="qwen2.5-7b-instruct")
    assert "check the expert's model, 'qwen2.5-7b-instruct'" in error
    assert "the endpoint serves Qwen/Qwen2.5-7B-Instruct, phi-4:latest" in error
    assert error.endswith("did you mean 'Qwen/Qwen2.5-7B-Instruct'?")


def test_the_models_are_asked_for_once(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    listing = OpenAIServer._list_models

    async def counting(self: OpenAIServer, request: Any) -> Any:
        asked.append(request)
        return await listing(self, request)

    with monkeypatch.context() as patched:
        patched.setattr(OpenAIServer, "_list_models", counting)
        with OpenAIServer() as other:
            other.serve("alpha")
            pool = pool_of("beta", base_url=other.base_url, retries=0)
            for _ in range(2):
                heard = listen(pool, ("beta", 4))
                assert all("serves alpha" in error for error in heard.errors)
    assert len(asked) == 1


@pytest.mark.parametrize("variable", ["SOME_KEY", None])
def test_a_refused_key_names_the_variable(
    server: OpenAIServer,
    pool_of: Pools,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
) -> None:
    server.serve("alpha")
    server.api_key = "sk-right"
    monkeypatch.setenv("SOME_KEY", "sk-wrong")
    error = error_of(pool_of, api_key_env=variable)
    assert "api_key_env" in error
    assert ("'SOME_KEY'" in error) == (variable is not None)
    assert "sk-" not in error
    assert "base_url" not in error


@pytest.mark.parametrize("added", ["/chat/completions", "/completions/", "/models"])
def test_a_path_that_is_added_to_the_url(server: OpenAIServer, pool_of: Pools, added: str) -> None:
    error = error_of(pool_of, base_url=server.base_url + added)
    assert error.endswith(f"check base_url: leave out {added.rstrip('/')}, which is added to it")


def test_https_at_a_port_of_http(server: OpenAIServer, pool_of: Pools) -> None:
    error = error_of(pool_of, base_url=server.base_url.replace("http:", "https:"))
    assert "write http:// in place of https://" in error


@pytest.mark.parametrize(
    "words",
    [
        "The plain HTTP request was sent to HTTPS port",
        "Client sent an HTTP request to an HTTPS server.",
    ],
)
def test_http_at_a_port_of_https(server: OpenAIServer, pool_of: Pools, words: str) -> None:
    server.serve("alpha", Fault(400, body=words, content_type="text/plain"))
    assert "write https:// in place of http://" in error_of(pool_of)


@pytest.mark.parametrize(
    "words",
    ["Not Found", "404 page not found", "File Not Found", "Cannot POST /chat/completions", ""],
)
def test_nothing_under_the_path(server: OpenAIServer, pool_of: Pools, words: str) -> None:
    server.serve("alpha", Fault(404, body=words, content_type="text/plain"))
    assert error_of(pool_of).endswith("check base_url, it usually ends in /v1")


@pytest.mark.parametrize(
    "words",
    [
        "No endpoints found that support tool use",
        "The deployment was not found; wait five minutes",
        "Conversation 17 not found",
    ],
)
def test_something_else_that_is_not_there(server: OpenAIServer, pool_of: Pools, words: str) -> None:
    server.serve("alpha", Fault(404, words))
    assert error_of(pool_of).endswith(words)


@pytest.mark.parametrize(
    ("model", "names", "meant"),
    [
        ("llama3", ["phi:latest", "llama3:latest"], "llama3:latest"),
        ("meta/llama3:free", ["meta/llama3", "qwen/qwen"], "meta/llama3"),
        ("LLAMA3", ["phi", "llama3"], "llama3"),
        ("lama3", ["phi", "llama3"], "llama3"),
        ("gpt-4", ["phi", "llama3"], None),
        ("gpt-4", ["phi"], "phi"),
        ("gpt-4", [], None),
    ],
)
def test_the_name_that_was_meant(model: str, names: list[str], meant: str | None) -> None:
    assert closest_name(model, names) == meant
