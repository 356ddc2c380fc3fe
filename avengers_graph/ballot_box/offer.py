"""What a request asks of an answer: tools, and a schema of the text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from avengers_graph.ballot_box.schema import schema_objection
from avengers_graph.context import json_form
from avengers_graph.types import SampleRecord


class Offer:
    """What the call parameters of one request allow as an answer."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        tools = [tool["function"] for tool in params.get("tools") or () if "function" in tool]
        self._tools = {tool["name"]: tool.get("parameters") or {} for tool in tools}
        choice = params.get("tool_choice")
        self._forced = choice == "required" or isinstance(choice, Mapping)
        self._forbidden = choice == "none"
        self._only = choice["function"]["name"] if isinstance(choice, Mapping) else None
        form = params.get("response_format") if json_form(params) == "json_schema" else None
        self._text = ((form or {}).get("json_schema") or {}).get("schema")

    def objection(self, record: SampleRecord) -> str | None:
        """Why a sample is not what was asked for; None when it is."""
        if record["tool_calls"]:
            if not self._tools:
                return None
            if self._forbidden:
                return "calls a tool although tool_choice is none"
            return next(filter(None, map(self._wrong, record["tool_calls"])), None)
        if self._tools and self._forced:
            return "answers without the tool call asked for"
        if self._text and schema_objection(self._text, data_in(record["text"])):
            return "does not fit the schema asked for"
        return None

    def _wrong(self, call: Mapping[str, Any]) -> str | None:
        name, args = call["name"], call["args"]
        if call["type"] == "invalid_tool_call" or not isinstance(args, Mapping):
            return f"calls {name!r} with arguments that are no JSON object"
        if name not in self._tools or self._only not in (None, name):
            return f"calls {name!r}, which was not offered"
        wrong = schema_objection(self._tools[name], dict(args))
        return None if wrong is None else f"calls {name!r} with wrong arguments: {wrong}"


def data_in(text: str) -> Any:
    """The JSON that a text is, or that its first fenced block is; None where there is none.

    What is cut off is none: it is not for us to guess how it would have ended.
    """
    for candidate in _candidates(text):
        try:
            # Models write line ends into strings as they are.
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _candidates(text: str) -> Iterator[str]:
    yield text
    _, opened, rest = text.partition("```")
    if opened:
        body = rest.removeprefix("json")
        # A text within the JSON may hold a fence of its own.
        yield body.partition("```")[0]
        yield body.rpartition("```")[0]
