"""Servers of chat completions, and what they do differently: one row each.

All of them speak OpenAI's protocol, and each leaves a part of it out or adds one. A row holds
what a request to such a server must look like; an expert names its row in ``server``, or has it
by the host of its ``base_url``. What no row says is found out from the server's first refusal
(``experts.dialect``). ``docs/servers.md`` shows the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

TokenLimit = Literal["max_tokens", "max_completion_tokens"]


@dataclass(frozen=True, slots=True)
class Server:
    """What requests to one kind of server must look like."""

    hosts: tuple[str, ...] = ()
    """Hosts that are known to be such a server."""
    token_limit: TokenLimit = "max_tokens"
    """The name under which it takes the limit on the tokens of an answer."""
    refuses: frozenset[str] = frozenset()
    """Parameters that are left out because it refuses a request that has them."""
    wants_reasoning: bool = False
    """Whether a turn that called tools must come back with its ``reasoning_content``."""
    streams_only: bool = False
    """Whether it computes a plain request to its end after the caller hung up: single answers
    are then asked for as streams, and cancelling frees it at once."""
    known_for: str = ""
    """What its answers are known for, in Markdown. All answers are read alike: for readers only."""


SERVERS: Mapping[str, Server] = {
    "deepseek": Server(
        hosts=("api.deepseek.com",),
        wants_reasoning=True,
        known_for="`reasoning_content`; ends with `insufficient_system_resource` when overloaded",
    ),
    "gemini": Server(
        hosts=("generativelanguage.googleapis.com",),
        known_for="signs each call (`extra_content`) and wants the signature back; empty ids",
    ),
    "kimi": Server(
        hosts=("api.moonshot.ai", "api.moonshot.cn"),
        wants_reasoning=True,
        known_for="`reasoning_content`",
    ),
    "llama.cpp": Server(
        streams_only=True,
        known_for="arguments as an object; `n` up to its slots, and usage of one choice only",
    ),
    "lm-studio": Server(known_for='errors as `{"error": text}`, with HTTP 200 too'),
    "mistral": Server(
        hosts=("api.mistral.ai",),
        refuses=frozenset({"stream_options"}),
        known_for="content in parts; errors in `message.detail`; ends with `model_length`",
    ),
    "ollama": Server(
        known_for="index 0 for every call of several; `stop` after calls; ignores `n`",
    ),
    "openai": Server(hosts=("api.openai.com",), token_limit="max_completion_tokens"),
    "openrouter": Server(
        hosts=("openrouter.ai",),
        known_for="errors with HTTP 200 and in streams; `reasoning_details`, which go back",
    ),
    "tgi": Server(known_for="errors as text with `error_type`; ends with `eos_token`"),
    "vllm": Server(known_for="`reasoning`; usage so far in each chunk where it is told to"),
}
ANY = Server()
"""A server of which nothing is known."""


def server_of(name: str | None, base_url: str) -> str | None:
    """The row for an endpoint: the one named, else that of the URL's host; None without."""
    host = urlsplit(base_url).hostname
    return name or next((row for row, server in SERVERS.items() if host in server.hosts), None)
