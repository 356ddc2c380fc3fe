"""The parameters that a call hands on to every expert: what there is, and what each may be."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    with_config,
)
from typing_extensions import TypedDict

from avengers_graph.errors import ConfigError

TOOL_CHOICES = ("auto", "none", "required")
RESERVED = ("messages", "model", "n", "stream")
"""What the engine decides itself; ``extra_body`` is for switches of a server."""
_LARGEST = 2**63 - 1


def _has_a_name(tool: dict[str, Any]) -> dict[str, Any]:
    """A function has a name; tools of a server's own may look as they like."""
    function = tool.get("function", {"name": ""})
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise ValueError("the function has no name")
    return tool


def _without_reserved(body: dict[str, Any]) -> dict[str, Any]:
    reserved = [name for name in RESERVED if name in body]
    if reserved:
        raise ValueError(
            f"extra_body may not set {', '.join(map(repr, reserved))}; "
            "the number of answers is `samples`, and streaming is a matter of stream()"
        )
    return body


@with_config(ConfigDict(extra="allow"))
class ResponseFormat(TypedDict):
    """The form of an answer; what a form needs besides, as ``json_schema``, is the server's."""

    type: Literal["text", "json_object", "json_schema"]


Tool: TypeAlias = Annotated[dict[str, Any], AfterValidator(_has_a_name)]


def _number(low: float, high: float) -> Any:
    return Field(strict=True, ge=low, le=high, description=f"a number in [{low}, {high}]")


def _flag() -> Any:
    return Field(strict=True, description="true or false")


@with_config(ConfigDict(extra="forbid"))
class CallParams(TypedDict, total=False):
    """What experts are passed with a call. An unknown name is an error, never silently dropped.

    Each description says what the value must be, in Studio's form and in the error alike.
    """

    extra_body: Annotated[
        dict[str, Any], AfterValidator(_without_reserved), Field(description="a mapping")
    ]
    """Switches of a server, merged over the expert's own."""
    frequency_penalty: Annotated[float, _number(-2, 2)]
    logprobs: Annotated[bool, _flag()]
    max_tokens: Annotated[
        int, Field(strict=True, ge=1, le=_LARGEST, description="a whole number of 1 or more")
    ]
    parallel_tool_calls: Annotated[bool, _flag()]
    presence_penalty: Annotated[float, _number(-2, 2)]
    response_format: Annotated[
        ResponseFormat,
        Field(description="a mapping whose type is text, json_object or json_schema"),
    ]
    seed: Annotated[
        int, Field(strict=True, ge=-_LARGEST, le=_LARGEST, description="a whole number")
    ]
    stop: Annotated[str | list[str], Field(description="a text or a list of texts")]
    strict: Annotated[bool, _flag()]
    temperature: Annotated[float, _number(0, 2)]
    tool_choice: Annotated[
        str | dict[str, Any], Field(description="a mode, or a tool as OpenAI names it")
    ]
    tools: Annotated[
        list[Tool],
        Field(description="a list of tools as OpenAI describes them; bind_tools takes any form"),
    ]
    top_logprobs: Annotated[
        int, Field(strict=True, ge=0, le=20, description="a whole number in [0, 20]")
    ]
    top_p: Annotated[float, _number(0, 1)]


PASSED_ON = frozenset(CallParams.__annotations__)
"""The allow-list. Anything else is refused by name."""
_CHECKED: TypeAdapter[CallParams] = TypeAdapter(CallParams)
_WANTED: Mapping[str, str] = {
    name: schema["description"] for name, schema in _CHECKED.json_schema()["properties"].items()
}


def checked_params(params: Mapping[str, Any]) -> CallParams:
    """The parameters that were really given; one that is None was not.

    Raises:
        ConfigError: one is not on the allow-list, or has a value that no expert can take.
    """
    if not isinstance(params, Mapping):
        raise ConfigError(f"the call parameters are {params!r:.80}; give a mapping")
    given = {name: value for name, value in params.items() if value is not None}
    unknown = sorted(set(given) - PASSED_ON)
    if unknown:
        raise ConfigError(
            f"unknown call parameter {', '.join(map(repr, unknown))}; "
            f"experts are passed {', '.join(sorted(PASSED_ON))}"
        )
    try:
        return _CHECKED.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        wrong = f"{name} is {given[name]!r:.80}; it must be {_WANTED[name]}"
        if first["loc"] == (name,) and first["type"] == "value_error":
            wrong = first["msg"].removeprefix("Value error, ")
        raise ConfigError(wrong) from error


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
            f"(bind_tools takes a plain name), or give one of {TOOL_CHOICES}"
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
