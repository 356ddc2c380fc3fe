"""Which keyword goes where: a setting of the graph, or a parameter passed on to the experts."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from avengers_graph.errors import ConfigError
from avengers_graph.settings.config import describe
from avengers_graph.settings.context import Context
from avengers_graph.settings.parameters import PASSED_ON, checked_params

SETTINGS = frozenset(Context.model_fields) - {"params", "stream_tokens", "temperature"}
"""Context fields a caller of the chat model may set; temperature travels with the parameters."""


def resolved_context(defaults: Context, given: Mapping[str, Any], *, stream: bool) -> Context:
    """The run's Context: ``given`` (constructor and call keywords) over ``defaults``.

    Raises:
        ConfigError: an unknown keyword, a value out of range, or ``min_confidence``.
    """
    known = {name: value for name, value in given.items() if value is not None}
    unknown = sorted(set(known) - SETTINGS - PASSED_ON)
    if unknown:
        raise ConfigError(
            f"unknown parameter {', '.join(map(repr, unknown))}; a call takes the settings "
            f"{', '.join(sorted(SETTINGS))} and the parameters {', '.join(sorted(PASSED_ON))}"
        )
    params = checked_params({n: v for n, v in known.items() if n in PASSED_ON})
    settings = {n: v for n, v in known.items() if n in SETTINGS}
    merged = {
        **defaults.model_dump(),
        **settings,
        "params": {**defaults.params, **params},
        "stream_tokens": stream,
    }
    try:
        context = Context.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(describe(error)) from error
    if context.min_confidence is not None:
        raise ConfigError(
            "min_confidence pauses a graph for a person, and a chat model cannot pause; "
            "use create_avengers_graph with a checkpointer, or leave it out"
        )
    return context
