"""The nodes of an expression tree, and how the parser builds them.

A node is a tuple whose first item names it:

    ("number", Numeral)                  ("symbol", name)         ("infinity",)
    ("add" | "multiply", (a, b, ...))    ("divide" | "power" | "plus_minus", a, b)
    ("negate" | "factorial", a)          ("call", name, (a, ...))
    ("sequence", open, close, (a, ...))  ("relation", (sign, ...), (a, b, ...))
    ("union", (a, ...))                  ("empty",)
"""

from fractions import Fraction
from typing import Any, TypeAlias

from avengers_graph.voting.mathematics.tokens import MathSyntaxError
from avengers_graph.voting.numerals import Numeral

Node: TypeAlias = tuple[Any, ...]

FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "asin", "acos"}
    | {"atan", "sinh", "cosh", "tanh", "ln", "lg", "log", "exp", "abs", "max", "min", "gcd", "lcm"}
)
RELATIONS = {
    "=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=",
    "neq": "!=", "approx": "=", "equiv": "=", "in": "in", "sim": "=",
}  # fmt: skip
TIMES = frozenset({"cdot", "times", "ast"})
IGNORED = frozenset({"mathrm", "rm", "bf", "it", "prime", "therefore", "implies", "dots", "ldots"})
CLOSERS = {"(": ")", "[": "]", "\\{": "\\}", "|": "|", "{": "}"}


UNREAD = frozenset({"int", "iint", "oint", "sum", "prod", "lim", "partial", "nabla", "forall"})


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
    """The factors as one node; a remark in words beside anything else is a unit and drops."""
    kept = [node for node in factors if not (node[0] == "symbol" and node[1].startswith("text "))]
    factors = kept or factors
    return factors[0] if len(factors) == 1 else ("multiply", tuple(factors))


def mixed_number(whole: Node, part: Node) -> Node | None:
    """``3\\frac{1}{2}`` is three and a half."""
    if whole[0] != "number" or part[0] != "divide" or whole[1].decimals is not None:
        return None
    top, over = part[1], part[2]
    if top[0] == "number" and over[0] == "number" and top[1].value < over[1].value:
        return ("add", (whole, part))
    return None
