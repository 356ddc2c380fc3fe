"""Which setting holds where several are given.

A call's parameter comes before the planned round's, the round's before the run's ``Context``, the
``Context`` before the configured defaults, and the defaults before the expert's own. ``resolve``
lays the layers of a request over each other once, ``for_round`` puts the round's in between and
``for_expert`` the expert's below. Each gives a ``Context``: a setting has this one form.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from avengers_graph.errors import ConfigError, describe
from avengers_graph.plans import PlannedRound
from avengers_graph.settings.call_params import CallParams, checked_params
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert
from avengers_graph.state import Request

DEFAULT_TEMPERATURE = 0.7
"""The paper's."""
WITHOUT_INDEX = Context(strategy="multi-model")
"""Below all defaults where no index says who is best: several experts are heard, not the first."""


def resolve(defaults: Context, *layers: Context | Mapping[str, Any] | None) -> Context:
    """The settings of a request: each layer over those before it, all of them over ``defaults``.

    A field that a layer leaves out keeps the value from below, and one that all leave out is left
    out of the result too. Call parameters lie over each other one by one; a parameter that is None
    was not given.

    Args:
        layers: a Context, the fields of one, or None for no setting at all.

    Raises:
        ConfigError: a setting or a call parameter is unknown or out of range.
    """
    fields: dict[str, Any] = {}
    params = CallParams()
    for layer in (defaults, *layers):
        given = _fields_of(layer)
        params |= checked_params(given.pop("params", {}))
        fields |= given
    try:
        return Context.model_validate({**fields, "params": params})
    except ValidationError as error:
        raise ConfigError(describe(error)) from error


def _fields_of(layer: Context | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(layer, Context):
        # A dump would leave out the unknown parameters that are to be refused by name.
        return {**layer.model_dump(exclude_unset=True), "params": layer.params}
    return dict(layer or {})


def settings_of(request: Request) -> Context:
    """The settings that ``embed`` resolved, typed; the state holds them as plain JSON."""
    return Context.model_validate({**request["settings"], "params": request["params"]})


def for_round(settings: Context, planned: PlannedRound) -> Context:
    """The settings of one round: the temperature that holds stands in ``temperature`` alone."""
    params = settings.params.copy()
    called_with = params.pop("temperature", None)
    temperature = _first_given(called_with, planned.temperature, settings.temperature)
    return settings.model_copy(update={"params": params, "temperature": temperature})


def for_expert(settings: Context, expert: Expert, *, samples: int = 1) -> Context:
    """The settings of one expert's calls in a round; what was not given is the expert's own.

    A chat model object without a temperature is asked for a single sample as its maker left it:
    without one. Several samples would be alike then, and nothing would be left to vote on.

    The expert's ``max_tokens`` and ``extra_body`` are added when a call is sent: they may hold a
    secret, and what is recorded are the parameters given.

    Args:
        samples: those of the expert in the request so far, the round's included.
    """
    default = None if expert.llm is not None and samples == 1 else DEFAULT_TEMPERATURE
    return settings.model_copy(
        update={
            "temperature": _first_given(settings.temperature, expert.temperature, default),
            "retries": _first_given(settings.retries, expert.retries),
        }
    )


def _first_given(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
