"""Code: the same program, whatever its names, comments and layout.

Python compares by its syntax tree, as ``voting.program`` normalises it. Other languages compare
by their text without comments and spaces.
"""

import ast
import re
import threading
import warnings
from collections.abc import Hashable

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.program import program_form
from avengers_graph.voting.question import Question

MAX_LENGTH = 12_000
"""Longer programs compare by their text."""
MAX_TAIL = 40
"""Lines after a program without a fence that may be no Python."""
MAX_READ = 3 * MAX_LENGTH
"""Characters parsed in search of the end of such a program."""

_QUIET = threading.Lock()
"""Held while warnings about a program's spelling are silenced: the filter is process-wide."""
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What parsing raises on what is no Python, or too much of it."""
_FENCED = re.compile(r"```[ \t]*+[\w+#-]*+[^\n]{0,80}+\n(.*?)```", re.DOTALL)
_CODE_LINE = re.compile(
    r"\s*+(?:def |class |import |from \w++ import|return\b|for .*:|while .*:|if .*:|@|#|print\()"
)
_DEFINITION = re.compile(r"^[^\S\n]*+(?:def|class)\s", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|--[^\n]*|/\*")
_LINE_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|--[^\n]*")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The longest fenced block that defines something, else the code that the text is."""
    blocks = [match[1].rstrip() for match in _FENCED.finditer(text)]
    blocks += [part.split("[/PYTHON]", 1)[0].rstrip() for part in text.split("[PYTHON]")[1:]]
    blocks = [block for block in blocks if block.strip()]
    defining = [block for block in blocks if _DEFINITION.search(block)]
    if blocks:
        return _answer(max(defining or blocks, key=len))
    if truncated:
        return None
    bare = text.strip("\n")
    tree = parsed(bare)
    if tree is not None and any(map(_is_program, tree.body)):
        return _answer(bare)
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if _CODE_LINE.match(line)), None)
    if start is None:
        boxed = next(spans.boxed(text), None)
        return _answer(boxed) if boxed else None
    leading = _leading_program(lines[start:])
    return _answer(leading) if leading else None


def _leading_program(lines: list[str]) -> str | None:
    """The most lines, from the first, that are Python."""
    end, read = len(lines), 0
    while end > max(0, len(lines) - MAX_TAIL) and read < MAX_READ:
        candidate = "\n".join(lines[:end])
        read += len(candidate)
        try:
            _parse(candidate)
        except SyntaxError as error:
            # Fewer lines do not mend a line that they hold.
            end = min(end, error.lineno or end) - 1
        except _UNREADABLE:
            end -= 1
        else:
            return candidate
    return None


def _answer(source: str) -> Answer | None:
    return Answer(source.strip("\n"), "code", _form(source)) if source.strip() else None


def _is_program(item: ast.stmt) -> bool:
    """Any statement but a bare word or value: those are prose that happens to parse."""
    return not isinstance(item, ast.Expr) or isinstance(item.value, (ast.Call, ast.Lambda))


def parsed(source: str) -> ast.Module | None:
    """The syntax tree; None when it is no Python, or too long to look."""
    try:
        return _parse(source)
    except _UNREADABLE:
        return None


def _parse(source: str) -> ast.Module:
    if len(source) > MAX_LENGTH:
        raise ValueError(f"a program of {len(source)} characters is not parsed")
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _form(source: str) -> Hashable:
    tree = parsed(source)
    if tree is None:
        return ("text", re.sub(r"\s+", "", _without_comments(source[: 2 * MAX_LENGTH])))
    try:
        return ("python", program_form(tree))
    except RecursionError:
        return ("text", re.sub(r"\s+", "", source))


def _without_comments(source: str) -> str:
    """The source without ``//``, ``#``, ``--`` and ``/* */`` comments; one pass."""
    kept: list[str] = []
    position, opening = 0, _COMMENT
    while comment := opening.search(source, position):
        end = comment.end()
        if comment.group() == "/*":
            end = source.find("*/", end) + 2
            if end < 2:
                # Never closed, so no later one is: not to be looked for again and again.
                opening = _LINE_COMMENT
                continue
        kept.append(source[position : comment.start()])
        position = end
    return "".join(kept) + source[position:]


def key(answer: Answer) -> Hashable:
    """The normalised program."""
    return answer.value if answer.value is not None else _form(answer.text)


CODE = Kind(extract=extract, key=key, whole_text=True)
