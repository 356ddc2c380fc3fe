"""When two pieces of mathematics are the same answer.

Sets and bare lists have no order, tuples, intervals and matrices have. Equations other than
assignments are the same when one is a multiple of the other; equations without symbols, when they
are written alike but for the order of their terms. Words equal themselves only.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from avengers_graph.voting.mathematics.evaluate import (
    POINTS,
    SIDES,
    NoValueError,
    exact_value,
    value_at,
)
from avengers_graph.voting.mathematics.nodes import Node, calls, has_symbols
from avengers_graph.voting.mathematics.parse import parse_math
from avengers_graph.voting.mathematics.reduce import equation_of, reduced, shape
from avengers_graph.voting.mathematics.tokens import MathSyntaxError
from avengers_graph.voting.numbers.numerals import Numeral, rounds_to
from avengers_graph.voting.numbers.units import NO_UNIT, Unit, bound_of, read_unit

_TOLERANCE = 1e-9
"""Relative difference below which floating-point values are equal."""
MAX_UNORDERED = 64
"""Larger sets are compared in order only: matching them is quadratic."""


class Reading:
    """One expression with what comparing needs of it, each worked out at most once."""

    __slots__ = ("_points", "equation", "exact", "node", "scalar", "title", "unit", "words")

    def __init__(self, node: Node, *, ordered: bool = False) -> None:
        self.equation = equation_of(node)
        """What relates several symbols, also where it reads as an assignment: ``y = 2x``."""
        node = reduced(node, ordered=ordered)
        self.title = self.words = ""
        self.unit = NO_UNIT
        """What is measured."""
        if node[0] == "quantity":
            _, node, self.title, self.words = node
            self.unit = _unit_of(self.title, self.words)
        elif node[0] == "number":
            self.unit = node[1].unit
        self.node = node
        """The tree in the one form in which trees are compared."""
        self.scalar = self.node[0] not in ("sequence", "union", "relation", "difference")
        self.exact = _exact_or_none(self.node) if self.scalar else None
        """The rational value, if there is one."""
        self._points: list[complex | None] | None = None

    @property
    def points(self) -> list[complex | None]:
        """The values at the fixed points; None where there is none."""
        if self._points is None:
            self._points = [_point_or_none(self.node, point) for point in range(POINTS)]
        return self._points


def _unit_of(title: str, words: str) -> Unit:
    unit = read_unit(words) or NO_UNIT
    return Unit(unit.measure, bound_of(title) or unit.sense) if title else unit


@lru_cache(maxsize=4096)
def read_expression(source: str, *, ordered: bool = False) -> Reading | None:
    """An expression, read; None when the reader does not know it.

    Args:
        ordered: a list without brackets has an order, as a tuple has; else it is a set.
    """
    try:
        return Reading(parse_math(source), ordered=ordered)
    except (MathSyntaxError, RecursionError):
        return None


def same_computation(a: Reading, b: Reading) -> bool:
    """Whether two expressions are written alike but for the order of terms and factors."""
    return shape(a.node) == shape(b.node)


def relates_symbols(source: str) -> bool:
    """Whether an equation gives no value to a name: ``x^2 + y^2 = 4``."""
    reading = read_expression(source)
    return reading is not None and reading.node[0] == "relation" and has_symbols(reading.node)


def same_reading(a: Reading, b: Reading) -> bool:
    """Whether two expressions say the same."""
    alike = same_scalars(a, b) if a.scalar and b.scalar else _same(a.node, b.node)
    if alike or a.equation is None or b.equation is None:
        return alike
    return _same_relations(a.equation, b.equation)


def _same(a: Node, b: Node) -> bool:
    if a == b:
        return True
    if a[0] == "sequence" or b[0] == "sequence":
        return _same_sequences(_as_sequence(a), _as_sequence(b))
    if a[0] == "union" or b[0] == "union":
        return bool(a[0] == b[0]) and _same_unordered(a[1], b[1])
    if a[0] == "difference" or b[0] == "difference":
        return bool(a[0] == b[0]) and _same(a[1], b[1]) and _same(a[2], b[2])
    if a[0] == "relation" or b[0] == "relation":
        return bool(a[0] == b[0]) and _same_relations(a, b)
    first, second = Reading(a), Reading(b)
    return _same_things(first, second) and same_scalars(first, second)


def _same_things(a: Reading, b: Reading) -> bool:
    """Whether two items of a list may count the same thing: 12 apples are no 12 pears."""
    if not a.words or not b.words or a.unit != NO_UNIT or b.unit != NO_UNIT:
        return True
    return a.words.lower().rstrip("s") == b.words.lower().rstrip("s")


def _as_sequence(node: Node) -> Node:
    """A lone value is the set of itself."""
    return node if node[0] == "sequence" else ("sequence", "{", "}", (node,))


def _same_sequences(a: Node, b: Node) -> bool:
    if len(a[3]) != len(b[3]) or a[1:3] != b[1:3]:
        return False
    if a[1] == "{":
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
    if a[1] != b[1]:
        return False
    if not has_symbols(a) and not has_symbols(b):
        first, second = [shape(side) for side in a[2]], [shape(side) for side in b[2]]
        return first == second or (a[1] == ("=",) and first == second[::-1])
    if len(a[1]) != 1:
        return all(_same(x, y) for x, y in zip(a[2], b[2], strict=True))
    return _proportional(a, b)


def _proportional(a: Node, b: Node) -> bool:
    """Whether the differences of two relations' sides are multiples of each other."""
    first: Node = ("add", (a[2][0], ("negate", a[2][1])))
    second: Node = ("add", (b[2][0], ("negate", b[2][1])))
    ratios = []
    for point in range(POINTS):
        try:
            ratios.append(value_at(first, point) / value_at(second, point))
        except (NoValueError, ZeroDivisionError):
            return False
    if a[1] not in (("=",), ("!=",)) and not all(ratio.real > 0 for ratio in ratios):
        return False
    return abs(ratios[0]) > _TOLERANCE and all(_close(ratio, ratios[0]) for ratio in ratios)


def same_scalars(a: Reading, b: Reading) -> bool:
    """Equal exactly, equal at every point, or one the other rounded; in units that agree."""
    if not a.unit.agrees(b.unit) or (a.title and b.title and a.title.lower() != b.title.lower()):
        return False
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
    if not seen:
        return a.node == b.node
    return a.node == b.node or _same_on_both_sides(a.node, b.node)


def _same_on_both_sides(a: Node, b: Node) -> bool:
    """Whether absolute values stay equal where what stands in them is negative."""
    if not calls(a, "abs") and not calls(b, "abs"):
        return True
    pairs = [(_point_or_none(a, point), _point_or_none(b, point)) for point in SIDES]
    return all(x is None or y is None or _close(x, y) for x, y in pairs)


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
