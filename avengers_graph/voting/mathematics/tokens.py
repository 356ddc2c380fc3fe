"""LaTeX and plain mathematics as a flat list of tokens."""

import itertools
import re
from typing import NamedTuple

from avengers_graph.voting.mathematics.latex import SYMBOLS, WORDS
from avengers_graph.voting.numbers.numerals import repeating_as_fractions
from avengers_graph.voting.numbers.units import measure_of

MAX_LENGTH = 600
"""Longer expressions are not read; they compare by their text."""
MAX_TOKENS = 400


class MathSyntaxError(ValueError):
    """The text is no mathematics that this reader knows."""


class Token(NamedTuple):
    """``type`` is one of number, symbol, command, text, operator."""

    type: str
    text: str


_DROPPED = re.compile(
    r"(?P<row>\\\\)|\\(?:(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|"
    r"quad|qquad)(?![a-zA-Z])|[,;!: >])|\\(?:phantom|hspace|vspace)\{[^{}]*\}|\\hline(?![a-z])"
)
"""Layout; a row end is no space, though it begins as one: ``1 \\\\ 2``."""
_DEGREES = re.compile(r"\^\s?\{?\s?\\(?:circ|degree)\s?\}?|\\degree\b|°")
_GROUPED = re.compile(
    r"(?<![\d.])(\d{1,3})((?:(?:,\\!\s?|,|\{,\}(?:\\!)?|\\,|\\!|\\;|\\ )\d{3})+)(?![\d])"
)
_DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)")
_SPACED = re.compile(r"(?<![\d.])(\d{1,3})((?: \d{3})+)(?!\d)")
_BASE = re.compile(r"(?<=[0-9A-F])_\s?(?:\{\s?(\d{1,2})\s?\}|(\d{1,2})|\\text\{(\w+)\}|"
                   r"\{\s?\\text\{(\w+)\}\s?\})")  # fmt: skip
_ROOT = re.compile(r"(?:√|\\sqrt)\s?(\d{2,}(?:\.\d+)?)")
"""A root over all the digits that follow, although TeX itself takes the first alone."""
_HIGHER_ROOT = re.compile(r"([∛∜])\s?(\d+(?:\.\d+)?|[A-Za-z]|\([^()]*\))")
_DEGREE_OF = {"∛": 3, "∜": 4}
_UNEQUAL = re.compile(r"=/=|\\not\s?=")
_BUILDER = re.compile(
    r"(\\\{\s*[a-zA-Z](?:\s*\\in\s*(?:\\mathbb\s*\{?\s*R\s*\}?|R))?\s*)(?::|\||\\vert(?![a-z]))"
)
"""``\\{x : ...\\}``, where the colon divides nothing."""

_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|\\begin\{(?P<begin>[a-z]*matrix|Bmatrix|array|cases)\}(?:\{[lcr| ]*\})?"
    r"|\\end\{(?P<end>[a-z]*matrix|Bmatrix|array|cases)\}"
    r"|(?P<row>\\\\)"
    r"|\\(?P<command>[a-zA-Z]+|[{}|%$#&])"
    r"|\x00(?P<text>[^\x00]*)\x00"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<operator>\*\*|<=|>=|!=|[-+*/^_=<>(){}\[\],;|!&:'%])"
    r"|(?P<space>\s+)"
)

_UNICODE = {
    "−": "-", "–": "-", "·": "*", "⋅": "*", "×": "*", "∗": "*", "÷": "/", "⁄": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "\\approx ", "∞": "\\infty ", "π": "\\pi ",
    "√": "\\sqrt ", "±": "\\pm ", "∪": "\\cup ", "∅": "\\emptyset ", "∈": "\\in ",
    "∖": "\\setminus ", "′": "'", "’": "'", "ℝ": "\\mathbb{R}", "∠": "\\angle ",
    "½": "(1/2)", "⅓": "(1/3)", "¼": "(1/4)", "¾": "(3/4)", "⅔": "(2/3)",
    "⟨": "(", "⟩": ")", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "⌈": "\\lceil ", "⌉": "\\rceil ",
    "θ": "\\theta ", "α": "\\alpha ", "β": "\\beta ", "γ": "\\gamma ", "λ": "\\lambda ",
    "μ": "\\mu ", "σ": "\\sigma ", "φ": "\\phi ", "ω": "\\omega ",
}  # fmt: skip
_TRANSLATION = str.maketrans(_UNICODE)
_POWERS = re.compile(r"⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_POWER_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_SPELLINGS = {
    "lvert": "|", "rvert": "|", "vert": "|", "lVert": "|", "rVert": "|", "Vert": "|",
    "langle": "(", "rangle": ")", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[", "rbrack": "]",
    "lparen": "(", "rparen": ")", "backslash": "\\setminus ", "colon": ":", "mid": "\\mid ",
    "cfrac": "\\frac", "dfrac": "\\frac", "tfrac": "\\frac", "lt": "<", "gt": ">",
}  # fmt: skip
_SPELLING = re.compile(rf"\\({'|'.join(_SPELLINGS)})(?![a-zA-Z])")

_SEPARATORS = {",": ",", ";": ",", "and": ",", "or": "\\or"}
_SEPARATOR = re.compile(r"([,;]|\b(?:or|and)\b)", re.IGNORECASE)
_REMARK = re.compile(r"\s*,?\s*(?:where|if|for|when|since|because|such that|with)\b", re.IGNORECASE)
"""Words that begin a remark, which ends the answer."""
_FUNCTIONS_AND_SYMBOLS = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp sqrt abs max min "
    "gcd lcm pi infinity asin acos atan alpha beta gamma theta lambda sigma omega phi floor ceil"
)
_NAMES = frozenset(_FUNCTIONS_AND_SYMBOLS.split())
_NAME = re.compile("|".join(sorted(_NAMES, key=len, reverse=True)))
_TWO_LETTERS = "am an as at be by do go he hi if in is it me my no of oh ok on so to up us we"
_SHORT_WORDS = frozenset(_TWO_LETTERS.split())
_VOWEL = re.compile(r"[aeiou]")


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
    environments = 0
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise MathSyntaxError(f"unexpected {text[position]!r} in {source[:60]!r}")
        position = match.end()
        group, content = str(match.lastgroup), match.group(str(match.lastgroup))
        if group == "text" and _REMARK.match(content) and tokens and not environments:
            break
        if group in ("begin", "end", "row"):
            environments += {"begin": 1, "end": -1}.get(group, 0)
            tokens.append(Token("operator", f"\\{group}"))
            if group == "begin" and content == "vmatrix":
                tokens.insert(-1, Token("command", "det"))
        else:
            tokens.extend(_tokens_of(group, content, tokens[-1] if tokens else None))
        if len(tokens) > MAX_TOKENS:
            raise MathSyntaxError(f"more than {MAX_TOKENS} tokens")
    return tokens


def _tokens_of(group: str, content: str, before: Token | None) -> list[Token]:
    """The tokens of one piece of text, which mostly is one."""
    if group == "space":
        return []
    if group == "word":
        return word_tokens(content)
    if group == "command" and content in "{}|%$#&":
        sign = {"%": "%", "|": "|"}.get(content, f"\\{content}")
        return [] if content in "$#" else [Token("operator", sign)]
    if group == "text":
        return _text_tokens(content, before)
    return [Token(group, content)]


def _text_tokens(content: str, before: Token | None) -> list[Token]:
    """Words, and what separates answers among them: ``12\\text{ apples and }3``."""
    tokens: list[Token] = []
    for piece in _SEPARATOR.split(content):
        words = " ".join(piece.split()).strip(" .")
        separator = _SEPARATORS.get(words.lower())
        if separator is not None:
            if tokens or before is not None:
                tokens.append(Token("operator", separator))
        elif words:
            tokens.append(Token("text", words))
    return tokens


def _clean(source: str) -> str:
    if re.search(r"~\s?[A-Za-z(\\]", source) and re.search(r"(?:^|[(\s∧∨→&|>])~", source):
        raise MathSyntaxError("a tilde that negates")
    text = _ROOT.sub(r"\\sqrt{\1}", source).replace("\x00", "")
    text = _UNEQUAL.sub(r"\\ne ", text)
    if not text.isascii():
        text = _HIGHER_ROOT.sub(lambda m: f"\\sqrt[{_DEGREE_OF[m[1]]}]{{{m[2]}}}", text)
        text = _POWERS.sub(lambda m: f"^{{{m.group().translate(_POWER_DIGITS)}}}", text)
        text = text.translate(_TRANSLATION)
    text = text.replace("$", " ").replace("\\(", " ").replace("\\)", " ").replace("~", " ")
    text = _GROUPED.sub(_grouped, text)
    text = _DECIMAL_COMMA.sub(".", text)
    text = _SPACED.sub(lambda m: m[1] + m[2].replace(" ", ""), text)
    text = repeating_as_fractions(text, "({}/{})")
    text = _DEGREES.sub("\x00°\x00", text)
    text = _BASE.sub(lambda m: f"\x00_{m[1] or m[2] or m[3] or m[4]}\x00", text)
    text = WORDS.sub(lambda m: f"\x00{m[1]}\x00", text)
    text = SYMBOLS.sub(_face, text)
    text = _DROPPED.sub(lambda m: m["row"] or " ", text)
    text = _SPELLING.sub(lambda m: _SPELLINGS[m[1]], text)
    text = _BUILDER.sub(r"\1\\mid ", text)
    return text.strip().rstrip(".;,").strip()


def _face(match: re.Match[str]) -> str:
    """``\\mathrm{m}`` is a symbol, ``\\mathrm{cm}`` a unit, ``\\mathrm{even}`` a word."""
    content = match[1].strip()
    symbol = len(content) < 2 or (len(content) == 2 and measure_of(content) is None)
    return content if symbol else f"\x00{content}\x00"


def _grouped(match: re.Match[str]) -> str:
    """``12,500`` as one number, but ``(12,500)`` and ``5, 12,500`` as what they list."""
    before = match.string[: match.start()].rstrip()
    if before and before[-1] in "([{,;" and "\\!" not in match[2]:
        return match.group()
    return match[1] + re.sub(r"\D", "", match[2])


def word_tokens(word: str) -> list[Token]:
    """A run of letters: function names, ``and``/``or``, a product of symbols, a name, or words."""
    if word.lower() in ("or", "and"):
        return [Token("operator", "\\or" if word.lower() == "or" else ",")]
    if len(word) == 1:
        return [Token("symbol", word)]
    name = _NAME.match(word)
    if name is None:
        if word.isupper():
            return [Token("symbol", word)]
        if is_product(word):
            return [Token("symbol", letter) for letter in word]
        if len(word) > 5 or not (late := _NAME.search(word)) or _VOWEL.search(word[: late.start()]):
            return [Token("text", word if measure_of(word) else word.lower())]
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


def is_product(word: str) -> bool:
    """Whether a run of letters is symbols side by side, and no word: ``xy``, ``abc``, ``mg``."""
    if len(word) > 4 or measure_of(word) is not None:
        return False
    if len(word) == 2:
        return word.lower() not in _SHORT_WORDS
    alphabetical = all(ord(b) - ord(a) == 1 for a, b in itertools.pairwise(word))
    return alphabetical or _VOWEL.search(word.lower()) is None
