"""Headers of an expert: what goes out, where secrets come from, and what stays here."""

from collections.abc import Callable

import pytest

from avengers_graph.errors import ConfigError, MissingKeyError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert
from tests.experts.rounds import listen, only
from tests.servers.answers import Fault
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration
Pools = Callable[..., ExpertPool]


@pytest.mark.parametrize("stream", [False, True])
def test_headers_go_out_with_each_request(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "s3cret-of-mine\n")
    headers = {"X-Title": "mine", "X-Gateway-Key": "$GATEWAY_KEY", "X-Two": "a ${GATEWAY_KEY} b"}
    listen(pool_of("alpha", headers=headers), ("alpha", 1), stream=stream)
    sent = only(server.requests).headers
    assert sent["x-title"] == "mine"
    assert sent["x-gateway-key"] == "s3cret-of-mine"
    assert sent["x-two"] == "a s3cret-of-mine b"


def test_a_header_may_replace_the_key(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    listen(pool_of("alpha", headers={"Authorization": "Token $TOKEN"}), ("alpha", 1))
    assert only(server.requests).headers["authorization"] == "Token abc"


def test_what_a_header_holds_never_shows(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "s3cret-of-mine")
    server.serve("alpha", Fault(401, "the key s3cret-of-mine is unknown"))
    pool = pool_of("alpha", headers={"X-Gateway-Key": "$GATEWAY_KEY"})
    assert "s3cret" not in only(listen(pool, ("alpha", 1)).errors)
    assert "s3cret" not in str(pool.identity())


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key", "api-key", "Cookie"])
def test_a_secret_written_out_is_refused(header: str) -> None:
    expert = Expert(name="alpha", base_url="http://127.0.0.1:9/v1", headers={header: "s3cret"})
    with pytest.raises(ConfigError, match=f"'{header}' has a secret written out") as caught:
        ExpertPool([expert])
    assert "s3cret" not in str(caught.value)


def test_a_variable_that_is_not_set_is_named_before_any_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    expert = Expert(name="alpha", base_url="http://127.0.0.1:9/v1", headers={"X-A": "$NOWHERE"})
    with pytest.raises(MissingKeyError, match=r"'X-A' needs the environment variable 'NOWHERE'"):
        ExpertPool([expert])


def test_the_environments_headers_are_openais_alone(
    server: OpenAIServer, pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "X-Gateway-Key: s3cret\nAuthorization: Bearer s3cret\nX-Title: no"
    )
    listen(pool_of("alpha", headers={"X-Title": "mine"}), ("alpha", 1))
    sent = only(server.requests).headers
    assert "s3cret" not in str(sent)
    assert sent["x-title"] == "mine"
    assert sent["authorization"] == "Bearer not-needed"


@pytest.mark.parametrize("proxy", ["socks://me:s3cret@127.0.0.1:9", "ftp://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_told_as_such(
    pool_of: Pools, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    pool = pool_of("alpha", base_url="http://192.0.2.1/v1", retries=0)
    error = only(listen(pool, ("alpha", 1)).errors)
    assert "the proxy that the environment sets cannot be used" in error
    assert "base_url" not in error
    assert "s3cret" not in error
