"""Servers of chat completions, and what they do differently: one row each.

All of them speak OpenAI's protocol, and each leaves a part of it out or adds one. A row holds
what a request to such a server must look like; an expert names its row in ``server``, or has it
by the host of its ``base_url``. What no row says is found out from the server's first refusal
(``experts.dialect``). ``docs/servers.md`` shows the rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

TokenLimit = Literal["max_tokens", "max_completion_tokens"]


@dataclass(frozen=True, slots=True)
class Server:
    """What requests to one kind of server must look like."""

    hosts: tuple[str, ...] = ()
    """Hosts that are known to be such a server."""
    base_url: str = ""
    """Where such a server is unless it is told otherwise."""
    key_env: str = ""
    """The environment variable that usually holds its key; empty where it asks for none."""
    signs: frozenset[str] = frozenset()
    """What it calls itself: in the header ``Server``, or as the owner of its models."""
    token_limit: TokenLimit = "max_tokens"
    """The name under which it takes the limit on the tokens of an answer."""
    refuses: frozenset[str] = frozenset()
    """Parameters that are left out because it refuses a request that has them."""
    wants_reasoning: bool = False
    """Whether a turn that called tools must come back with its ``reasoning_content``."""
    short_call_ids: bool = False
    """Whether the id of a call must be nine letters and digits."""
    streams_only: bool = False
    """Whether it computes a plain request to its end after the caller hung up: single answers
    are then asked for as streams, and cancelling frees it at once."""
    known_for: str = ""
    """What its answers are known for, in Markdown. All answers are read alike: for readers only."""


SERVERS: Mapping[str, Server] = {
    "deepseek": Server(
        hosts=("api.deepseek.com",),
        base_url="https://api.deepseek.com/v1",
        key_env="DEEPSEEK_API_KEY",
        wants_reasoning=True,
        known_for="`reasoning_content`; ends with `insufficient_system_resource` when overloaded",
    ),
    "gemini": Server(
        hosts=("generativelanguage.googleapis.com",),
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_env="GEMINI_API_KEY",
        known_for="signs each call (`extra_content`) and wants the signature back; empty ids",
    ),
    "kimi": Server(
        hosts=("api.moonshot.ai", "api.moonshot.cn"),
        base_url="https://api.moonshot.ai/v1",
        key_env="MOONSHOT_API_KEY",
        wants_reasoning=True,
        known_for="`reasoning_content`",
    ),
    "llama.cpp": Server(
        base_url="http://127.0.0.1:8080/v1",
        signs=frozenset({"llama.cpp", "llamacpp"}),
        streams_only=True,
        known_for="arguments as an object; `n` up to its slots, and usage of one choice only",
    ),
    "lm-studio": Server(
        base_url="http://127.0.0.1:1234/v1",
        signs=frozenset({"organization_owner", "organization-owner"}),
        known_for='errors as `{"error": text}`, with HTTP 200 too',
    ),
    "mistral": Server(
        hosts=("api.mistral.ai",),
        base_url="https://api.mistral.ai/v1",
        key_env="MISTRAL_API_KEY",
        refuses=frozenset({"stream_options"}),
        short_call_ids=True,
        known_for="content in parts; errors in `message.detail`; ends with `model_length`",
    ),
    "ollama": Server(
        base_url="http://127.0.0.1:11434/v1",
        signs=frozenset({"library"}),
        known_for="index 0 for every call of several; `stop` after calls; ignores `n`",
    ),
    "openai": Server(
        hosts=("api.openai.com",),
        base_url="https://api.openai.com/v1",
        key_env="OPENAI_API_KEY",
        token_limit="max_completion_tokens",
    ),
    "openrouter": Server(
        hosts=("openrouter.ai",),
        base_url="https://openrouter.ai/api/v1",
        key_env="OPENROUTER_API_KEY",
        known_for="errors with HTTP 200 and in streams; `reasoning_details`, which go back",
    ),
    "tgi": Server(
        base_url="http://127.0.0.1:3000/v1",
        known_for="errors as text with `error_type`; ends with `eos_token`",
    ),
    "vllm": Server(
        base_url="http://127.0.0.1:8000/v1",
        signs=frozenset({"vllm"}),
        known_for="`reasoning`; usage so far in each chunk where it is told to",
    ),
}
ANY = Server()
"""A server of which nothing is known."""


def server_of(name: str | None, base_url: str) -> str | None:
    """The row for an endpoint: the one named, else that of the URL's host; None without."""
    host = urlsplit(base_url).hostname
    return name or next((row for row, server in SERVERS.items() if host in server.hosts), None)


def local_rows() -> tuple[str, ...]:
    """The rows whose servers run on one's own machine, at a port that is usually theirs."""
    return tuple(row for row, server in SERVERS.items() if _port(server.base_url))


def recognised(base_url: str, signs: Iterable[str] = ()) -> str | None:
    """The row of an endpoint by its host, else by what it calls itself, else by its port.

    Args:
        signs: the header ``Server`` and the owners of models, as the endpoint sent them.
    """
    seen = {sign.lower() for sign in signs}
    by_sign = (row for row, server in SERVERS.items() if server.signs & seen)
    by_port = (row for row in local_rows() if _port(SERVERS[row].base_url) == _port(base_url))
    return server_of(None, base_url) or next(by_sign, None) or next(by_port, None)


def _port(url: str) -> int | None:
    """The port that a URL names; None without."""
    try:
        return urlsplit(url).port
    except ValueError:  # it is no number, or out of range
        return None
