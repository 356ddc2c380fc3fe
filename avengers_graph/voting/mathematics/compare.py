"""When two pieces of mathematics are the same answer.

An assignment answers its right side (``x = 5`` is 5), an inequality in one symbol its
interval, ``a \\pm b`` both numbers. Sets and bare lists have no order, tuples, intervals and
matrices have. Equations other than assignments are the same when one is a multiple of the
other.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from avengers_graph.voting.mathematics.evaluate import (
    POINTS,
    NoValueError,
    exact_value,
    value_at,
)
from avengers_graph.voting.mathematics.nodes import Node
from avengers_graph.voting.mathematics.parse import parse_math
from avengers_graph.voting.mathematics.tokens import MathSyntaxError
from avengers_graph.voting.numerals import Numeral, rounds_to
from avengers_graph.voting.units import NO_UNIT

_TOLERANCE = 1e-9
"""Relative difference below which floating-point values are equal."""
MAX_UNORDERED = 64
"""Larger sets are compared in order only: matching them is quadratic."""


class Reading:
    """One expression with what comparing needs of it, each worked out at most once."""

    __slots__ = ("_points", "exact", "node", "scalar", "unit")

    def __init__(self, node: Node) -> None:
        self.node = _reduced(node)
        """The tree in the one form in which trees are compared."""
        self.scalar = self.node[0] not in ("sequence", "union", "relation")
        self.exact = _exact_or_none(self.node) if self.scalar else None
        """The rational value, if there is one."""
        self.unit = NO_UNIT
        self._points: list[complex | None] | None = None

    @property
    def points(self) -> list[complex | None]:
        """The values at the fixed points; None where there is none."""
        if self._points is None:
            self._points = [_point_or_none(self.node, point) for point in range(POINTS)]
        return self._points


@lru_cache(maxsize=4096)
def read_expression(source: str) -> Reading | None:
    """An expression, read; None when the reader does not know it."""
    try:
        return Reading(parse_math(source))
    except (MathSyntaxError, RecursionError):
        return None


def same_reading(a: Reading, b: Reading) -> bool:
    """Whether two expressions say the same."""
    if a.scalar and b.scalar:
        return same_scalars(a, b)
    return _same(a.node, b.node)


def _same(a: Node, b: Node) -> bool:
    if a == b:
        return True
    if a[0] == "sequence" or b[0] == "sequence":
        return _same_sequences(_as_sequence(a), _as_sequence(b))
    if a[0] == "union" or b[0] == "union":
        return bool(a[0] == b[0]) and _same_unordered(a[1], b[1])
    if a[0] == "relation" or b[0] == "relation":
        return bool(a[0] == b[0]) and _same_relations(a, b)
    return same_scalars(Reading(a), Reading(b))


def _as_sequence(node: Node) -> Node:
    """A lone value is the set of itself."""
    return node if node[0] == "sequence" else ("sequence", "{", "}", (node,))


def _same_sequences(a: Node, b: Node) -> bool:
    if len(a[3]) != len(b[3]) or (a[1] or "{", a[2] or "}") != (b[1] or "{", b[2] or "}"):
        return False
    if (a[1] or "{") == "{":
        return _same_unordered(a[3], b[3])
    return all(_same(first, second) for first, second in zip(a[3], b[3], strict=True))


def _same_unordered(a: Sequence[Node], b: Sequence[Node]) -> bool:
    if len(a) != len(b):
        return False
    if len(a) > MAX_UNORDERED:
        return all(_same(first, second) for first, second in zip(a, b, strict=True))
    left = list(b)
    for item in a:
        partner = next((other for other in left if _same(item, other)), None)
        if partner is None:
            return False
        left.remove(partner)
    return True


def _same_relations(a: Node, b: Node) -> bool:
    if a[1] != b[1] or len(a[1]) != 1:
        return bool(a[1] == b[1]) and all(_same(x, y) for x, y in zip(a[2], b[2], strict=True))
    first: Node = ("add", (a[2][0], ("negate", a[2][1])))
    second: Node = ("add", (b[2][0], ("negate", b[2][1])))
    ratios = []
    for point in range(POINTS):
        try:
            ratios.append(value_at(first, point) / value_at(second, point))
        except (NoValueError, ZeroDivisionError):
            return False
    if a[1][0] != "=" and not all(ratio.real > 0 for ratio in ratios):
        return False
    return all(_close(ratio, ratios[0]) for ratio in ratios)


def same_scalars(a: Reading, b: Reading) -> bool:
    """Equal exactly, equal at every point, or one the other rounded."""
    if _infinite(a.node) or _infinite(b.node):
        return a.node == b.node
    if a.exact is not None and b.exact is not None:
        return a.exact == b.exact or _rounded(a, b) or _rounded(b, a)
    seen = 0
    for first, second in zip(a.points, b.points, strict=True):
        if first is None and second is None:
            continue
        if first is None or second is None:
            return False
        if not _close(first, second):
            return _rounded(a, b) or _rounded(b, a)
        seen += 1
    return seen > 0 or a.node == b.node


def _rounded(written: Reading, other: Reading) -> bool:
    """Whether a written decimal is the constant ``other``, rounded."""
    numeral = literal(written.node)
    if numeral is None or numeral.decimals is None:
        return False
    if other.exact is not None:
        return rounds_to(numeral, literal(other.node) or Numeral(other.exact, fraction=True))
    value = other.points[0]
    if value is None or abs(value.imag) > _TOLERANCE or has_symbols(other.node):
        return False
    return rounds_to(numeral, Numeral(Fraction(value.real)))


def literal(node: Node) -> Numeral | None:
    """The number a node is as written, signed; None when it is computed."""
    if node[0] == "number":
        numeral: Numeral = node[1]
        return numeral
    if node[0] == "negate" and (inner := literal(node[1])) is not None:
        return Numeral(-inner.value, inner.percent, inner.decimals, inner.fraction)
    return None


def _exact_or_none(node: Node) -> Fraction | None:
    try:
        return exact_value(node)
    except NoValueError:
        return None


def _point_or_none(node: Node, point: int) -> complex | None:
    try:
        return value_at(node, point)
    except NoValueError:
        return None


def _close(a: complex, b: complex) -> bool:
    return bool(abs(a - b) <= _TOLERANCE * max(1e-3, abs(a), abs(b)))


def _infinite(node: Node) -> bool:
    return "infinity" in (node[0], node[1][0] if node[0] == "negate" else None)


def has_symbols(node: Node) -> bool:
    """Whether any symbol but the constants stands in the tree."""
    if node[0] == "symbol":
        return node[1] not in ("e", "i", "pi", "\\pi")
    return any(
        has_symbols(part)
        for item in node[1:]
        for part in (
            item if isinstance(item, tuple) and item and isinstance(item[0], tuple) else [item]
        )
        if isinstance(part, tuple) and part and isinstance(part[0], str)
    )


def _reduced(node: Node) -> Node:
    """The tree with assignments, inequalities, plus-minus and bare lists in one form."""
    if node[0] == "relation":
        return _reduced_relation(node)
    if node[0] == "sequence":
        return _reduced_sequence(node)
    if node[0] == "union":
        return ("union", tuple(_reduced(part) for part in node[1]))
    if node == ("symbol", "mathbbR"):
        return ("sequence", "(", ")", (("negate", ("infinity",)), ("infinity",)))
    if node[0] == "empty":
        return ("sequence", "{", "}", ())
    plus, minus = _signed(node, 1), _signed(node, -1)
    return ("sequence", "{", "}", (plus, minus)) if plus != minus else node


def _reduced_sequence(node: Node) -> Node:
    unordered = (node[1] or "{") == "{"
    names = [_assigned_name(part) for part in node[3]]
    if node[1] == "" and all(names) and len(set(names)) == len(names) > 1:
        # "y = 2, x = 1" is the tuple (1, 2) over its symbols in alphabetical order.
        ordered = sorted(zip(map(str, names), node[3], strict=True), key=lambda pair: pair[0])
        return ("sequence", "(", ")", tuple(_reduced(part) for _, part in ordered))
    if node[1] == "" and all(_is_inequality(part) for part in node[3]):
        # "x < 1 or x > 2": where the intervals of one symbol are joined.
        return ("union", tuple(_reduced(part) for part in node[3]))
    parts: list[Node] = []
    for part in node[3]:
        reduced = _reduced(part)
        expands = unordered and reduced[0] == "sequence" and reduced[1] == "{"
        if expands and part[0] != "sequence":
            parts.extend(reduced[3])
        else:
            parts.append(reduced)
    if unordered and len(parts) == 1 and node[1] == "":
        return parts[0]
    if unordered:
        return ("sequence", "{", "}", tuple(parts))
    if parts and all(part[0] == "sequence" and part[1] in ("(", "[") for part in parts):
        # Rows: a matrix is the same in round and in square brackets.
        return ("sequence", "(", ")", tuple(("sequence", "(", ")", row[3]) for row in parts))
    return (*node[:3], tuple(parts))


def _is_inequality(node: Node) -> bool:
    return node[0] == "relation" and all(sign in ("<", ">", "<=", ">=") for sign in node[1])


def _assigned_name(node: Node) -> str | None:
    """The symbol that ``x = ...`` gives a value to."""
    if node[0] == "relation" and node[1] == ("=",) and node[2][0][0] == "symbol":
        return str(node[2][0][1])
    return None


def _reduced_relation(node: Node) -> Node:
    signs, sides = node[1], node[2]
    if all(sign == "=" for sign in signs):
        if _is_name(sides[0]):
            return _reduced(sides[-1])
        if len(sides) == 2 and _is_name(sides[1]) and not has_symbols(sides[0]):
            return _reduced(sides[0])
        if len(sides) > 2:
            return _reduced(sides[-1])
        return ("relation", ("=",), sides)
    if signs == ("in",):
        return _reduced(sides[1])
    if all(sign in (">", ">=") for sign in signs):
        mirrored = tuple({">": "<", ">=": "<="}[sign] for sign in reversed(signs))
        return _reduced_relation(("relation", mirrored, tuple(reversed(sides))))
    if all(sign in ("<", "<=") for sign in signs):
        interval = _interval(signs, sides)
        if interval is not None:
            return interval
    return ("relation", signs, sides)


def _interval(signs: tuple[str, ...], sides: tuple[Node, ...]) -> Node | None:
    """``a < x <= b`` as the interval of x."""
    low: Node = ("negate", ("infinity",))
    high: Node = ("infinity",)
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


def _is_name(node: Node) -> bool:
    """A symbol, or a function of symbols: what a definition has on its left."""
    if node[0] == "symbol":
        return True
    if node[0] == "call" and node[1] in ("prime", "overline"):
        return _is_name(node[2][0])
    if node[0] == "multiply" and len(node[1]) == 2 and node[1][0][0] in ("symbol", "call"):
        inner = node[1][1]
        names = inner[3] if inner[0] == "sequence" else (inner,)
        function = node[1][0][0] == "call" or node[1][0][1] in ("f", "g", "h", "F", "G", "P", "p")
        return function and all(name[0] in ("symbol", "number") for name in names)
    return False


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
    return node
