"""Code: the same program, whatever its names, comments and layout.

Python compares by its syntax tree, as ``voting.program`` normalises it. Other languages compare
by their tokens, without what is a comment in that language (``voting.source_form``), unless the
language is not known: then line by line.
"""

import ast
import re
import textwrap
import threading
import warnings
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.programs.program import program_form
from avengers_graph.voting.programs.source_form import (
    Language,
    language_asked_for,
    language_named,
    source_form,
)
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.question import Question

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
_FENCED = re.compile(
    r"(?P<fence>```|~~~)[ \t]*+(?P<tag>[\w+#-]*+)[^\n]{0,80}+\n"
    r"(?P<body>.*?)(?P<closed>(?P=fence)|\Z)",
    re.DOTALL,
)
_SHOWN = frozenset(
    ("bash", "sh", "shell", "console", "terminal", "text", "txt", "output", "json", "csv", "none")
)
"""Tags of blocks that show how a program is run and what it prints, beside the program."""
_CODE_LINE = re.compile(
    r"\s*+(?:def |class |import |from \w++ import|return\b|for .*:|while .*:|if .*:|@|#|print\()"
)
_DEFINED = re.compile(
    r"^[^\S\n]*+(?:(?:pub|export|default|static|public|private|async|fn|data)\s++){0,4}"
    r"(?:def|class|function|func|fn|fun|sub|struct|interface|trait|enum|type|module)\s++\*?(\w++)"
    r"|(?:const|let|var)\s++(\w++)\s*+=\s*+(?:async\b|function\b|\([^()\n]{0,200}\)\s*+=>|\w++\s*+=>)"
    r"|^[^\n(){};=]{0,80}?\b(?!(?:if|for|while|switch|catch|return|else)\b)(\w++)\s*+"
    r"\([^(){};]{0,300}+\)[^\n(){};=]{0,80}+\s*+\{",
    re.MULTILINE,
)
"""What a program defines: with a keyword, as a value, or as C and its like do."""
_DIRECTIVE = re.compile(r"^[^\S\n]*+#(?:define|include|ifn?def|pragma|undef)\b", re.MULTILINE)
"""What is a comment in Python and none in C."""
_TESTING = re.compile(r"test|main$|check$|setup$|teardown$|demo$|example|run_", re.IGNORECASE)
"""Names of what tries a program, or starts it."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A fenced program."""

    source: str
    tag: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What it defines, tests and the start of the program left out."""
        names = (next(filter(None, found)) for found in _DEFINED.findall(self.source))
        return frozenset(name for name in names if not _TESTING.match(name))


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The fenced program (``_chosen``), else the code that the text is.

    A block that is cut off counts only where nothing was cut.
    """
    blocks = [block for block in _blocks(text, truncated) if block.source.strip()]
    asked = language_asked_for(question.text)
    if blocks:
        chosen = _chosen(blocks)
        return _answer(chosen.source, language_named(chosen.tag) or asked)
    if truncated:
        return None
    bare = text.strip("\n")
    tree = parsed(bare)
    if tree is not None and any(map(_is_program, tree.body)):
        return _answer(bare, asked)
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if _CODE_LINE.match(line)), None)
    if start is None:
        boxed = next(spans.boxed(text), None)
        return _answer(boxed, asked) if boxed else None
    leading = _leading_program(lines[start:])
    return _answer(leading, asked) if leading else None


def _blocks(text: str, truncated: bool) -> Iterator[_Block]:
    """The fenced programs in order, without the indentation of a list that they stand in."""
    for match in _FENCED.finditer(text):
        if match["closed"] or not truncated:
            yield _Block(textwrap.dedent(match["body"]).rstrip(), match["tag"])
    for part in text.split("[PYTHON]")[1:]:
        yield _Block(part.split("[/PYTHON]", 1)[0].rstrip(), "python")


def _chosen(blocks: Sequence[_Block]) -> _Block:
    """The program among the blocks of a text.

    Of those that define something but tests, the last one that defines what the longest does: a
    later block corrects an earlier one. Where none defines anything, the last one that is at
    least half as long as the longest.
    """
    blocks = [block for block in blocks if block.tag.lower() not in _SHOWN] or blocks
    names = [block.names for block in blocks]
    longest = max(range(len(blocks)), key=lambda i: (bool(names[i]), len(blocks[i].source)))
    about, least = names[longest], len(blocks[longest].source) / 2
    corrections = (
        block
        for block, own in zip(reversed(blocks), reversed(names), strict=True)
        if (own & about if about else len(block.source) >= least)
    )
    return next(corrections)


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


def _answer(source: str, language: Language | None) -> Answer | None:
    if not source.strip():
        return None
    return Answer(source.strip("\n"), "code", _form(source, language))


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


def _form(source: str, language: Language | None) -> Hashable:
    if language is None:
        may_be_python = _DIRECTIVE.search(source) is None
    else:
        may_be_python = language is language_named("python")
    tree = parsed(source) if may_be_python else None
    if tree is not None and tree.body:
        try:
            return ("python", program_form(tree))
        except RecursionError:
            pass
    return ("source", source_form(source, language))


def key(answer: Answer) -> Hashable:
    """The normalised program."""
    return answer.value if answer.value is not None else _form(answer.text, None)


CODE = Kind(extract=extract, key=key, whole_text=True)
