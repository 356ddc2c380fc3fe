"""Secrets of a chat model object: found wherever they stand, and kept out of messages."""

from collections.abc import Callable

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretBytes, SecretStr

from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.redaction import secrets_in, without
from avengers_graph.settings.expert import Expert
from tests.experts.rounds import listen, only


class Inner(BaseModel):
    """As a provider's package may nest its settings."""

    password: str = "plain-password"
    itself: "Inner | None" = None
    model: str = "not-a-secret"


class Hosted(GenericFakeChatModel):
    """A model with more than one secret."""

    api_key: SecretStr = SecretStr("sk-first")
    session_token: SecretStr = SecretStr("sk-second")
    signature: SecretBytes = SecretBytes(b"sk-third")
    inner: Inner = Inner()


def test_every_secret_is_found() -> None:
    model = Hosted(messages=iter(()))
    model.inner.itself = model.inner  # it ends all the same
    found = secrets_in(model)
    assert set(found) == {"sk-first", "sk-second", "sk-third", "plain-password"}
    assert secrets_in(None) == ()


def test_headers_and_plain_keys_are_found() -> None:
    model = ChatOpenAI(
        model="m",
        api_key=SecretStr("sk-own"),
        base_url="http://127.0.0.1:9/v1",
        default_headers={"Authorization": "Bearer of-the-header", "x-version": "2"},
        default_query={"api-version": "2024-01-01", "api-key": "of-the-query"},
        model_kwargs={"extra_headers": {"x-session": "of-the-session"}},
    )
    wanted = {"sk-own", "Bearer of-the-header", "of-the-header", "of-the-query", "of-the-session"}
    assert set(secrets_in(model)) == wanted


def test_they_go_however_they_are_quoted() -> None:
    assert without("a 'sk-1\\n' b sk-1 c", ["sk-1\n"]) == "a '***' b *** c"
    assert without("Bearer abc, abc", secrets_in({"Authorization": "Bearer abc"})) == "***, ***"


@pytest.mark.parametrize("secret", ["sk-first", "sk-second", "sk-third", "plain-password"])
def test_no_secret_shows_in_what_an_expert_failed_of(
    pool_of: Callable[..., ExpertPool], secret: str
) -> None:
    def fail() -> None:
        raise ValueError(f"401: header x-session: {secret} rejected")

    model = Hosted(messages=(fail() for _ in range(1)))  # type: ignore[misc]
    heard = listen(pool_of(Expert(name="alpha", llm=model)), ("alpha", 1))
    assert only(heard.errors) == "Hosted: 401: header x-session: *** rejected"
    assert secret not in str(heard.events)
