"""The value of a tree: exact where it is rational, else at fixed points."""

import cmath
import math
import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from avengers_graph.voting.mathematics.nodes import Node
from avengers_graph.voting.numbers.numerals import Numeral

MAX_BITS = 4096
"""Exact integers stop growing here; beyond, only floating point is tried."""
POINTS = 3
"""Points at which symbolic expressions are compared."""
SIDES = (POINTS, POINTS + 1, POINTS + 2)
"""Points on both sides of zero, for absolute values: ``|x|`` is ``x`` at a positive one."""
_FACTORS = dict(zip(SIDES, (-1, -40, 40), strict=True))


class NoValueError(ArithmeticError):
    """The tree has no value of the kind asked for."""


def exact_value(node: Node) -> Fraction:
    """The rational value.

    Raises:
        NoValueError: it is irrational, symbolic, undefined or too large.
    """
    name = node[0]
    if name == "number":
        return _bounded(node[1].value)
    if name == "negate":
        return -exact_value(node[1])
    if name == "add":
        total = Fraction(0)
        for part in node[1]:
            total = _bounded(total + exact_value(part))
        return total
    if name == "multiply":
        product = Fraction(1)
        for part in node[1]:
            product = _bounded(product * exact_value(part))
        return product
    if name == "divide":
        over = exact_value(node[2])
        if not over:
            raise NoValueError("division by zero")
        return _bounded(exact_value(node[1]) / over)
    if name == "power":
        return _exact_power(exact_value(node[1]), exact_value(node[2]))
    if name == "factorial":
        value = exact_value(node[1])
        if value.denominator != 1 or not 0 <= value <= 400:
            raise NoValueError("a factorial out of range")
        return _bounded(Fraction(math.factorial(value.numerator)))
    if name == "quantity":
        return exact_value(node[1])
    if name == "call":
        return _exact_call(node[1], node[2])
    raise NoValueError(f"no rational value for {name}")


def _exact_call(name: str, arguments: tuple[Node, ...]) -> Fraction:
    if name == "sqrt":
        return _exact_power(exact_value(arguments[0]), Fraction(1, 2))
    if name == "root":
        degree = exact_value(arguments[1])
        if degree.denominator != 1 or not 1 <= degree <= 64:
            raise NoValueError("a root of unusual degree")
        return _exact_power(exact_value(arguments[0]), 1 / degree)
    if name == "binomial":
        n, k = (exact_value(argument) for argument in arguments)
        if n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n <= 400:
            raise NoValueError("a binomial out of range")
        return Fraction(math.comb(n.numerator, k.numerator))
    values = [exact_value(argument) for argument in arguments]
    if name == "abs":
        return abs(values[0])
    if name in ("floor", "ceil"):
        return Fraction(math.floor(values[0]) if name == "floor" else math.ceil(values[0]))
    if name in ("max", "min"):
        return max(values) if name == "max" else min(values)
    if name in ("gcd", "lcm") and all(value.denominator == 1 for value in values):
        integers = [value.numerator for value in values]
        return Fraction(math.gcd(*integers) if name == "gcd" else math.lcm(*integers))
    raise NoValueError(f"no rational value for {name}")


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise NoValueError("too large for exact arithmetic")
    return value


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        return _exact_root(_exact_power(base, Fraction(exponent.numerator)), exponent.denominator)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent.numerator) * max(1, bits - 1) > MAX_BITS:
        raise NoValueError("too large for exact arithmetic")
    if not base and exponent < 0:
        raise NoValueError("division by zero")
    return Fraction(base**exponent.numerator)


def _exact_root(value: Fraction, degree: int) -> Fraction:
    if degree > 64 or (value < 0 and degree % 2 == 0):
        raise NoValueError("no rational root")
    parts = []
    for integer in (abs(value.numerator), value.denominator):
        if degree == 2:
            root = math.isqrt(integer)
        else:
            if integer.bit_length() > 900:
                raise NoValueError("too large for a root")
            root = round(float(integer) ** (1 / degree))
        if root**degree != integer:
            raise NoValueError("no rational root")
        parts.append(root)
    return Fraction(parts[0] if value >= 0 else -parts[0], parts[1])


def value_at(node: Node, point: int) -> complex:
    """The value with every symbol replaced by a fixed number of its own.

    Args:
        node: the tree.
        point: which of the ``POINTS`` substitutions, 0-based.

    Raises:
        NoValueError: undefined, infinite or out of floating-point range.
    """
    try:
        value = _value(node, point)
    except (OverflowError, ZeroDivisionError, ValueError) as error:
        raise NoValueError(str(error)) from error
    if not (math.isfinite(value.real) and math.isfinite(value.imag)):
        raise NoValueError("not finite")
    return value


def _value(node: Node, point: int) -> complex:
    name = node[0]
    if name == "number":
        return complex(float(node[1].value))
    if name == "symbol":
        return _symbol_value(node[1], point)
    if name == "negate":
        return -_value(node[1], point)
    if name == "add":
        return sum((_value(part, point) for part in node[1]), start=0j)
    if name == "multiply":
        product = 1 + 0j
        for part in node[1]:
            product *= _value(part, point)
        return product
    if name == "divide":
        return _value(node[1], point) / _value(node[2], point)
    if name == "power":
        return _power(node[1], node[2], point)
    if name == "factorial":
        value = _real(_value(node[1], point))
        if not -1 < value < 170:
            raise NoValueError("a factorial out of range")
        return complex(math.gamma(value + 1))
    if name == "quantity":
        return _value(node[1], point)
    if name == "call":
        return _call(node[1], node[2], point)
    raise NoValueError(f"no number for {name}")


def _symbol_value(name: str, point: int) -> complex:
    if name == "\\pi" or name == "pi":
        return complex(math.pi)
    if name == "e":
        return complex(math.e)
    if name == "i":
        return 1j
    # Positive and irrational-looking, so that roots and logarithms stay on one branch.
    spread = zlib.crc32(f"{point}:{name}".encode()) / 2**32
    return complex((0.6 + 1.7 * spread) * _FACTORS.get(point, 1))


def _power(base_node: Node, exponent_node: Node, point: int) -> complex:
    base, exponent = _value(base_node, point), _value(exponent_node, point)
    if abs(base.imag) < 1e-12 and base.real < 0 and exponent_node[0] == "divide":
        try:
            ratio = exact_value(exponent_node)
        except NoValueError:
            return base**exponent
        if ratio.denominator % 2:
            magnitude = (-base.real) ** float(ratio)
            return complex(-magnitude if ratio.numerator % 2 else magnitude)
    return complex(base**exponent)


def _real(value: complex) -> float:
    if abs(value.imag) > 1e-9 * max(1.0, abs(value.real)):
        raise NoValueError("a complex number where a real one belongs")
    return value.real


def _call(name: str, arguments: tuple[Node, ...], point: int) -> complex:
    if name in _ANGULAR:
        arguments = tuple(_in_radians(argument) for argument in arguments)
    values = [_value(argument, point) for argument in arguments]
    if name in _COMPLEX and len(values) == 1:
        return complex(_COMPLEX[name](values[0]))
    if name == "root":
        degree = _real(values[1])
        if values[0].real < 0 and abs(values[0].imag) < 1e-12 and degree % 2 == 1:
            return complex(-((-values[0].real) ** (1 / degree)))
        return complex(values[0] ** (1 / degree))
    if name == "log_base":
        return cmath.log(values[0]) / cmath.log(values[1])
    if name == "binomial":
        n, k = _real(values[0]), _real(values[1])
        if not 0 <= k <= n <= 160:
            raise NoValueError("a binomial out of range")
        return complex(math.gamma(n + 1) / (math.gamma(k + 1) * math.gamma(n - k + 1)))
    if name in ("floor", "ceil"):
        real = _real(values[0])
        return complex(math.floor(real) if name == "floor" else math.ceil(real))
    if name in ("max", "min"):
        reals = [_real(value) for value in values]
        return complex(max(reals) if name == "max" else min(reals))
    raise NoValueError(f"no number for {name}")


_ANGULAR = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})
_DEGREE: Node = ("divide", ("symbol", "\\pi"), ("number", Numeral(Fraction(180))))


def _in_radians(node: Node) -> Node:
    """An angle with its degrees as parts of pi: ``60^\\circ``."""
    if node[0] == "quantity" and node[3] == "°":
        return ("multiply", (node[1], _DEGREE))
    if node[0] == "add":
        return ("add", tuple(_in_radians(part) for part in node[1]))
    if node[0] == "negate":
        return ("negate", _in_radians(node[1]))
    return node


_COMPLEX: dict[str, Callable[[complex], Any]] = {
    "sqrt": cmath.sqrt,
    "abs": lambda z: complex(abs(z)),
    "exp": cmath.exp,
    "ln": cmath.log,
    "log": cmath.log10,
    "lg": cmath.log10,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "cot": lambda z: 1 / cmath.tan(z),
    "sec": lambda z: 1 / cmath.cos(z),
    "csc": lambda z: 1 / cmath.sin(z),
    "arcsin": cmath.asin,
    "asin": cmath.asin,
    "arccos": cmath.acos,
    "acos": cmath.acos,
    "arctan": cmath.atan,
    "atan": cmath.atan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    # Opaque but one-to-one: f' and an overline only equal themselves.
    "prime": lambda z: cmath.exp(z / 3) + 0.377,
    "overline": lambda z: cmath.exp(z / 5) + 0.731,
}
