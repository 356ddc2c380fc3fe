"""LaTeX and plain mathematics as a flat list of tokens."""

import re
from typing import NamedTuple

from avengers_graph.voting.latex import SYMBOLS, WORDS

MAX_LENGTH = 600
"""Longer expressions are not read; they compare by their text."""
MAX_TOKENS = 400


class MathSyntaxError(ValueError):
    """The text is no mathematics that this reader knows."""


class Token(NamedTuple):
    """``type`` is one of number, symbol, command, text, operator."""

    type: str
    text: str


_ROOT = re.compile(r"(?:√|\\sqrt)\s?(\d{2,}(?:\.\d+)?)")
"""A root over all the digits that follow, although TeX itself takes the first alone."""
_DROPPED = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|quad|qquad|,|;|!|:| |>)"
    r"(?![a-zA-Z])|\\(?:phantom|hspace|vspace)\{[^{}]*\}"
)
_DEGREES = re.compile(r"\^\s?\{?\s?\\(?:circ|degree)\s?\}?|\\degree\b|°")
_GROUPED = re.compile(r"(?<![\d.])(\d{1,3})((?:(?:,\\!|,|\{,\}|\\,|\\!|\\;)\d{3})+)(?![\d])")
_SPACED = re.compile(r"(?<![\d.])(\d{1,3})((?: \d{3})+)(?!\d)")
_REPEATING = re.compile(r"(\d+)\.(\d*)\\(?:overline|bar)\s?\{(\d{1,12})\}")
_BASE = re.compile(r"(?<=[0-9A-F])_\{?\s?(?:\d{1,2}|\\text\{\w+\})\s?\}?")

_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|\\begin\{(?P<begin>[a-z]*matrix|array|cases)\}(?:\{[lcr| ]*\})?"
    r"|\\end\{(?P<end>[a-z]*matrix|array|cases)\}"
    r"|(?P<row>\\\\)"
    r"|\\(?P<command>[a-zA-Z]+|[{}|%$#&])"
    r"|\x00(?P<text>[^\x00]*)\x00"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<operator>\*\*|<=|>=|!=|[-+*/^_=<>(){}\[\],;|!&:'%])"
    r"|(?P<space>\s+)"
)

_UNICODE = {
    "−": "-", "–": "-", "·": "*", "⋅": "*", "×": "*", "∗": "*", "÷": "/", "⁄": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "∞": "\\infty ", "π": "\\pi ", "√": "\\sqrt ",
    "±": "\\pm ", "∪": "\\cup ", "∩": "\\cap ", "∅": "\\emptyset ", "∈": "\\in ",
    "²": "^{2}", "³": "^{3}", "∖": "\\setminus ", "′": "'", "’": "'",
    "½": "(1/2)", "⅓": "(1/3)", "¼": "(1/4)", "¾": "(3/4)", "⅔": "(2/3)",
}  # fmt: skip
_TRANSLATION = str.maketrans(_UNICODE)

_JOINING = re.compile(r"^\s*,\s*$|\b(?:or|and)\b", re.IGNORECASE)
"""Words that separate answers: ``12\\text{ apples and }3``."""
_NAMES = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh"}
    | {
        "tanh",
        "log",
        "ln",
        "lg",
        "exp",
        "sqrt",
        "abs",
        "max",
        "min",
        "gcd",
        "lcm",
        "pi",
        "infinity",
    }
    | {"asin", "acos", "atan", "alpha", "beta", "gamma", "theta", "lambda", "sigma", "omega", "phi"}
)
_NAME = re.compile("|".join(sorted(_NAMES, key=len, reverse=True)))


def tokenize(source: str) -> list[Token]:
    """Split an expression into tokens.

    Raises:
        MathSyntaxError: it is longer than ``MAX_LENGTH``, or holds characters that no
            expression does.
    """
    if len(source) > MAX_LENGTH:
        raise MathSyntaxError(f"an expression of {len(source)} characters is not read")
    text = _clean(source)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise MathSyntaxError(f"unexpected {text[position]!r} in {source[:60]!r}")
        position = match.end()
        group, content = str(match.lastgroup), match.group(str(match.lastgroup))
        if group == "word":
            tokens.extend(_word(content))
        elif group in ("begin", "end", "row"):
            tokens.append(Token("operator", f"\\{group}"))
        elif group == "command" and content in "{}|%$#&":
            if content not in "$#":
                tokens.append(Token("operator", "%" if content == "%" else f"\\{content}"))
        elif group == "text" and _JOINING.search(content):
            tokens.append(Token("operator", ","))
        elif group == "text" and not content.strip():
            continue
        elif group != "space":
            tokens.append(Token(group, content))
        if len(tokens) > MAX_TOKENS:
            raise MathSyntaxError(f"more than {MAX_TOKENS} tokens")
    return tokens


def _clean(source: str) -> str:
    text = _ROOT.sub(r"\\sqrt{\1}", source).translate(_TRANSLATION).replace("\x00", "")
    text = text.replace("$", " ").replace("\\(", " ").replace("\\)", " ").replace("~", " ")
    text = _GROUPED.sub(_grouped, text)
    text = _SPACED.sub(lambda m: m[1] + m[2].replace(" ", ""), text)
    text = _REPEATING.sub(_repeating, text)
    text = _DEGREES.sub(" ", text)
    text = _BASE.sub("", text)
    text = WORDS.sub(lambda m: f"\x00{m[1]}\x00", text)
    text = SYMBOLS.sub(lambda m: m[1] if len(m[1]) < 3 else f"\x00{m[1]}\x00", text)
    text = _DROPPED.sub(" ", text)
    text = re.sub(r"\\[dtc]frac(?![a-zA-Z])", r"\\frac", text)
    return text.strip().rstrip(".;,").strip()


def _grouped(match: re.Match[str]) -> str:
    """``12,500`` as one number, but ``(12,500)`` and ``5, 12,500`` as what they list."""
    before = match.string[: match.start()].rstrip()
    if before and before[-1] in "([{,;":
        return match.group()
    return match[1] + re.sub(r"\D", "", match[2])


def _repeating(match: re.Match[str]) -> str:
    """``0.1\\overline{6}`` as the fraction it is."""
    whole, fixed, period = match[1], match[2][:30], match[3]
    scale, cycle = 10 ** len(fixed), 10 ** len(period) - 1
    top = int((whole + fixed) or "0") * cycle + int(period)
    return f"({top}/{scale * cycle})"


def _word(word: str) -> list[Token]:
    """A run of letters: function names, ``and``/``or``, else one symbol a letter."""
    if word.lower() in ("or", "and"):
        return [Token("operator", ",")]
    if len(word) > 4 and not _NAME.match(word):
        return [Token("text", word)]
    tokens: list[Token] = []
    position = 0
    while position < len(word):
        name = _NAME.match(word, position)
        if name:
            tokens.append(Token("command", name.group()))
            position = name.end()
        else:
            tokens.append(Token("symbol", word[position]))
            position += 1
    return tokens
