"""The forms in which models write a tool call, each read at a place of a text.

Every form of ``FORMS`` is a function that reads what stands at a place. A call that is cut off
or broken is read as one without arguments; nothing completes it.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from avengers_graph.voting.structured.tools import Tool, tool_named
from avengers_graph.voting.structured.written_json import (
    MAX_DEPTH,
    is_schema,
    passage_at,
    read_json,
    too_deep,
)

MAX_PYTHON = 4_000
"""Characters of one call in Python, and of the brackets that it opens."""

NAME = r"[A-Za-z_]\w{0,80}(?:[.-]\w{1,80}){0,8}"
"""The name of a tool, which may have a module's before it."""

_NAME_KEYS = ("name", "tool", "tool_name", "function", "function_name", "action", "recipient_name")
_ARGUMENT_KEYS = ("arguments", "args", "parameters", "tool_input", "action_input", "input")
_NESTING = ("function", "function_call", "tool_call")
_BESIDE = frozenset({*_NAME_KEYS, *_ARGUMENT_KEYS, "id", "type", "index", "tool_call_id"})
_LIKE_A_CALL = re.compile(
    r"[\"']?(?:name|function|tool|tool_name|tool_calls|action)[\"']?\s*+:\s*+[\"'{\[]"
)
_NAMED = re.compile(
    r"(?P<before>function<｜tool▁sep｜>|to=functions\.|>>>|Action:[ \t]*+"
    r"|<(?:function=|(?:function|tool_call|invoke)\s+name=)[\"']?)?"
    rf"(?P<name>{NAME}?)(?:\[CALL_ID\]\w++)?(?::\d{{1,4}})?"
    r"(?P<behind>(?:\s?<\|[a-z_]{1,40}\|>(?:json)?|\[ARGS\]|<｜tool▁sep｜>|[\"']?>"
    r"|\s*+Action Input:)*+)"
    r"\s*+(?:```(?:json)?\s*+)?(?=\{)"
)
_TAGGED = re.compile(
    rf"<(?P<tag>function|invoke)(?:=|\s+name=)[\"']?(?P<name>{NAME})[\"']?>|"
    rf"(?P<keyed>{NAME})\s*+(?=<arg_key>)"
)
_PARAMETER = re.compile(
    r"\s*+(?:<parameter(?:=|\s+name=)[\"']?(?P<name>[\w.-]{1,80})[\"']?[^>\n]{0,40}>"
    r"(?P<value>.*?)</parameter>"
    r"|<arg_key>(?P<key>[^<]{1,80})</arg_key>\s*+<arg_value>(?P<of_key>.*?)</arg_value>)",
    re.DOTALL,
)
_TAG_END = re.compile(r"\s*+</(?:function|invoke|tool_call)>")
_PYTHON = re.compile(rf"(?P<list>\[\s*+)?(?P<name>{NAME})\(")
_NEXT_IN_LIST = re.compile(rf"\s*+,\s*+(?P<name>{NAME})\(")
_PYTHON_TOKEN = re.compile(
    r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|[^\"'()\[\]{}]++|[()\[\]{}]", re.DOTALL
)
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as it was written."""

    name: str | None
    """None where it is cut off before its name, or stands where it cannot be told."""
    args: Mapping[str, Any] | None
    """None where they are cut off or cannot be read."""
    text: str
    """All of it, as written."""
    positional: tuple[Any, ...] = ()
    """Arguments without a name, as Python has them."""
    is_plain: bool = False
    """Whether the form is that of a call, whatever tools there are."""
    is_python: bool = False
    """Whether it is a call in Python, as a program may hold."""


Read = tuple[list[WrittenCall], int]
"""Calls, in order, and one past their last character."""


def json_calls(text: str, at: int, tools: Sequence[Tool]) -> Read | None:
    """Objects with a name and arguments, alone, in a list, or under ``tool_calls``."""
    passage = passage_at(text, at)
    if passage is None:
        return None
    written = text[at : passage.end]
    if passage.value is None:
        broken = _LIKE_A_CALL.search(written[:400]) is not None
        return [WrittenCall(None, None, written, is_plain=True)] if broken else [], passage.end
    value = passage.value
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
        value = value["tool_calls"]
    items = value if isinstance(value, list) else [value]
    read = [call_of(item, tools, text=written) for item in items]
    if not any(read):
        return [], passage.end
    return [call or WrittenCall(None, None, written) for call in read], passage.end


def call_of(item: object, tools: Sequence[Tool] = (), *, text: str = "") -> WrittenCall | None:
    """One call in any of the usual shapes of an object; None where it is data."""
    if not isinstance(item, Mapping):
        return None
    item = next((item[key] for key in _NESTING if isinstance(item.get(key), Mapping)), item)
    name = next((item[key] for key in _NAME_KEYS if isinstance(item.get(key), str)), None)
    held = [key for key in _ARGUMENT_KEYS if key in item]
    if name is None and len(item) == 1:
        # {"add": {"a": 1}}, where add is known to be a tool.
        (name,), (arguments,) = item, item.values()
        if not isinstance(name, str) or tool_named(name, tools) is None:
            return None
    elif name is None or (not held and tool_named(name, tools) is None):
        return None
    else:
        arguments = item[held[0]] if held else None
    args = _arguments(arguments)
    if is_schema(args):
        return None  # the tool described, not called
    is_plain = bool(held) and set(item) <= _BESIDE
    return WrittenCall(name, args, text, is_plain=is_plain)


def _arguments(value: Any) -> Mapping[str, Any] | None:
    """Arguments as an object, also where a text holds it, or holds a text that does."""
    if value is None:
        return {}
    for _ in range(3):
        if not isinstance(value, str):
            break
        value = read_json(value) if value.strip() else {}
    return value if isinstance(value, Mapping) and not too_deep(value) else None


def named_call(text: str, at: int, tools: Sequence[Tool]) -> Read | None:
    """A name and the JSON of its arguments, with some model's separators between them."""
    opening = _NAMED.match(text, at)
    if opening is None:
        return None
    name = opening["name"]
    is_plain = bool(opening["before"] or opening["behind"])
    if not is_plain and tool_named(name, tools) is None:
        return None
    passage = passage_at(text, opening.end())
    end = len(text) if passage is None else passage.end
    args = passage.value if passage is not None else None
    return [WrittenCall(name, args, text[at:end], is_plain=is_plain)], end


def tagged_call(text: str, at: int, tools: Sequence[Tool]) -> Read | None:
    """A name with a tag for each parameter, or for each key and value."""
    opening = _TAGGED.match(text, at)
    if opening is None:
        return None
    name = opening["name"] or opening["keyed"]
    tool = tool_named(name, tools)
    schema = {} if tool is None else tool.parameters.get("properties") or {}
    args: dict[str, Any] = {}
    end = opening.end()
    while parameter := _PARAMETER.match(text, end):
        end = parameter.end()
        key = (parameter["name"] or parameter["key"]).strip()
        args[key] = _tagged_value(parameter["value"] or parameter["of_key"] or "", schema.get(key))
    closing = _TAG_END.match(text, end)
    if closing is None:
        return [WrittenCall(name, None, text[at:], is_plain=True)], len(text)
    end = closing.end()
    return [WrittenCall(name, args, text[at:end], is_plain=True)], end


def _tagged_value(written: str, field: Any) -> Any:
    """A value that stands between tags: as the schema has it, else as it looks."""
    written = written.removeprefix("\n").removesuffix("\n")
    kind = field.get("type") if isinstance(field, Mapping) else None
    if kind == "string":
        return written
    value = {"True": True, "False": False}.get(written.strip(), read_json(written))
    return written if value is None and written.strip() not in ("null", "None") else value


def python_calls(text: str, at: int, tools: Sequence[Tool]) -> Read | None:
    """Calls in Python whose arguments are literals, alone or in a list."""
    opening = _PYTHON.match(text, at)
    if opening is None:
        return None
    in_list = opening["list"] is not None
    calls: list[WrittenCall] = []
    start, end = opening.start("name"), at
    following: re.Match[str] | None = opening
    while following is not None:
        start = following.start("name")
        closed = _python_end(text, following.end() - 1)
        if closed is None:
            cut = WrittenCall(
                following["name"], None, text[start:], is_plain=in_list, is_python=True
            )
            return [*calls, cut], len(text)
        end = closed
        calls.append(_python_call(text[start:end], following["name"], is_plain=in_list))
        following = _NEXT_IN_LIST.match(text, end) if in_list else None
    if in_list:
        closing = re.compile(r"\s*+,?\s*+\]").match(text, end)
        if closing is None:
            cut = WrittenCall(None, None, text[start:], is_plain=True, is_python=True)
            return [*calls, cut], len(text)
        end = closing.end()
    return calls, end


def _python_end(text: str, opening: int) -> int | None:
    """One past the bracket that closes the one at ``opening``; None where it stays open."""
    depth, position = 0, opening
    limit = opening + MAX_PYTHON
    while token := _PYTHON_TOKEN.match(text, position, limit):
        position = token.end()
        depth += token.group() in ("(", "[", "{")
        depth -= token.group() in (")", "]", "}")
        if depth == 0:
            return position
        if depth > MAX_DEPTH:
            return None
    return None


def _python_call(written: str, name: str, *, is_plain: bool) -> WrittenCall:
    unread = WrittenCall(name, None, written, is_plain=is_plain, is_python=True)
    try:
        tree = ast.parse("f" + written[len(name) :], mode="eval").body
        if not isinstance(tree, ast.Call):
            return unread
        positional = tuple(_literal(argument) for argument in tree.args)
        args: dict[str, Any] = {}
        for word in tree.keywords:
            value = _literal(word.value)
            args.update({word.arg: value} if word.arg is not None else value)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return unread
    return replace(unread, args=args, positional=positional)


def _literal(node: ast.expr) -> Any:
    """The value of a literal as JSON has it.

    Raises:
        ValueError: it is none.
    """
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return node.value
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.List() | ast.Tuple():
            return [_literal(item) for item in node.elts]
        case ast.Dict(keys=keys) if None not in keys:
            pairs = zip(keys, node.values, strict=True)
            return {str(_literal(key)): _literal(value) for key, value in pairs if key is not None}
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    raise ValueError(f"no literal: {ast.dump(node)[:80]}")


FORMS: tuple[Callable[[str, int, Sequence[Tool]], Read | None], ...] = (
    json_calls,
    named_call,
    tagged_call,
    python_calls,
)
