"""The nodes of an expression tree, and how the parser builds them.

A node is a tuple whose first item names it:

    ("number", Numeral)                  ("symbol", name)         ("infinity",)
    ("add" | "multiply", (a, b, ...))    ("divide" | "power" | "plus_minus", a, b)
    ("negate" | "factorial", a)          ("call", name, (a, ...))
    ("sequence", open, close, (a, ...))  ("relation", (sign, ...), (a, b, ...))
    ("union", (a, ...))                  ("difference", a, b)     ("empty",)
    ("words", text)                      ("quantity", a, words before, words behind)
    ("letters", text): what is no mathematics, and equals itself only
"""

from fractions import Fraction
from typing import Any, TypeAlias

from avengers_graph.voting.mathematics.tokens import MathSyntaxError
from avengers_graph.voting.numbers.numerals import Numeral

Node: TypeAlias = tuple[Any, ...]

INFINITY: Node = ("infinity",)
REALS: Node = ("sequence", "(", ")", (("negate", INFINITY), INFINITY))

FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "asin", "acos"}
    | {"atan", "sinh", "cosh", "tanh", "ln", "lg", "log", "exp", "abs", "max", "min", "gcd", "lcm"}
    | {"floor", "ceil", "det"}
)
INVERSES = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
RELATIONS = {
    "=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=",
    "neq": "!=", "approx": "approx", "in": "in",
}  # fmt: skip
TIMES = frozenset({"cdot", "times", "ast"})
IGNORED = frozenset({"mathrm", "rm", "bf", "it", "therefore"})
CLOSERS = {"(": ")", "[": "]", "\\{": "\\}", "|": "|", "{": "}"}
_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "pi rho sigma tau upsilon phi varphi chi psi omega"
)
SYMBOLS = frozenset(_GREEK.split()) | {name.capitalize() for name in _GREEK.split()} | {"ell"}
"""Commands that are symbols. A command in none of these tables is not read."""
FIGURES = frozenset({"angle", "triangle", "measuredangle"})
"""Commands that make one name of the letters that follow."""


def number_node(text: str) -> Node:
    """A written number, at most 200 digits."""
    if len(text) > 200:
        raise MathSyntaxError("a number of more than 200 digits")
    decimals = len(text) - text.index(".") - 1 if "." in text else None
    return ("number", Numeral(Fraction(text if text[0] != "." else f"0{text}"), False, decimals))


def percent_of(node: Node) -> Node:
    """The node as hundredths."""
    if node[0] == "number":
        numeral: Numeral = node[1]
        decimals = None if numeral.decimals is None else numeral.decimals + 2
        return ("number", Numeral(numeral.value / 100, True, decimals))
    return ("divide", node, ("number", Numeral(Fraction(100))))


def product_of(factors: list[Node]) -> Node:
    """The factors as one node; words beside a value qualify it, as a unit does."""
    first = next((i for i, node in enumerate(factors) if unit_text(node) is None), len(factors))
    last = next((i for i in range(len(factors), 0, -1) if unit_text(factors[i - 1]) is None), first)
    before, values, behind = factors[:first], factors[first:last], factors[last:]
    if not values:
        return factors[0] if len(factors) == 1 else ("words", _joined(factors))
    if any(node[0] == "words" for node in values):
        raise MathSyntaxError("words between factors")
    value = values[0] if len(values) == 1 else ("multiply", tuple(values))
    if not before and not behind:
        return value
    return ("quantity", value, _joined(before), _joined(behind))


def quotient_of(above: Node, below: Node) -> Node:
    """One node over the other; a unit below belongs above: ``5 \\text{m}/\\text{s}``."""
    unit = unit_text(below)
    if unit is None or unit_text(above) is not None:
        return ("divide", above, below)
    if above[0] == "quantity":
        return ("quantity", above[1], above[2], f"{above[3]}/{unit}")
    return ("quantity", above, "", f"/{unit}")


def unit_text(node: Node) -> str | None:
    """The words that a node consists of, with their powers; None for anything with a value."""
    if node[0] == "words":
        return str(node[1])
    if node[0] == "divide":
        above, below = unit_text(node[1]), unit_text(node[2])
        one = node[1][0] == "number" and node[1][1].value == 1
        if below is not None and (above is not None or one):
            return f"{above or ''}/{below}"
    if node[0] == "power" and (base := unit_text(node[1])) is not None:
        sign, exponent = ("-", node[2][1]) if node[2][0] == "negate" else ("", node[2])
        if exponent[0] == "number" and exponent[1].value.denominator == 1:
            return f"{base}^{sign}{exponent[1].value}"
    if node[0] == "multiply":
        parts = [unit_text(part) for part in node[1]]
        return None if None in parts else " ".join(map(str, parts))
    return None


def _joined(words: list[Node]) -> str:
    return " ".join(unit_text(node) or "" for node in words).replace("° ", "°")


def mixed_number(whole: Node, part: Node) -> Node | None:
    """``3\\frac{1}{2}`` is three and a half."""
    if whole[0] != "number" or part[0] != "divide" or whole[1].decimals is not None:
        return None
    top, over = part[1], part[2]
    if top[0] == "number" and over[0] == "number" and top[1].value < over[1].value:
        return ("add", (whole, part))
    return None


def is_inequality(node: Node) -> bool:
    """Whether a relation says where a value lies: ``x < 1``."""
    return node[0] == "relation" and all(sign in ("<", ">", "<=", ">=") for sign in node[1])


def children(node: Node) -> list[Node]:
    """The nodes right below one."""
    found: list[Node] = []
    for item in node[1:]:
        if isinstance(item, tuple) and item:
            found.extend([item] if isinstance(item[0], str) else item)
    return [child for child in found if isinstance(child, tuple) and child]


def has_symbols(node: Node) -> bool:
    """Whether any symbol but the constants stands in the tree."""
    if node[0] == "symbol":
        return node[1] not in ("e", "i", "pi", "\\pi")
    return any(has_symbols(child) for child in children(node))


def calls(node: Node, name: str) -> bool:
    """Whether a function of that name stands in the tree."""
    if node[0] == "call" and node[1] == name:
        return True
    return any(calls(child, name) for child in children(node))
