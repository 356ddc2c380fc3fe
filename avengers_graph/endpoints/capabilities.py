"""What a model behind an endpoint can do, found out by asking: one tiny request a capability.

The requests go out as those of a vote do, so that what is found is what an expert will do. An
answer counts only where it shows the capability; where it shows nothing either way, what the
server says of the model holds, and without that the capability stays unknown.
"""

import asyncio
import struct
import zlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, get_args

from langchain_core.exceptions import ModelAuthenticationError, ModelPermissionDeniedError
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from avengers_graph.errors import ExpertError
from avengers_graph.experts.caller import Call, ExpertCaller
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.settings.expert import Capability, Expert

PATIENCE = 60.0
"""Seconds for one request: a server may have to load the model first."""
_TOKENS = 16
_HELLO = "Say hello in one word."
_TOOL = {
    "type": "function",
    "function": {
        "name": "f",
        "description": "Does what is asked for.",
        "parameters": {"type": "object", "properties": {}},
    },
}
_SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
_KEY_REFUSED = (ModelAuthenticationError, ModelPermissionDeniedError)


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe shows of one capability."""

    can: bool | None
    """None where the answer shows nothing either way."""
    why: str = ""
    """What it was seen by; for a person to read."""


Ask = Callable[..., Awaitable[list[AIMessage]]]
"""One request, as ``_asker`` makes it."""


def probing_caller(expert: Expert) -> ExpertCaller:
    """A caller that sends whatever is asked for, and sends it once."""
    everything = frozenset(get_args(Capability))
    change = {"supports": everything, "timeout": min(PATIENCE, expert.timeout), "retries": 0}
    return ExpertCaller(expert.model_copy(update=change), retry_policy=RetryPolicy())


async def one_token(caller: ExpertCaller) -> AIMessage:
    """The shortest answer of a model.

    Raises:
        ExpertError: why there is none.
    """
    [answer] = await _asker(caller)(_HELLO, max_tokens=1)
    return answer


async def probe(
    caller: ExpertCaller, *, says: Mapping[Capability, bool]
) -> dict[Capability, Found]:
    """Every capability of a model that answers.

    Args:
        caller: made by ``probing_caller``.
        says: what the server says of the model, for what no answer shows.
    """
    found = await asyncio.gather(*(_outcome(look, caller) for look in _PROBES.values()))
    return {
        capability: _with_word(seen, says.get(capability))
        for capability, seen in zip(_PROBES, found, strict=True)
    }


def _with_word(seen: Found, word: bool | None) -> Found:
    if seen.can is not None or word is None:
        return seen
    return Found(word, "the server says so")


def _asker(caller: ExpertCaller) -> Ask:
    async def ask(
        content: Any,
        *,
        instructions: str | None = None,
        n: int = 1,
        max_tokens: int = _TOKENS,
        **params: Any,
    ) -> list[AIMessage]:
        head = [] if instructions is None else [SystemMessage(instructions)]
        call = Call(
            [*head, HumanMessage(content)],
            n=n,
            temperature=None,
            params={"max_tokens": max_tokens, **params},
        )
        async with AsyncExitStack() as turn:
            for limit in caller.limits.waits(n):
                await turn.enter_async_context(limit)
            return await caller.answer(call, on_chunk=lambda chunk: None)

    return ask


async def _outcome(look: Callable[[Ask], Awaitable[Found]], caller: ExpertCaller) -> Found:
    try:
        return await look(_asker(caller))
    except ExpertError as error:
        # A refusal says no; a server that is busy or gone says nothing.
        passing = error.is_retryable and "support" not in str(error).lower()
        untold = passing or error.kind in _KEY_REFUSED
        return Found(None if untold else False, _reason(error, caller))


def _reason(error: ExpertError, caller: ExpertCaller, *, limit: int = 160) -> str:
    return str(error).removeprefix(f"{caller.expert.base_url}: ")[:limit]


async def _tools(ask: Ask) -> Found:
    """Offered first, as agents do; servers may take that and still never make a call of a text."""
    for choice in ("auto", "required"):
        [answer] = await ask("Call the tool f.", tools=[_TOOL], tool_choice=choice)
        if answer.tool_calls or answer.invalid_tool_calls:
            return Found(True, "it called a tool")
    return Found(None, f"it was offered a tool and answered {_quoted(answer)}")


async def _json_schema(ask: Ask) -> Found:
    named = {"name": "a", "schema": _SCHEMA, "strict": True}
    form = {"type": "json_schema", "json_schema": named}
    return _as_json((await ask(_HELLO, response_format=form))[0])


async def _json_mode(ask: Ask) -> Found:
    # OpenAI takes the mode only where the word stands in the prompt.
    question = f"{_HELLO} Use no JSON."
    return _as_json((await ask(question, response_format={"type": "json_object"}))[0])


def _as_json(answer: AIMessage) -> Found:
    """Asked for a greeting, a model writes JSON only where the server makes it."""
    text = answer.text.strip()
    if not text:
        return Found(None, f"no answer within {_TOKENS} tokens")
    return Found(text.startswith("{"), f"it answered {_quoted(answer)}")


async def _n(ask: Ask) -> Found:
    answers = await ask(_HELLO, n=2, max_tokens=1)
    return Found(len(answers) == 2, f"asked for 2 answers, it gave {len(answers)}")


async def _images(ask: Ask) -> Found:
    picture = {"type": "image_url", "image_url": {"url": _GREEN}}
    question = {"type": "text", "text": "Which colour is this picture? Answer with one word."}
    [answer] = await ask([question, picture])
    # A model that sees nothing answers as well, with some other colour or an excuse.
    seen = "green" in answer.text.lower()
    return Found(seen or None, f"shown a green picture, it answered {_quoted(answer)}")


async def _logprobs(ask: Ask) -> Found:
    [answer] = await ask(_HELLO, max_tokens=1, logprobs=True)
    given = bool(answer.response_metadata.get("logprobs"))
    return Found(given, "" if given else "it answered without them")


async def _system(ask: Ask) -> Found:
    await ask(_HELLO, instructions="Answer briefly.", max_tokens=1)
    return Found(True)


def _quoted(answer: AIMessage) -> str:
    return repr(answer.text[:40])


def _png(size: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour; models want some 32 pixels a side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(colour) * size) * size
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


_GREEN = f"data:image/png;base64,{b64encode(_png(64, (0, 160, 0))).decode()}"
_PROBES: Mapping[Capability, Callable[[Ask], Awaitable[Found]]] = {
    "system": _system,
    "tools": _tools,
    "json_schema": _json_schema,
    "json_mode": _json_mode,
    "n": _n,
    "logprobs": _logprobs,
    "images": _images,
}
"""One request, or few, for each capability."""
