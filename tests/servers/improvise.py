"""A test model with manners: it calls the tools it is given and fills the schemas asked for.

It takes its values from the prompt (the numbers and quoted words in it), so that a test can
tell by the answer that the prompt arrived.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.servers.answers import Reply, ToolUse, prompt_text


def improvise(body: Mapping[str, Any]) -> Reply:
    """An answer to any request."""
    last = body["messages"][-1]
    prompt = prompt_text({"messages": [last]})
    tools = {t["function"]["name"]: t["function"] for t in body.get("tools") or []}
    choice = body.get("tool_choice", "auto")
    if tools and last["role"] != "tool" and choice != "none":
        wanted = _chosen(tools, choice, prompt)
        if wanted is not None:
            return Reply(tool_calls=[ToolUse(wanted, _filled_arguments(tools[wanted], prompt))])
    if last["role"] == "tool":
        return Reply(f"The tool says {prompt}")
    form = body.get("response_format") or {"type": "text"}
    if form["type"] == "json_schema":
        return Reply(json.dumps(filled(form["json_schema"]["schema"], prompt)))
    if form["type"] == "json_object":
        names = re.findall(r"'(\w+)'", prompt)
        return Reply(json.dumps(dict.fromkeys(names, "so said") or {"prompt": prompt}))
    return Reply(f"You said: {prompt}")


def _chosen(tools: Mapping[str, Any], choice: Any, prompt: str) -> str | None:
    """The tool a request forces, or the one its prompt names; the first when any must be called."""
    if isinstance(choice, Mapping):
        return str(choice["function"]["name"])
    named = next((name for name in tools if name in prompt), None)
    named = named or next((name for name in tools if _mentioned(name, prompt)), None)
    if named is None and choice == "required":
        return next(iter(tools))
    return named


def _mentioned(name: str, prompt: str) -> bool:
    """Whether the prompt has a telling word of a tool's name: weather, of get_weather."""
    words = set(re.findall(r"[a-z]+", prompt.lower()))
    return any(len(part) > 5 and part in words for part in name.lower().split("_"))


def _filled_arguments(tool: Mapping[str, Any], prompt: str) -> Any:
    return filled(tool.get("parameters") or {"type": "object"}, prompt)


def filled(schema: Mapping[str, Any], prompt: str, root: Mapping[str, Any] | None = None) -> Any:
    """A value that a JSON schema accepts, made of what the prompt says."""
    root = schema if root is None else root
    if "$ref" in schema:
        return filled(_referenced(schema["$ref"], root), prompt, root)
    for combined in ("anyOf", "oneOf", "allOf"):
        if combined in schema:
            return filled(schema[combined][0], prompt, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        named = [value for value in schema["enum"] if str(value) in prompt]
        return (named or schema["enum"])[0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return _OF_TYPE[kind[0] if isinstance(kind, list) else kind](schema, prompt, root)


def _referenced(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _object(schema: Mapping[str, Any], prompt: str, root: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {name: filled(inner, prompt, root) for name, inner in properties.items()}


def _array(schema: Mapping[str, Any], prompt: str, root: Mapping[str, Any]) -> list[Any]:
    return [filled(schema.get("items", {"type": "string"}), prompt, root)]


def _number(schema: Mapping[str, Any], prompt: str, root: Mapping[str, Any]) -> int:
    found = re.search(r"-?\d+", prompt)
    return int(found.group()) if found else int(schema.get("minimum", 0))


def _string(schema: Mapping[str, Any], prompt: str, root: Mapping[str, Any]) -> str:
    quoted = re.search(r"[\"']([^\"']+)[\"']", prompt)
    return quoted.group(1) if quoted else (prompt.split() or [""])[-1].strip(".?!")


_OF_TYPE = {
    "object": _object,
    "array": _array,
    "integer": _number,
    "number": _number,
    "string": _string,
    "boolean": lambda schema, prompt, root: True,
    "null": lambda schema, prompt, root: None,
}
