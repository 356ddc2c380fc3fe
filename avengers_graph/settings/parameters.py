"""Parameters of a single call that are passed on to the experts, and what each asks of them."""

from collections.abc import Mapping
from typing import Any

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


def needed_capabilities(params: Mapping[str, Any]) -> list[str]:
    """What an expert must support for these parameters."""
    needs = []
    if params.get("tools"):
        needs.append("tools")
    response_format = params.get("response_format")
    if response_format is not None:
        plain_json = isinstance(response_format, Mapping) and (
            response_format.get("type") == "json_object"
        )
        needs.append("json_mode" if plain_json else "json_schema")
    if params.get("logprobs"):
        needs.append("logprobs")
    return needs
