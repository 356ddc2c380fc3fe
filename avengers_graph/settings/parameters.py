"""Parameters of a single call that are passed on to the experts, and what each asks of them."""

from collections.abc import Mapping
from typing import Any, Literal

from avengers_graph.errors import ConfigError

PASSED_ON = frozenset(
    {
        "extra_body",
        "frequency_penalty",
        "logprobs",
        "max_tokens",
        "parallel_tool_calls",
        "presence_penalty",
        "response_format",
        "seed",
        "stop",
        "strict",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
    }
)
"""The allow-list. Anything else is refused by name: a misspelling must not be dropped silently."""


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that were really given.

    Raises:
        ConfigError: one is not on the allow-list.
    """
    given = {name: value for name, value in params.items() if value is not None}
    unknown = sorted(set(given) - PASSED_ON)
    if unknown:
        raise ConfigError(
            f"unknown call parameter {', '.join(map(repr, unknown))}; "
            f"experts are passed {', '.join(sorted(PASSED_ON))}"
        )
    return given


def json_form(params: Mapping[str, Any]) -> Literal["json_mode", "json_schema"] | None:
    """How the answer must be JSON: any, by a schema, or not at all."""
    form = params.get("response_format")
    named = form.get("type") if isinstance(form, Mapping) else None
    if not form or named == "text":
        return None
    return "json_mode" if named == "json_object" else "json_schema"


def needed_capabilities(params: Mapping[str, Any]) -> list[str]:
    """What an expert must support for these parameters."""
    needs = []
    if params.get("tools"):
        needs.append("tools")
    if form := json_form(params):
        needs.append(form)
    if params.get("logprobs"):
        needs.append("logprobs")
    return needs
