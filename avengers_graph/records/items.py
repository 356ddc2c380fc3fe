"""JSON objects of a file one by one with their line, from a list or from JSON lines."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from avengers_graph.errors import RecordsError

_CHUNK = 1 << 16
_BLANK = " \t\r\n"

Item = tuple[int, dict[str, Any]]
"""The 1-based line an object starts on, and the object."""


def read_items(path: Path) -> Iterator[Item]:
    """Objects of a JSON list or of JSON lines, read as a stream.

    Raises:
        RecordsError: the file cannot be read, is not UTF-8, is cut off, or holds something
            that is no object; the message names the file and the line.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.read(_CHUNK).lstrip(_BLANK)
            file.seek(0)
            if not head:
                raise RecordsError(f"{path}: the file is empty; pass a file with scored queries")
            yield from (_listed(file, path) if head[0] == "[" else _lines(file, path))
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except OSError as error:
        raise RecordsError(
            f"cannot read {str(path)!r} ({error.strerror}); check the path"
        ) from error


def load_object(path: Path) -> dict[str, Any]:
    """The single object of a JSON file.

    Raises:
        RecordsError: as ``read_items``, or the file holds anything else.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except OSError as error:
        raise RecordsError(
            f"cannot read {str(path)!r} ({error.strerror}); check the path"
        ) from error
    try:
        value = json.loads(text, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError) as error:
        raise RecordsError(f"{path}: not valid JSON ({error}); is the file cut off?") from error
    if not isinstance(value, dict):
        raise RecordsError(f"{path}: expected one JSON object, not a {type(value).__name__}")
    return value


def not_utf8(path: Path) -> RecordsError:
    """The error for a file that does not decode, with the place where it stops to."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, read = 1, 0
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            read += len(piece)
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                # What is decoded begins with what an earlier piece left unfinished.
                line += error.object.count(b"\n", 0, error.start)
                at = read - len(error.object) + error.start
                return RecordsError(
                    f"{path}:{line}: not UTF-8 text ({error.reason} at byte {at} of the file); "
                    "convert it to UTF-8"
                )
            line += piece.count(b"\n")
    return RecordsError(
        f"{path}:{line}: not UTF-8 text (it ends within a character); is the file cut off?"
    )


def _lines(file: TextIO, path: Path) -> Iterator[Item]:
    decoder = json.JSONDecoder(object_pairs_hook=_no_name_twice)
    for number, line in enumerate(file, start=1):
        text = line.strip()
        if not text:
            continue
        try:
            value = decoder.decode(text)
        except json.JSONDecodeError as error:
            raise RecordsError(
                f"{path}:{number}: not valid JSON ({error.msg}) in {_quoted(text)}; "
                "is the file cut off, or not JSON lines?"
            ) from error
        except (ValueError, RecursionError) as error:
            raise RecordsError(f"{path}:{number}: {error}") from error
        yield number, _object(value, path, number)


def _listed(file: TextIO, path: Path) -> Iterator[Item]:
    decoder = json.JSONDecoder(object_pairs_hook=_no_name_twice)
    buffer, at, line, ended = "", 0, 1, False
    last = ""  # then the opening bracket, an item, or a comma
    while True:
        while at < len(buffer) and buffer[at] in _BLANK:
            line += buffer[at] == "\n"
            at += 1
        mark = buffer[at : at + 1]
        if mark and not last:
            last, at = "[", at + 1
        elif mark == "," or (mark == "]" and last == ","):
            if last != "item":
                raise RecordsError(f"{path}:{line}: a comma too many; take it out")
            last, at = ",", at + 1
        elif mark == "]":
            if buffer[at + 1 :].strip(_BLANK) or file.read().strip(_BLANK):
                raise RecordsError(f"{path}:{line}: text after the end of the list; split the file")
            return
        else:
            try:
                value, end = decoder.raw_decode(buffer, at)
            except json.JSONDecodeError as error:
                if ended:
                    raise RecordsError(
                        f"{path}:{line}: not valid JSON ({error.msg}) in {_quoted(buffer[at:])}; "
                        "is the file cut off?"
                    ) from error
            except (ValueError, RecursionError) as error:
                raise RecordsError(f"{path}:{line}: {error}") from error
            else:
                if last == "item":
                    raise RecordsError(f"{path}:{line}: a comma is missing between two items")
                yield line, _object(value, path, line)
                line += buffer.count("\n", at, end)
                last, at = "item", end
                continue
            more = file.read(max(_CHUNK, len(buffer) - at))
            ended = not more
            buffer, at = buffer[at:] + more, 0


def _object(value: Any, path: Path, line: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecordsError(
            f"{path}:{line}: expected a JSON object with a query and scores, not {_quoted(value)}"
        )
    return value


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different; JSON's own reader keeps the last silently."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"the names {twice} come twice in one object; keep one of each")
    return found


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
