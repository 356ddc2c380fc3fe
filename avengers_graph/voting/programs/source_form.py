"""Programs in languages other than Python, in a form that two layouts of one share.

What is a comment, and what blanks and line ends mean, differs by language: ``--`` opens a comment
in SQL and decrements in C, ``//`` opens one in C and divides in Python. So comments and layout
are left out of account only where the language is known, and only as that language has it. A
program in an unknown language compares line by line.
"""

import re
import textwrap
from dataclasses import dataclass
from typing import Literal

Layout = Literal["free", "statements", "lines", "indented"]
"""What ends a statement: marks alone; marks, and line ends where JavaScript puts one in; line
ends; line ends and indentation. Blanks between words count in the last two."""


@dataclass(frozen=True, slots=True)
class Language:
    """How to tell comments and texts from the rest of a program."""

    names: str
    """As fences and questions name it, separated by blanks."""
    comment: str
    """Pattern of a comment."""
    text: str
    """Pattern of a text; one that is not closed runs to its end all the same."""
    layout: Layout


_SLASHES = r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_HASH = r"(?<![^\s;])\#[^\n]*+"
_DOUBLE = r"\"(?:[^\"\\]|\\.)*+\"?"
_SINGLE = r"'(?:[^'\\]|\\.)*+'?"
_IN_LINE = r"\"(?:[^\"\\\n]|\\.)*+\"?"
_CHARACTER = r"'(?:\\[^\n']{1,8}|[^'\\\n])'"
_BLOCK = r"\"\"\".*?(?:\"\"\"|\Z)"
_DIRECTIVE = r"\#(?:[^\\\n/]|\\.|/(?![/*]))*+"
"""``#define`` and its like go to the end of their line, or of the lines continued by ``\\``."""
_SYMBOL = r"[!#$%&*+./<=>?@\\^|~:-]"

LANGUAGES = (
    Language(
        "c c++ cpp cc cxx h hpp cuda java c# csharp cs rust rs arduino",
        _SLASHES, rf"{_DIRECTIVE}|{_BLOCK}|{_IN_LINE}|{_CHARACTER}", "free",
    ),
    Language("php", rf"{_SLASHES}|{_HASH}", rf"{_DOUBLE}|{_SINGLE}", "free"),
    Language("sql mysql postgresql postgres sqlite plsql tsql",
             r"--(?!\S)[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?", rf"{_DOUBLE}|{_SINGLE}", "free"),
    Language("javascript js typescript ts jsx tsx node",
             _SLASHES, rf"`(?:[^`\\]|\\.)*+`?|{_IN_LINE}|'(?:[^'\\\n]|\\.)*+'?", "statements"),
    Language("golang go kotlin kt swift scala dart groovy",
             _SLASHES, rf"{_BLOCK}|`[^`]*+`?|{_IN_LINE}|{_CHARACTER}", "lines"),
    Language("ruby rb bash sh shell zsh perl pl r julia jl elixir ex powershell ps1",
             _HASH, rf"{_DOUBLE}|{_SINGLE}", "lines"),
    Language("lua", r"--\[\[.*?(?:\]\]|\Z)|--[^\n]*+", rf"{_DOUBLE}|{_SINGLE}", "lines"),
    Language("python python3 py yaml yml toml makefile make coffeescript nim",
             _HASH, rf"{_BLOCK}|{_DOUBLE}|{_SINGLE}", "indented"),
    Language("haskell hs elm",
             rf"(?<!{_SYMBOL})--++(?!{_SYMBOL})[^\n]*+|\{{-.*?(?:-\}}|\Z)", _DOUBLE, "indented"),
)  # fmt: skip
"""The languages whose comments are told from their code."""

_BY_NAME = {name: language for language in LANGUAGES for name in language.names.split()}
_OPERATORS = (
    r">>>=|<<=|>>=|===|!==|\*\*=|&&=|\|\|=|\.\.\.|>>>|\+\+|--|->|=>|==|!=|<=|>=|&&|\|\||<<|>>|\*\*|"
    r"[-+*/%&|^~<>:?.]=|::|<-|\?\?|\?\.|\.\.|//|."
)
_TOKENS = {
    language.names: re.compile(
        rf"(?P<comment>{language.comment})|(?P<text>{language.text})"
        rf"|(?P<line>[^\S\n]*+\n\s*+)|(?P<blank>\s++)|\w++|{_OPERATORS}",
        re.DOTALL,
    )
    for language in LANGUAGES
}
_ASKED = re.compile(
    r"(?<![\w+#])(javascript|typescript|java|c\+\+|c#|golang|rust|kotlin|swift|scala|sql|mysql|"
    r"postgresql|haskell|lua|ruby|php|bash|perl)(?![\w+#])",
    re.IGNORECASE,
)
_JUMPS = ("return", "break", "continue", "throw", "yield", "async")
"""Words after which JavaScript ends the statement with the line."""
_STEPS = ("++", "--")


def language_named(tag: str) -> Language | None:
    """The language that a fence's tag names; None for one that is not known."""
    return _BY_NAME.get(tag.lower())


def language_asked_for(question: str) -> Language | None:
    """The language of a program that a question asks for; None where it names none, or several."""
    named = {name.lower() for name in _ASKED.findall(question)}
    return _BY_NAME[named.pop()] if len(named) == 1 else None


def source_form(source: str, language: Language | None) -> tuple[str, ...]:
    """The program's tokens without comments; its lines where the language is not known."""
    source = textwrap.dedent(source).strip("\n")
    if language is None:
        return tuple(stripped for line in source.split("\n") if (stripped := line.rstrip()))
    tokens: list[str] = []
    widths = [0]
    for match in _TOKENS[language.names].finditer(source):
        written = match.group()
        match match.lastgroup:
            case "comment" if not written.startswith("/*") or written.endswith("*/"):
                continue
            case "text":
                written = written.rstrip()
            case "blank":
                written = " " if language.layout in ("lines", "indented") else ""
            case "line":
                if tokens and tokens[-1] == " ":
                    tokens.pop()  # what stood before a comment
                written = _line_end(match, tokens[-1:], language.layout, widths)
        if written:
            tokens.append(written)
    return tuple(tokens)


def _line_end(match: re.Match[str], before: list[str], layout: Layout, widths: list[int]) -> str:
    """What the end of a line stands for, empty where it is layout.

    Args:
        match: the end of the line and the indentation of the next one.
        before: the token before, if there is one.
        widths: those of the indentations that are open, outermost first; brought up to date.
    """
    if layout == "free":
        return ""
    if layout == "statements":
        ends = before and before[0] in (*_JUMPS, *_STEPS)
        return "\n" if ends or match.string.startswith(_STEPS, match.end()) else ""
    if layout == "lines":
        return "\n" if before != ["\n"] else ""
    width = len(match.group().rpartition("\n")[2].expandtabs())
    while widths[-1] > width:
        widths.pop()
    if width > widths[-1]:
        widths.append(width)
    return "\n" + " " * (len(widths) - 1)
