"""The tools that a request offers: their names, and what their arguments mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NAMESPACES = ("functions.", "default_api.", "tools.")
"""What some models write before a name that has none; Llama writes ``.call`` behind it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One function that may be called."""

    name: str
    parameters: Mapping[str, Any]
    """JSON schema of the object of its arguments; empty where none was given."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its parameters in the order of the schema."""
        return tuple(_properties(self.parameters))

    def meant(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as the function would take them, so that equal calls have equal ones.

        Without those that are their default, or null where that is as good as left out; texts
        of an ``enum`` in its spelling.
        """
        return _meant(args, self.parameters)


def read_tools(specifications: Iterable[Mapping[str, Any]]) -> tuple[Tool, ...]:
    """Tools in OpenAI's form, or as bare ``{"name", "parameters"}``; others are left out."""
    functions = (tool.get("function", tool) for tool in specifications)
    return tuple(
        Tool(function["name"], function.get("parameters") or {})
        for function in functions
        if isinstance(function, Mapping) and isinstance(function.get("name"), str)
    )


def tool_named(name: str, tools: Sequence[Tool]) -> Tool | None:
    """The tool that a model means by a name.

    Names for OpenAI's form hold no dots, so servers and models write ``math_add`` for
    ``math.add``.
    """
    for spelled in (str, _folded, _without_namespace):
        named = [tool for tool in tools if spelled(tool.name) == spelled(name)]
        if named:
            return named[0] if len(named) == 1 else None
    return None


def _folded(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def _without_namespace(name: str) -> str:
    for namespace in _NAMESPACES:
        name = name.removeprefix(namespace)
    return _folded(name.removesuffix(".call"))


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _meant(args: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    properties, required = _properties(schema), schema.get("required") or ()
    meant: dict[str, Any] = {}
    for name, value in args.items():
        field = properties.get(name)
        field = field if isinstance(field, Mapping) else {}
        value = _of_field(value, field)
        if name in required or (value != field.get("default") or _is_flag(value, field)):
            meant[str(name)] = value
    return meant


def _is_flag(value: Any, field: Mapping[str, Any]) -> bool:
    """Whether the default is equal in Python alone: 1 is not True."""
    return isinstance(value, bool) != isinstance(field.get("default"), bool)


def _of_field(value: Any, field: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return _meant(value, field)
    if isinstance(value, list | tuple):
        items = field.get("items")
        return [_of_field(item, items if isinstance(items, Mapping) else {}) for item in value]
    allowed = field.get("enum")
    if isinstance(value, str) and isinstance(allowed, list) and value not in allowed:
        same = [
            entry
            for entry in allowed
            if isinstance(entry, str) and entry.casefold() == value.strip().casefold()
        ]
        return same[0] if len(same) == 1 else value
    return value
