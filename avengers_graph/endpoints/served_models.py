"""The models of an endpoint, with what the server itself says of each.

OpenAI's list of models holds names only. Most servers put more into its rows, and some have a
path of their own for it: Ollama ``/api/show`` and ``/api/ps``, llama.cpp ``/props``, LM Studio
``/api/v0/models``, TGI ``/info``.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from avengers_graph.experts.caller import ExpertCaller
from avengers_graph.settings.expert import Capability, Price
from avengers_graph.settings.servers import recognised

_CONTEXT = ("max_model_len", "loaded_context_length", "context_length", "max_context_length")
"""What servers call the length of the context in a row; earlier ones hold where several stand."""
_OTHER_USE = re.compile(
    r"embed|rerank|whisper|tts|dall-e|moderation|transcribe|(?:^|[/-])(?:bge|e5|gte|minilm)\b", re.I
)
"""Names of models that answer no chat."""
_OF_OLLAMA: Mapping[str, Capability] = {"tools": "tools", "vision": "images"}
_OF_OPENROUTER: Mapping[str, Capability] = {
    "tools": "tools",
    "response_format": "json_mode",
    "structured_outputs": "json_schema",
    "logprobs": "logprobs",
}


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model of an endpoint."""

    name: str
    context_length: int | None = None
    """Tokens of prompt and answer together; None where the server does not say it."""
    price: Price | None = None
    says: Mapping[Capability, bool] = field(default_factory=dict)
    """What the server says that the model can and cannot do."""
    chats: bool = True
    """Whether it answers chat completions, and is no embedder or the like."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is behind a URL."""

    server: str | None
    """Its row in ``servers.SERVERS``; None where the endpoint gives no sign."""
    models: tuple[ServedModel, ...]


async def look_at(caller: ExpertCaller) -> Endpoint:
    """Ask an endpoint for its models and for what it says of them.

    Raises:
        ExpertError: it does not answer, or not with a list of models.
    """
    listed = await caller.models()
    expert = caller.expert
    server = expert.server or recognised(str(expert.base_url), listed.signs)
    models = [_of_row(row) for row in listed.rows]
    if server is not None and server in _DETAILS:
        models = await _DETAILS[server](caller, models)
    return Endpoint(server, tuple(models))


def _of_row(row: Mapping[str, Any]) -> ServedModel:
    """What a row of the list says by itself."""
    name = str(row["id"])
    own = row.get("capabilities")
    chats = own.get("completion_chat", True) if isinstance(own, Mapping) else True
    return ServedModel(
        name,
        context_length=_context(row),
        price=_price(row.get("pricing")),
        says=dict(_said_in(row)),
        chats=bool(chats) and _OTHER_USE.search(name) is None,
    )


def _context(row: Mapping[str, Any]) -> int | None:
    meta = row.get("meta")
    of_llama_cpp = meta.get("n_ctx") if isinstance(meta, Mapping) else None
    found = [row.get(name) for name in _CONTEXT]
    return next((_whole(value) for value in (*found, of_llama_cpp) if _whole(value)), None)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _price(given: object) -> Price | None:
    """OpenRouter's USD per token, as texts, in USD per million."""
    if not isinstance(given, Mapping):
        return None
    try:
        prompt, answer = float(given["prompt"]), float(given["completion"])
        return Price(input=round(prompt * 1e6, 6), output=round(answer * 1e6, 6))
    except (KeyError, TypeError, ValueError):
        return None


def _said_in(row: Mapping[str, Any]) -> Iterator[tuple[Capability, bool]]:
    parameters = row.get("supported_parameters")
    if isinstance(parameters, list):
        for name, capability in _OF_OPENROUTER.items():
            yield capability, name in parameters
    architecture = row.get("architecture")
    modalities = architecture.get("input_modalities") if isinstance(architecture, Mapping) else None
    if isinstance(modalities, list):
        yield "images", "image" in modalities
    own = row.get("capabilities")
    if isinstance(own, Mapping):  # Mistral
        if isinstance(own.get("function_calling"), bool):
            yield "tools", own["function_calling"]
        if isinstance(own.get("vision"), bool):
            yield "images", own["vision"]


async def _of_ollama(caller: ExpertCaller, models: list[ServedModel]) -> list[ServedModel]:
    """With what Ollama has in store; a loaded model has the context that it was loaded with."""
    running = await caller.told("/api/ps")
    loaded = {
        row.get("name"): _whole(row.get("context_length"))
        for row in running.get("models") or ()
        if isinstance(row, Mapping)
    }
    shown = await asyncio.gather(
        *(caller.told("/api/show", {"model": model.name}) for model in models)
    )
    return [
        _shown_by_ollama(model, said, loaded=loaded.get(model.name))
        for model, said in zip(models, shown, strict=True)
    ]


def _shown_by_ollama(
    model: ServedModel, said: Mapping[str, Any], *, loaded: int | None
) -> ServedModel:
    set_to = re.search(r"^num_ctx\s+(\d+)", str(said.get("parameters") or ""), re.M)
    info = said.get("model_info")
    trained = [
        _whole(value)
        for name, value in (info.items() if isinstance(info, Mapping) else ())
        if str(name).endswith(".context_length")
    ]
    own = said.get("capabilities")
    can = own if isinstance(own, list) else None
    return replace(
        model,
        context_length=loaded or (int(set_to[1]) if set_to else next(iter(trained), None)),
        says={} if can is None else {cap: name in can for name, cap in _OF_OLLAMA.items()},
        chats=model.chats if can is None else "completion" in can,
    )


async def _of_llama_cpp(caller: ExpertCaller, models: list[ServedModel]) -> list[ServedModel]:
    props = await caller.told("/props")
    generation, sees = props.get("default_generation_settings"), props.get("modalities")
    context = _whole(generation.get("n_ctx")) if isinstance(generation, Mapping) else None
    says: dict[Capability, bool] = {}
    if isinstance(sees, Mapping) and isinstance(sees.get("vision"), bool):
        says["images"] = sees["vision"]
    return [
        replace(m, context_length=context or m.context_length, says={**m.says, **says})
        for m in models
    ]


async def _of_lm_studio(caller: ExpertCaller, models: list[ServedModel]) -> list[ServedModel]:
    told = await caller.told("/api/v0/models")
    rows = {row.get("id"): row for row in told.get("data") or () if isinstance(row, Mapping)}
    return [_shown_by_lm_studio(model, rows.get(model.name, {})) for model in models]


def _shown_by_lm_studio(model: ServedModel, row: Mapping[str, Any]) -> ServedModel:
    says: dict[Capability, bool] = {}
    kind, can = row.get("type"), row.get("capabilities")
    if kind in ("llm", "vlm"):
        says["images"] = kind == "vlm"
    if isinstance(can, list):
        says["tools"] = "tool_use" in can
    return replace(
        model,
        context_length=_context(row) or model.context_length,
        says={**model.says, **says},
        chats=model.chats and kind != "embeddings",
    )


async def _of_tgi(caller: ExpertCaller, models: list[ServedModel]) -> list[ServedModel]:
    context = _whole((await caller.told("/info")).get("max_total_tokens"))
    return [replace(model, context_length=context or model.context_length) for model in models]


_DETAILS: Mapping[
    str, Callable[[ExpertCaller, list[ServedModel]], Awaitable[list[ServedModel]]]
] = {
    "llama.cpp": _of_llama_cpp,
    "lm-studio": _of_lm_studio,
    "ollama": _of_ollama,
    "tgi": _of_tgi,
}
"""Servers with a path of their own for what they know of their models."""
