"""JSON that a model wrote into its text: the one reader of votes, grading, schemas and calls.

Models fence it, put words before and after it, and write it as Python or JavaScript would:
trailing commas, single quotes, comments, ``True`` and ``None``, names as keys. Such spellings are
put into JSON token by token, and ``json`` reads the outcome. What a spelling leaves open is not
guessed: a bare word is no value, a missing comma none, and an object or array that ends before
its bracket closes is no data, however much of it is there. Repair libraries complete what was
cut off, which is why none is used.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

MAX_LENGTH = 100_000
"""Characters of a text that are searched, unless it is strict JSON from end to end."""
MAX_PASSAGES = 500
"""Brackets tried for whether data open there; a text that holds more is not searched to its end."""
MAX_DEPTH = 50
"""Levels of objects and arrays in each other that are read."""

_TOKEN = re.compile(
    r"""(?P<space>\s++|//[^\n]*+|\#[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)
    |(?P<double>"(?:[^"\\]|\\.)*+")
    |(?P<single>'(?:[^'\\]|\\.)*+')
    |(?P<mark>[{}\[\]:,])
    |(?P<number>[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?(?![\w.]))
    |(?P<name>[^\W\d][\w$-]*+)""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS = {"true": "true", "True": "true", "false": "false", "False": "false",
              "null": "null", "None": "null", "NaN": "NaN", "Infinity": "Infinity"}  # fmt: skip
_KEY_FOLLOWS = re.compile(r"\s*+:")
_WRONG_ESCAPE = re.compile(r'\\(?:(?P<kept>["\\/bfnrt]|u[0-9a-fA-F]{4})|(?P<dropped>[_\'*\n])|)')
"""Escapes of JSON, and those of Markdown and Python, which stand for the character itself."""
_UNCLOSED = re.compile(r"[\"']|/\*")
"""A string or comment that no token was made of: the text ends within it."""
_OPENING = re.compile(r"[{\[]")
_OPENS_DATA = re.compile(
    r"""\{\s*+(?:\}|"(?:[^"\\]|\\.){0,200}+"\s*+:|'(?:[^'\\]|\\.){0,200}+'\s*+:
        |[^\W\d][\w$-]{0,200}+\s*+:|//|\#|/\*)
    |\[\s*+(?:[\[{"'\]\d.+-]|(?:true|false|null|True|False|None)\b|//|\#|/\*)""",
    re.VERBOSE | re.DOTALL,
)
_OPENS_RECORD = re.compile(r"\[?+\s*+\{")
_SURROGATE = re.compile("[\ud800-\udfff]")
_END_OF_TURN = re.compile(
    r"<\|(?:eot_id|eom_id|im_end|end|end_of_text|endoftext|start_header_id|im_start)\|>"
    r"|<end_of_turn>|</s>|<｜end▁of▁sentence｜>"
)
_FENCE = re.compile(r"```(?P<tag>\w*+)")
_DATA_TAGS = ("", "json", "json5", "jsonc", "jsonl", "text", "txt", "output")
"""Tags of fences that hold data; a program may hold some, too, but answers with none."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An object or array that stands in a text, outside any other."""

    start: int
    end: int
    """One past its last character; the text's length where it is cut off."""
    value: Any
    """None where it looks like data but cannot be read."""
    fenced: bool = False
    """Whether it stands in a fence for data."""


def read_json(text: str) -> Any:
    """The value that the whole text is, however spelled; None when it is none."""
    text = text.strip()
    value = _loaded(text)
    if value is not None or len(text) > MAX_LENGTH or text[:1] not in ("{", "["):
        return value
    passage = passage_at(text, 0)
    return passage.value if passage is not None and passage.end == len(text) else None


def json_in(text: str) -> Any:
    """The data that a text answers with; None where there are none, or not all of them.

    A text that is JSON is that value. Else, of the objects and arrays in the text: fenced ones
    before others, objects and lists of objects before lists of plain values, any before a JSON
    schema, and of those the last one that shares a key with the largest: a later object corrects
    an earlier one, unless it is about something else. Data that cannot be read, or that are cut
    off, are not passed over for data further up.
    """
    whole = read_json(text)
    if whole is not None:
        return whole
    found = list(passages(text))
    found = [passage for passage in found if passage.fenced] or found
    found = [passage for passage in found if _holds_records(passage, text)] or found
    found = [passage for passage in found if not is_schema(passage.value)] or found
    if not found or found[-1].value is None:
        return None
    read = [passage for passage in found if passage.value is not None]
    about = _keys(max(read, key=lambda passage: passage.end - passage.start).value)
    return next(p.value for p in reversed(read) if _keys(p.value) & about)


def passages(text: str) -> Iterator[Passage]:
    """The outermost objects and arrays of a text, in order, up to the end of the model's turn."""
    text = text[:MAX_LENGTH]
    position, tried = 0, 0
    tag: str | None = None
    while tried < MAX_PASSAGES and (opening := _OPENING.search(text, position)):
        between = text[position : opening.start()]
        if _END_OF_TURN.search(between):
            return
        for fence in _FENCE.finditer(between):
            tag = fence["tag"].lower() if tag is None else None
        passage = passage_at(text, opening.start())
        if passage is None:
            position = opening.end()
            continue
        position = passage.end
        tried += 1
        if passage.value is not None or _OPENS_RECORD.match(text, passage.start):
            yield replace(passage, fenced=tag in _DATA_TAGS)


def passage_at(text: str, start: int) -> Passage | None:
    """The data that open at ``start``; None where the bracket opens something else."""
    if not _OPENS_DATA.match(text, start):
        return None
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    else:
        return Passage(start, end, None if too_deep(value) else value)
    written: list[str] = []
    depth, position = 0, start
    while token := _TOKEN.match(text, position):
        position = token.end()
        spelled = _spelled(token, text)
        if spelled is None:
            break
        if spelled in ("}", "]"):
            depth -= 1
            if len(written) > 1 and written[-1] == "," and written[-2] not in ("{", "[", ",", ":"):
                written.pop()  # a trailing comma
        depth += spelled in ("{", "[")
        if spelled:
            written.append(spelled)
        if depth == 0:
            return Passage(start, position, _loaded("".join(written)))
    if position == len(text) or _UNCLOSED.match(text, position):
        return Passage(start, len(text), None)
    if not _OPENS_RECORD.match(text, start):
        return Passage(start, position + 1, None)
    return Passage(start, _closing(text, start) or len(text), None)


def _spelled(token: re.Match[str], text: str) -> str | None:
    """A token as JSON spells it, empty for a comment; None for a word that stands for nothing."""
    written = token.group()
    match token.lastgroup:
        case "space":
            return ""
        case "double":
            return '"' + _WRONG_ESCAPE.sub(_escape, written[1:-1]) + '"'
        case "single":
            inner = _WRONG_ESCAPE.sub(_escape, written[1:-1])
            return '"' + re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', inner) + '"'
        case "number":
            return _number(written)
        case "name":
            constant = _CONSTANTS.get(written)
            if _KEY_FOLLOWS.match(text, token.end()):
                return json.dumps(written)
            return constant
        case _:
            return written


def _escape(match: re.Match[str]) -> str:
    if match["kept"] is not None:
        return match.group()
    return match["dropped"] if match["dropped"] is not None else r"\\"


def _number(written: str) -> str:
    """``+5``, ``.5`` and ``5.`` with the digits that JSON wants."""
    written = written.removeprefix("+")
    written = re.sub(r"^(-?)\.", r"\g<1>0.", written)
    return re.sub(r"\.(?!\d)", "", written)


def _loaded(written: str) -> Any:
    try:
        value = _DECODER.decode(written)
    except (ValueError, RecursionError):
        return None
    return None if too_deep(value) else value


def json_text(value: Any, *, sort_keys: bool = True) -> str:
    """A value in canonical JSON, without escapes but for half a surrogate pair."""
    escaped = json.dumps(value, sort_keys=sort_keys, default=str)
    written = json.dumps(value, sort_keys=sort_keys, default=str, ensure_ascii=False)
    return escaped if _SURROGATE.search(written) else written


def is_schema(value: Any) -> bool:
    """Whether a value describes objects, rather than being one."""
    return isinstance(value, Mapping) and "properties" in value and "type" in value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 300 else math.inf


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)
"""Not strict: models write line ends into strings as they are."""


def too_deep(value: object) -> bool:
    """Whether objects and arrays stand in each other more than ``MAX_DEPTH`` deep."""
    row = _holding([value])
    for _ in range(MAX_DEPTH):
        if not row:
            return False
        row = [
            inner
            for outer in row
            for inner in _holding(outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(row)


def _holding(items: Iterable[Any]) -> list[Any]:
    """Those that hold others."""
    return [item for item in items if isinstance(item, dict | list)]


def _closing(text: str, start: int) -> int | None:
    """One past the bracket that closes the one at ``start``, strings left out of account."""
    depth, quoted, escaped = 0, False, False
    for position in range(start, len(text)):
        character = text[position]
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = quoted
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "{[":
            depth += 1
        elif not quoted and character in "}]":
            depth -= 1
            if depth == 0:
                return position + 1
    return None


def _holds_records(passage: Passage, text: str) -> bool:
    if passage.value is None:
        return _OPENS_RECORD.match(text, passage.start) is not None
    return bool(_keys(passage.value) - {None})


def _keys(value: Any) -> set[str | None]:
    """The keys of an object or of the objects in a list; plain values have the key None."""
    records: Iterable[Any] = value if isinstance(value, list) else [value]
    keys: set[str | None] = set()
    for record in records:
        keys |= set(record) if isinstance(record, dict) else {None}
    return keys or {None}
