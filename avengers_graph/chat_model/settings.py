"""Keywords of the chat model: its experts, its settings, and what goes to the experts."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic.fields import FieldInfo

from avengers_graph.errors import ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.call_params import PASSED_ON
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert
from avengers_graph.settings.precedence import resolve

_NOT_SET_BY_CALLERS = {"params", "parse_sample", "stream_tokens", "temperature"}
"""Fields of a Context that the chat model fills; temperature travels with the parameters."""
SETTINGS = frozenset(Context.model_fields) - _NOT_SET_BY_CALLERS
_ALIASES = {"timeout": "deadline", "max_retries": "retries"}
"""LangChain's names for some settings."""

RUN = "avengers_run"
"""Keyword that hands ``_stream`` the run of its call: ``BaseChatModel`` passes no run manager."""
NOT_OURS = frozenset({RUN, "stream", "ls_structured_output_format", "structured_output_format"})
"""Keywords of a call that ``BaseChatModel`` reads and hands on all the same, and ``RUN``."""
_OF_THE_CALL = frozenset({"model", "model_name", "response_schema"})
"""Keywords of a call that are neither settings nor parameters."""

_INSTEAD = {
    "n": "an answer is one message; the number of answers voted on is `samples`",
    "best_of": "the number of answers voted on is `samples`",
    "max_completion_tokens": "give `max_tokens`",
    "functions": "give `tools`, or use bind_tools",
    "function_call": "give `tool_choice`, or use bind_tools",
}


def refuse_unknown(names: Iterable[str]) -> None:
    """Let no misspelt keyword of a call pass.

    Raises:
        ConfigError: naming each unknown keyword, and what may have been meant.
    """
    known = SETTINGS | PASSED_ON | _ALIASES.keys() | NOT_OURS | _OF_THE_CALL
    unknown = sorted(set(names) - known)
    if unknown:
        hints = [hint for name in unknown if (hint := _hint(name)) is not None]
        raise ConfigError(
            "; ".join(
                [
                    f"unknown parameter {', '.join(map(repr, unknown))}",
                    *hints,
                    f"a call takes the settings {', '.join(sorted(SETTINGS))} "
                    f"and the parameters {', '.join(sorted(PASSED_ON))}",
                ]
            )
        )


def _hint(name: str) -> str | None:
    if name in _INSTEAD:
        return f"{name}: {_INSTEAD[name]}"
    near = get_close_matches(name, sorted(SETTINGS | PASSED_ON | _ALIASES.keys()), n=1, cutoff=0.7)
    return f"{name}: did you mean `{near[0]}`?" if near else None


def pool_of(models: Sequence[BaseChatModel | Expert] | None, pool: ExpertPool | None) -> ExpertPool:
    """The experts of a chat model, given as objects or as a pool.

    Raises:
        ConfigError: neither or both are given, or the objects make no pool.
    """
    if pool is not None and models is None:
        return pool
    if models is None or pool is not None:
        raise ConfigError(
            "ChatAvengers takes its experts from models=[...], a list of chat model objects, or "
            "from pool=ExpertPool(...); give one of them"
        )
    return ExpertPool.of_models(models)


def constructor_fields(
    given: Mapping[str, Any], *, fields: Mapping[str, FieldInfo]
) -> dict[str, Any]:
    """Constructor keywords, those that are no field of the class moved into ``defaults``.

    Raises:
        ConfigError: an unknown keyword, or a value out of range.
    """
    names = {*fields, *(field.alias for field in fields.values())}
    own = {name: value for name, value in given.items() if name in names}
    rest = {name: value for name, value in given.items() if name not in names}
    if rest:
        own["defaults"] = resolved_context(own.get("defaults", Context()), rest, stream=False)
    return own


def resolved_context(defaults: Context, *given: Mapping[str, Any], stream: bool) -> Context:
    """The run's Context: ``given`` (later ones before earlier ones) over ``defaults``.

    Raises:
        ConfigError: an unknown keyword, a value out of range, or ``min_confidence``.
    """
    context = resolve(defaults, *map(_layer, given), {"stream_tokens": stream})
    if context.min_confidence is not None:
        raise ConfigError(
            "min_confidence pauses a graph for a person, and a chat model cannot pause; "
            "use create_avengers_graph with a checkpointer, or leave it out"
        )
    return context


def _layer(given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that were really given, as fields of a Context."""
    refuse_unknown(given)
    known = {_ALIASES.get(name, name): value for name, value in given.items() if value is not None}
    params = {name: known.pop(name) for name in list(known) if name in PASSED_ON}
    return {**known, "params": params}
