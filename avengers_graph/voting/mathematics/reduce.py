"""Trees in the one form in which they are compared.

An assignment answers its right side (``x = 5`` is 5), an inequality in one symbol its
interval, ``a \\pm b`` both numbers. Several assignments are a tuple over their symbols.
"""

import itertools
import math

from avengers_graph.voting.mathematics.evaluate import NoValueError, exact_value, value_at
from avengers_graph.voting.mathematics.nodes import (
    INFINITY,
    REALS,
    Node,
    children,
    has_symbols,
    is_inequality,
)
from avengers_graph.voting.texts.no_value import no_value

_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def reduced(node: Node, *, ordered: bool = False) -> Node:
    """The tree with assignments, inequalities, plus-minus and bare lists in one form.

    Args:
        ordered: a list without brackets has an order, as a tuple has; else it is a set.
    """
    if node[0] == "relation":
        return _reduced_relation(node, ordered)
    if node[0] == "sequence":
        return _reduced_sequence(node, ordered)
    if node[0] == "union":
        return ("union", tuple(reduced(part, ordered=ordered) for part in node[1]))
    if node[0] == "difference":
        return _reduced_difference(node, ordered)
    if node == ("symbol", "mathbbR"):
        return REALS
    if node[0] == "empty" or (node[0] == "words" and no_value(node[1]) == "no solution"):
        return ("sequence", "{", "}", ())
    if node[0] == "words":
        return ("words", node[1].lower())
    plus, minus = _signed(node, 1), _signed(node, -1)
    return ("sequence", "{", "}", (plus, minus)) if plus != minus else node


def _reduced_sequence(node: Node, ordered: bool) -> Node:
    bare = node[1] == ""
    unordered = node[1] == "{" or (bare and not ordered)
    names = [_assigned_name(part) for part in node[3]]
    if bare and all(names) and len(set(names)) == len(names) > 1:
        # "y = 2, x = 1" is the tuple (1, 2) over its symbols in alphabetical order.
        in_order = sorted(zip(map(str, names), node[3], strict=True), key=lambda pair: pair[0])
        return ("sequence", "(", ")", tuple(reduced(part) for _, part in in_order))
    if bare and all(is_inequality(part) for part in node[3]):
        return _all_hold([reduced(part) for part in node[3]])
    parts: list[Node] = []
    for part in node[3]:
        inner = reduced(part, ordered=ordered)
        expands = unordered and inner[0] == "sequence" and inner[1] == "{"
        if expands and part[0] != "sequence":
            parts.extend(inner[3])
        else:
            parts.append(inner)
    if bare and len(parts) == 1:
        return parts[0]
    if unordered:
        return ("sequence", "{", "}", tuple(parts))
    opening, closing = ("(", ")") if bare else (node[1], node[2])
    if parts and all(part[0] == "sequence" and part[1] in ("(", "[") for part in parts):
        # Rows: a matrix is the same in round and in square brackets.
        return ("sequence", "(", ")", tuple(("sequence", "(", ")", row[3]) for row in parts))
    return ("sequence", opening, closing, tuple(parts))


def _reduced_difference(node: Node, ordered: bool) -> Node:
    """The reals without some numbers are the intervals between these."""
    whole, out = reduced(node[1], ordered=ordered), reduced(node[2], ordered=ordered)
    if whole == REALS and out[0] == "sequence" and out[1] == "{":
        try:
            numbers = sorted(out[3], key=exact_value)
        except NoValueError:
            return ("difference", whole, out)
        return _without(numbers)
    return ("difference", whole, out)


def _without(numbers: list[Node]) -> Node:
    """The union of the intervals between numbers in ascending order."""
    ends = [("negate", INFINITY), *numbers, INFINITY]
    return (
        "union",
        tuple(("sequence", "(", ")", (low, high)) for low, high in itertools.pairwise(ends)),
    )


def _all_hold(parts: list[Node]) -> Node:
    """Inequalities that are listed: the interval that all of them leave, else each by itself.

    "x < 1, x > 2" can only mean that one or the other holds.
    """
    both = parts[0]
    for part in parts[1:]:
        if both[0] != "sequence" or part[0] != "sequence":
            return ("sequence", "{", "}", tuple(parts))
        low = max((both[3][0], both[1]), (part[3][0], part[1]), key=_low_end)
        high = min((both[3][1], both[2]), (part[3][1], part[2]), key=_high_end)
        if _low_end(low)[0] >= _high_end(high)[0]:
            return ("union", tuple(parts))
        both = ("sequence", low[1], high[1], (low[0], high[0]))
    return both


def _low_end(end: tuple[Node, str]) -> tuple[float, bool]:
    return _position(end[0]), end[1] == "("


def _high_end(end: tuple[Node, str]) -> tuple[float, bool]:
    return _position(end[0]), end[1] == "]"


def _position(node: Node) -> float:
    """Where the end of an interval lies on the line of numbers."""
    if node == INFINITY:
        return math.inf
    if node == ("negate", INFINITY):
        return -math.inf
    try:
        return value_at(node, 0).real
    except NoValueError:
        return math.nan


def _assigned_name(node: Node) -> str | None:
    """The symbol that ``x = ...`` gives a value to."""
    if node[0] == "relation" and node[1] == ("=",) and node[2][0][0] == "symbol":
        return str(node[2][0][1])
    return None


def _reduced_relation(node: Node, ordered: bool) -> Node:
    signs, sides = _without_approximations(node[1], node[2])
    if not signs:
        return reduced(sides[0], ordered=ordered)
    if all(sign == "=" for sign in signs):
        if is_name(sides[0]) or len(sides) > 2 or _names_tuple(sides[0], sides[1]):
            return reduced(sides[-1], ordered=ordered)
        if is_name(sides[1]) and not has_symbols(sides[0]):
            return reduced(sides[0], ordered=ordered)
        return ("relation", ("=",), sides)
    if signs == ("in",):
        return reduced(sides[1], ordered=ordered)
    if signs == ("!=",) and sides[0][0] == "symbol" and not has_symbols(sides[1]):
        return _without([sides[1]])
    if all(sign in (">", ">=") for sign in signs):
        mirrored = tuple(_MIRRORED[sign] for sign in reversed(signs))
        return _reduced_relation(("relation", mirrored, tuple(reversed(sides))), ordered)
    if all(sign in ("<", "<=") for sign in signs):
        interval = _interval(signs, sides)
        if interval is not None:
            return interval
    return ("relation", signs, sides)


def _without_approximations(
    signs: tuple[str, ...], sides: tuple[Node, ...]
) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    """``5\\pi \\approx 15.7`` is 5 pi; ``x \\approx 15.7`` says what x is."""
    if "approx" not in signs:
        return signs, sides
    place = signs.index("approx")
    if is_name(sides[place]):
        return (*signs[:place], *("=" for _ in signs[place:])), sides
    return signs[:place], sides[: place + 1]


def _interval(signs: tuple[str, ...], sides: tuple[Node, ...]) -> Node | None:
    """``a < x <= b`` as the interval of x."""
    low: Node = ("negate", INFINITY)
    high: Node = INFINITY
    opening, closing = "(", ")"
    place = next((i for i, side in enumerate(sides) if side[0] == "symbol"), None)
    if place is None or len(sides) > 3 or (len(sides) == 3 and place != 1):
        return None
    if place > 0:
        low, opening = sides[place - 1], "(" if signs[place - 1] == "<" else "["
    if place < len(sides) - 1:
        high, closing = sides[place + 1], ")" if signs[place] == "<" else "]"
    if has_symbols(low) or has_symbols(high):
        return None
    return ("sequence", opening, closing, (low, high))


def is_name(node: Node) -> bool:
    """What a definition has on its left: a symbol, a function of symbols, a figure, words."""
    if node[0] in ("symbol", "words"):
        return True
    if node[0] == "call" and node[1] in ("prime", "overline", "abs", "sin", "cos", "tan"):
        return all(is_name(part) for part in node[2])
    if node[0] == "sequence" and node[1] == "[":
        return len(node[3]) == 1 and _is_figure(node[3][0])
    if node[0] == "multiply" and len(node[1]) == 2:
        first, inner = node[1]
        if first[0] == "power" and first[2][0] == "negate":
            first = first[1]
        if inner[0] == "symbol" and inner[1].startswith(("\\angle", "\\triangle")):
            return bool(first[0] == "symbol")
        names = inner[3] if inner[0] == "sequence" else (inner,)
        function = first[0] == "call" or (first[0] == "symbol" and first[1] in _FUNCTION_NAMES)
        return function and all(name[0] in ("symbol", "number") for name in names)
    return False


_FUNCTION_NAMES = frozenset({"f", "g", "h", "F", "G", "P", "p", "E", "T", "S", "V", "A"})


def _is_figure(node: Node) -> bool:
    return bool(node[0] == "symbol" and node[1].isupper())


def _names_tuple(left: Node, right: Node) -> bool:
    """Whether ``(x, y) = (2, 3)`` says what two symbols are."""
    return bool(
        left[0] == right[0] == "sequence"
        and len(left[3]) == len(right[3])
        and all(part[0] == "symbol" for part in left[3])
    )


def _signed(node: Node, sign: int) -> Node:
    """The tree with every plus-minus taken as plus (1) or minus (-1)."""
    if node[0] == "plus_minus":
        right = _signed(node[2], sign)
        right = right if sign > 0 else ("negate", right)
        return ("add", (_signed(node[1], sign), right))
    if node[0] in ("add", "multiply"):
        return (node[0], tuple(_signed(part, sign) for part in node[1]))
    if node[0] in ("divide", "power"):
        return (node[0], _signed(node[1], sign), _signed(node[2], sign))
    if node[0] == "negate":
        return (node[0], _signed(node[1], sign))
    if node[0] == "quantity":
        return (node[0], _signed(node[1], sign), node[2], node[3])
    return node


def equation_of(node: Node) -> Node | None:
    """An equation that relates symbols, before it is read as an assignment; else None."""
    if node[0] != "relation" or node[1] != ("=",):
        return None
    left, right = node[2]
    assigns = is_name(left) and not (left[0] == "symbol" and has_symbols(right))
    return None if assigns or not has_symbols(left) else node


def shape(node: Node) -> Node:
    """The tree with the operands of sums and products sorted: how a computation is written."""
    if node[0] == "number":
        return ("number", node[1].value)
    if node[0] in ("add", "multiply"):
        return (node[0], *sorted((shape(part) for part in _operands(node)), key=repr))
    return (*(item for item in node if isinstance(item, str)), *map(shape, children(node)))


def _operands(node: Node) -> list[Node]:
    """The terms of a sum or the factors of a product, those in brackets of its own among them."""
    found: list[Node] = []
    for part in node[1]:
        found.extend(_operands(part) if part[0] == node[0] else [part])
    return found
