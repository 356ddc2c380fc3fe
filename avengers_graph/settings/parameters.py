"""Parameters of a single call that are passed on to the experts, and what each asks of them."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from avengers_graph.errors import ConfigError


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_stop(value: Any) -> bool:
    listed = [value] if isinstance(value, str) else value
    return isinstance(listed, list | tuple) and all(isinstance(text, str) for text in listed)


def _is_tools(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_tool, value))


def _is_tool(value: Any) -> bool:
    """A function has a name; tools of a server's own may look as they like."""
    if not isinstance(value, Mapping):
        return False
    function = value.get("function", {"name": ""})
    return isinstance(function, Mapping) and isinstance(function.get("name"), str)


def _is_format(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") in FORMATS


FORMATS = ("text", "json_object", "json_schema")
OURS_ON_THE_WIRE = ("messages", "model", "n", "stream")
"""What the engine decides itself; ``extra_body`` is for switches of a server."""
CHOICES = ("auto", "none", "required")
_MOST = 2**63 - 1
_VALUES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "extra_body": (lambda v: isinstance(v, Mapping), "a mapping"),
    "frequency_penalty": (_number(-2, 2), "a number in [-2, 2]"),
    "logprobs": (_is_flag, "true or false"),
    "max_tokens": (_integer(1, _MOST), "a whole number of 1 or more"),
    "parallel_tool_calls": (_is_flag, "true or false"),
    "presence_penalty": (_number(-2, 2), "a number in [-2, 2]"),
    "response_format": (_is_format, f"a mapping whose type is one of {FORMATS}"),
    "seed": (_integer(-_MOST, _MOST), "a whole number"),
    "stop": (_is_stop, "a text or a list of texts"),
    "strict": (_is_flag, "true or false"),
    "temperature": (_number(0, 2), "a number in [0, 2]"),
    "tool_choice": (lambda v: isinstance(v, str | Mapping), "a mode, or a tool as OpenAI names it"),
    "tools": (_is_tools, "a list of tools as OpenAI describes them; bind_tools takes any form"),
    "top_logprobs": (_integer(0, 20), "a whole number in [0, 20]"),
    "top_p": (_number(0, 1), "a number in [0, 1]"),
}
"""What each may be, and in words."""
PASSED_ON = frozenset(_VALUES)
"""The allow-list. Anything else is refused by name: a misspelling must not be dropped silently."""


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that were really given.

    Raises:
        ConfigError: one is not on the allow-list, or has a value that no expert can take.
    """
    given = {name: value for name, value in params.items() if value is not None}
    unknown = sorted(set(given) - PASSED_ON)
    if unknown:
        raise ConfigError(
            f"unknown call parameter {', '.join(map(repr, unknown))}; "
            f"experts are passed {', '.join(sorted(PASSED_ON))}"
        )
    for name, value in given.items():
        fits, wanted = _VALUES[name]
        if not fits(value):
            raise ConfigError(f"{name} is {value!r:.80}; it must be {wanted}")
    taken = [name for name in OURS_ON_THE_WIRE if name in given.get("extra_body", {})]
    if taken:
        raise ConfigError(
            f"extra_body may not set {', '.join(map(repr, taken))}; "
            "the number of answers is `samples`, and streaming is a matter of stream()"
        )
    return given


def check_tool_choice(params: Mapping[str, Any]) -> None:
    """That the call asked for can be made.

    Raises:
        ConfigError: there is no tool, or none of that name.
    """
    choice = params.get("tool_choice")
    if choice in (None, "auto", "none"):
        return
    names = [tool.get("function", {}).get("name") for tool in params.get("tools") or ()]
    wanted = choice.get("function", {}).get("name") if isinstance(choice, Mapping) else None
    if not names or (wanted is None and choice != "required") or wanted not in (None, *names):
        raise ConfigError(
            f"tool_choice is {choice!r}, and the tools of the call are {names}; name one of them "
            f"(bind_tools takes a plain name), or give one of {CHOICES}"
        )


def forced_tool(params: Mapping[str, Any]) -> str | None:
    """Name of the one tool that must be called; None where there is a choice."""
    choice = params.get("tool_choice")
    if isinstance(choice, Mapping):
        return str(choice["function"]["name"])
    names = [tool["function"]["name"] for tool in params.get("tools") or () if "function" in tool]
    return names[0] if choice == "required" and len(names) == 1 else None


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
