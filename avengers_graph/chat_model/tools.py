"""Tools and tool choices as OpenAI-compatible servers take them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from avengers_graph.errors import ConfigError
from avengers_graph.settings.call_params import TOOL_CHOICES

AnyTool = dict[str, Any] | type | Callable[..., Any] | BaseTool


def openai_tools(tools: Sequence[AnyTool], *, strict: bool | None = None) -> list[dict[str, Any]]:
    """Each tool as JSON.

    Raises:
        ConfigError: one of them is no tool.
    """
    try:
        return [convert_to_openai_tool(tool, strict=strict) for tool in tools]
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"tools holds what is no tool ({_one_line(error)}); give functions, LangChain tools, "
            "pydantic classes, or JSON as OpenAI has it"
        ) from error


def openai_tool_choice(choice: Any, tools: Sequence[dict[str, Any]]) -> Any:
    """A tool choice in LangChain's forms (a name, ``any``, True, a dict) as servers take it.

    Raises:
        ConfigError: it names a tool that is not offered.
    """
    if choice is True or choice == "any":
        return "required"
    if not choice or choice in TOOL_CHOICES:
        return choice or None
    names = [tool["function"]["name"] for tool in tools if "function" in tool]
    wanted = choice
    if isinstance(choice, dict):
        wanted = choice.get("function", choice).get("name")
    if wanted not in names:
        raise ConfigError(
            f"tool_choice is {choice!r}; give the name of a tool that is bound "
            f"({', '.join(names) or 'none is'}), or one of any, {', '.join(TOOL_CHOICES)}"
        )
    return {"type": "function", "function": {"name": wanted}}


def openai_keywords(given: Mapping[str, Any]) -> dict[str, Any]:
    """A call's keywords, its tools and tool choice as servers take them.

    Raises:
        ConfigError: one of the tools is none, or the choice is of a tool that is not offered.
    """
    keywords = dict(given)
    tools = keywords.get("tools")
    if tools is not None and not tools:
        # Servers refuse an empty list.
        del keywords["tools"]
        keywords.pop("tool_choice", None)
    elif isinstance(tools, Sequence) and not isinstance(tools, str):
        keywords["tools"] = openai_tools(tools)
        if keywords.get("tool_choice") is not None:
            keywords["tool_choice"] = openai_tool_choice(keywords["tool_choice"], keywords["tools"])
    return keywords


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
