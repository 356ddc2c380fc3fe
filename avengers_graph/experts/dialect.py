"""How one endpoint wants its requests: by its row in ``servers``, and by what it refused.

A server that does not know a parameter refuses the whole request and names the parameter. The
request goes out again without it, or with the parameter under its other name, and what helped is
remembered for the endpoint and the model in this process.
"""

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from avengers_graph.settings.servers import ANY, Server, TokenLimit

LOGGER = logging.getLogger(__name__)

REFUSALS = (400, 422)
"""What a server answers to a parameter that it does not know."""
_REFUSES = re.compile(
    r"\b(?:not|n't|no longer)\s+(?:\w+\s+){0,2}?(?:support|permit|allow|recogni[sz]|accept|known)"
    r"|unsupported|unknown|unrecogni[sz]ed|unexpected|deprecated|forbidden"
    r"|invalid (?:parameter|field)|extra (?:input|field|param)|additional propert"
    r"|cannot both be|mutually exclusive|may only be set",
    re.IGNORECASE,
)
"""How servers say that they do not take a parameter; one that is out of range reads otherwise."""
_IS_MISSED = re.compile(r"must be (?:passed|sent|given|included|provided)|missing|required", re.I)
"""How servers say that a field must be there."""
_WANTS_SHORT_IDS = re.compile(r"tool call id\b.*\blength of 9", re.IGNORECASE | re.DOTALL)
"""How Mistral says that it takes no id like those of others, itself or its tokenizer in vLLM."""
_SHORT_ID = re.compile(r"[a-zA-Z0-9]{9}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known of an endpoint."""

    token_limit: TokenLimit = "max_tokens"
    left_out: frozenset[str] = frozenset()
    wants_reasoning: bool = False
    short_call_ids: bool = False

    def payload(
        self, payload: Mapping[str, Any], messages: Sequence[BaseMessage]
    ) -> dict[str, Any]:
        """The request as the endpoint takes it.

        Args:
            payload: in OpenAI's form, with the limit on tokens as ``max_tokens``.
            messages: those that ``payload["messages"]`` was made of, in the same order.
        """
        adapted = self._without(payload)
        if "extra_body" in adapted:
            adapted["extra_body"] = self._without(adapted["extra_body"])
        if self.token_limit != "max_tokens" and "max_tokens" in adapted:
            adapted[self.token_limit] = adapted.pop("max_tokens")
        if self.wants_reasoning:
            pairs = zip(payload["messages"], messages, strict=True)
            adapted["messages"] = [_with_reasoning(plain, message) for plain, message in pairs]
        if self.short_call_ids:
            adapted["messages"] = [_with_short_ids(plain) for plain in adapted["messages"]]
        return adapted

    def _without(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in parameters.items() if name not in self.left_out}

    def after(self, refusal: str, payload: Mapping[str, Any]) -> "Dialect | None":
        """The dialect that avoids a refusal; None where it names nothing that could be avoided.

        Args:
            refusal: the server's words.
            payload: the request that was refused, as it went out.
        """
        if "reasoning_content" in refusal:
            missed = _IS_MISSED.search(refusal) is not None and not self.wants_reasoning
            refused = _REFUSES.search(refusal) is not None and self.wants_reasoning
            return replace(self, wants_reasoning=missed) if missed or refused else None
        if _WANTS_SHORT_IDS.search(refusal) is not None:
            return None if self.short_call_ids else replace(self, short_call_ids=True)
        if _REFUSES.search(refusal) is None:
            return None
        for name, without in _AVOIDABLE.items():
            if name in payload and re.search(rf"\b{name}(?:ing)?\b", refusal, re.IGNORECASE):
                if name in _OTHER_NAME:
                    return replace(self, token_limit=_OTHER_NAME[name])
                return replace(self, left_out=self.left_out | without)
        return None


_OTHER_NAME: Mapping[str, TokenLimit] = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
_AVOIDABLE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_OTHER_NAME, frozenset()),
    "stream_options": frozenset({"stream_options"}),
    "temperature": frozenset({"temperature"}),
    "stream": frozenset({"stream", "stream_options"}),
}
"""Parameters with another name, and those an answer can do without, each with what goes with it.
Where any other one is refused, the refusal is the caller's to read."""


def _with_reasoning(plain: Mapping[str, Any], message: BaseMessage) -> dict[str, Any]:
    """A turn that called tools with its reasoning, an empty one where another model wrote it."""
    if not isinstance(message, AIMessage) or not plain.get("tool_calls"):
        return dict(plain)
    reasoning = message.additional_kwargs.get("reasoning_content") or ""
    return {**plain, "reasoning_content": reasoning}


def _with_short_ids(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A turn with ids that Mistral takes: a call and its result keep the same one."""
    adapted = dict(plain)
    if plain.get("tool_calls"):
        adapted["tool_calls"] = [{**c, "id": _short_id(c["id"])} for c in plain["tool_calls"]]
    if "tool_call_id" in plain:
        adapted["tool_call_id"] = _short_id(plain["tool_call_id"])
    return adapted


def _short_id(identity: str) -> str:
    if _SHORT_ID.fullmatch(identity):
        return identity
    return hashlib.sha256(identity.encode()).hexdigest()[:9]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model of one server."""

    base_url: str
    model: str
    server: Server = ANY
    """What is known of servers of its kind."""


_learned: dict[Endpoint, Dialect] = {}


def dialect_of(endpoint: Endpoint) -> Dialect:
    """What is known of an endpoint so far."""
    server = endpoint.server
    by_its_row = Dialect(
        server.token_limit, server.refuses, server.wants_reasoning, server.short_call_ids
    )
    return _learned.get(endpoint, by_its_row)


def remember(endpoint: Endpoint, dialect: Dialect) -> None:
    """Keep what an endpoint turned out to want, for this process."""
    if dialect_of(endpoint) != dialect:
        _learned[endpoint] = dialect
        where, told = endpoint.base_url, _described(dialect)
        LOGGER.info("%s takes requests for %s with %s", where, endpoint.model, told)


def forget() -> None:
    """Begin anew, for tests: ports of servers that are gone are used again."""
    _learned.clear()


def _described(dialect: Dialect) -> str:
    told = [f"the limit as {dialect.token_limit}"]
    told += [f"no {name}" for name in sorted(dialect.left_out)]
    told += ["the reasoning of earlier turns"] if dialect.wants_reasoning else []
    told += ["ids of calls of nine characters"] if dialect.short_call_ids else []
    return ", ".join(told)
