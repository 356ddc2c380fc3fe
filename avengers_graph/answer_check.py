"""Whether an answer is what the call asked for: an offered tool, arguments and text by a schema."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from avengers_graph.settings.call_params import json_form
from avengers_graph.types import SampleRecord
from avengers_graph.voting.structured.written_json import json_in


class AnswerCheck:
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
        if self._text and self.data_objection(json_in(record["text"])):
            return "does not fit the schema asked for"
        return None

    def data_objection(self, data: Any) -> str | None:
        """What is wrong with the data of a text; None when they fit, or any would."""
        return schema_objection(self._text, data) if self._text else None

    def _wrong(self, call: Mapping[str, Any]) -> str | None:
        name, args = call["name"], call["args"]
        if call["type"] == "invalid_tool_call" or not isinstance(args, Mapping):
            return f"calls {name!r} with arguments that are no JSON object"
        if name not in self._tools or self._only not in (None, name):
            return f"calls {name!r}, which was not offered"
        wrong = schema_objection(self._tools[name], dict(args))
        return None if wrong is None else f"calls {name!r} with wrong arguments: {wrong}"


def schema_objection(schema: Mapping[str, Any], data: Any) -> str | None:
    """What is wrong with ``data``, in a phrase; None when they fit.

    A schema that is none, or that refers to what it does not hold, objects to nothing: the
    experts were given it all the same. Nothing is fetched.
    """
    from referencing.exceptions import Unresolvable

    validator = _validator(json.dumps(schema, sort_keys=True, default=str))
    if validator is None:
        return None
    try:
        wrong = next(validator.iter_errors(data), None)
    except Unresolvable:
        return None
    return None if wrong is None else str(wrong.message)


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """Made once: checking the schema itself costs a millisecond, and samples come by the dozen."""
    from jsonschema import Draft202012Validator, SchemaError
    from referencing import Registry

    plain = json.loads(schema)
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError:
        return None
    # A registry of its own keeps it from fetching what a $ref points to.
    return Draft202012Validator(plain, registry=Registry())
