"""LaTeX commands that say how their content looks, not what it is."""

import re
from collections.abc import Iterator

_WORDS = "text|textbf|textit|textrm|textsf|texttt|textnormal|textup|mbox|hbox"
_STYLES = r"mathrm|mathbf|mathit|mathsf|boldsymbol|bm|rm|bf|operatorname\*?"

DRESSED = re.compile(rf"\\(?:{_WORDS}|{_STYLES})\s?\{{([^{{}}]*)\}}")
"""Any of them around its content, group 1: ``\\text{Paris}``, ``\\mathbf{B}``."""

# Inside a formula the two differ: \\text{m} is a unit, \\mathrm{m} and \\vec{m} are the symbol m.
WORDS = re.compile(rf"\\(?:{_WORDS})\s?\{{([^{{}}]*)\}}")
"""Words within a formula."""
SYMBOLS = re.compile(rf"\\(?:{_STYLES}|vec|hat)\s?\{{([^{{}}]*)\}}")
"""A symbol or the name of a function in another face."""

_DISPLAYED = re.compile(
    r"\$\$([^$]{1,600})\$\$|\$([^$\n]{1,400})\$|\\\[(.{1,600}?)\\\]|\\\((.{1,400}?)\\\)", re.DOTALL
)
_DISPLAY_WINDOW = 4_000
MAX_DISPLAYED = 12


def displayed(text: str) -> Iterator[str]:
    """Contents of the formulas that a text sets off by dollars or brackets, last one first."""
    for match in list(_DISPLAYED.finditer(text[-_DISPLAY_WINDOW:]))[: -MAX_DISPLAYED - 1 : -1]:
        yield next(group for group in match.groups() if group is not None)


def undisplayed(content: str) -> str:
    """A formula without the dollars around it; a single dollar is money."""
    content = content.strip()
    while len(content) > 1 and content[0] == content[-1] == "$" and content[-2] != "\\":
        content = content[1:-1].strip()
    return content


def without_layout(content: str) -> str:
    """A formula as written, without the commands that only lay it out."""
    text = re.sub(r"\\(?:(?:left|right|displaystyle)(?![a-zA-Z])|[,;!: ])", " ", content)
    return re.sub(r"\s+", " ", re.sub(r"\\[dt]frac", r"\\frac", text)).strip()


_SIGNS = {
    "¬": r"neg|lnot|sim", "∧": r"land|wedge", "∨": r"lor|vee", "→": r"rightarrow|to|implies|"
    r"Rightarrow|longrightarrow|Longrightarrow|supset", "↔": r"leftrightarrow|iff|Leftrightarrow|"
    r"longleftrightarrow|Longleftrightarrow|equiv", "⊕": "oplus", "∀": "forall", "∃": "exists",
    "∩": "cap", "∪": "cup", "⊂": "subset", "⊆": "subseteq", "∈": "in", "⊥": "bot|perp",
    "⊤": "top", "·": "cdot|times", "∫": "int", "∑": "sum", "∏": "prod", "∞": "infty",
    "≤": "le|leq|leqslant", "≥": "ge|geq|geqslant", "≠": "ne|neq",
}  # fmt: skip
_SIGN_COMMAND = re.compile(
    "|".join(rf"(?P<s{i}>\\(?:{names})(?![a-zA-Z]))" for i, names in enumerate(_SIGNS.values()))
)
_OTHER_SIGNS = str.maketrans({"⇒": "→", "⟹": "→", "⟶": "→", "⇔": "↔", "⟺": "↔", "×": "·", "~": "¬"})
_ARROWS = (("<->", "↔"), ("<=>", "↔"), ("->", "→"), ("=>", "→"), ("&&", "∧"), ("||", "∨"),
           ("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("=/=", "≠"))  # fmt: skip


def plain_signs(content: str) -> str:
    """Operators of logic, sets and calculus in one spelling each: ``\\to``, ``->`` and ``⇒``."""
    text = without_layout(content)
    text = _SIGN_COMMAND.sub(lambda m: list(_SIGNS)[int(str(m.lastgroup)[1:])], text)
    for spelled, sign in _ARROWS:
        text = text.replace(spelled, sign)
    return text.translate(_OTHER_SIGNS)
