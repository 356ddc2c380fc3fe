"""Tool calls that a model wrote into its text.

Servers turn a call into a structured one when it has the form their parser for that model
expects. A small model writes bare JSON where tags are expected, or fences it, and the call
arrives as text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_WRAPPING = re.compile(r"(?:\s|</?tool_calls?>|```(?:json)?|</?function_call>|[,;])*")


def written_calls(
    text: str, tools: Sequence[Mapping[str, Any]], *, forced: str | None = None
) -> list[dict[str, Any]]:
    """The calls a text consists of, in order, as name and args; none unless it begins with one.

    What follows the last call is left out, as small models ramble on; JSON that is no call of
    an offered tool makes the text an answer in words.

    Args:
        tools: those of the request, in OpenAI's form.
        forced: the one that must be called, if there is one: an object of nothing but its
            arguments is a call of it.
    """
    functions = [tool["function"] for tool in tools if "function" in tool]
    offered = {function["name"] for function in functions}
    fields = {f["name"]: set((f.get("parameters") or {}).get("properties", ())) for f in functions}
    calls: list[dict[str, Any]] = []
    decoder = json.JSONDecoder()
    position = _after_wrapping(text, 0)
    while text[position : position + 1] in ("{", "["):
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            break
        for item in value if isinstance(value, list) else [value]:
            call = _call(item)
            if call is None and forced is not None and _is_of(item, fields.get(forced, set())):
                call = {"name": forced, "args": item}
            if call is None or call["name"] not in offered:
                return []
            calls.append(call)
        position = _after_wrapping(text, position)
    return calls


def _after_wrapping(text: str, position: int) -> int:
    found = _WRAPPING.match(text, position)
    return position if found is None else found.end()


def _is_of(item: Any, fields: set[str]) -> bool:
    return isinstance(item, dict) and bool(item) and set(item) <= fields


def _call(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, dict):
        return None
    args = item.get("arguments", item.get("args", item.get("parameters")))
    if not isinstance(item.get("name"), str) or not isinstance(args, dict):
        return None
    return {"name": item["name"], "args": args}
