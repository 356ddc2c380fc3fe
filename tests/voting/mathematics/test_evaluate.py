"""Values of trees: exact ones, and at points."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.voting.mathematics.evaluate import (
    MAX_BITS,
    SIDES,
    NoValueError,
    exact_value,
    value_at,
)
from avengers_graph.voting.mathematics.parse import parse_math


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1+2*3", "7"),
        ("-2^2", "-4"),
        ("(-2)^3", "-8"),
        ("2^{-2}", "1/4"),
        ("1/3+1/6", "1/2"),
        ("5!", "120"),
        ("0!", "1"),
        ("\\sqrt{16}", "4"),
        ("\\sqrt{\\frac{9}{4}}", "3/2"),
        ("\\sqrt[3]{-8}", "-2"),
        ("8^{2/3}", "4"),
        ("\\binom{5}{2}", "10"),
        ("|-3|", "3"),
        ("\\max(1,3,2)", "3"),
        ("\\min(1,3,2)", "1"),
        ("\\gcd(12,18)", "6"),
        ("\\lcm(4,6)", "12"),
        ("\\lfloor -1.5 \\rfloor", "-2"),
        ("\\lceil 1.2 \\rceil", "2"),
        ("5\\text{ cm}", "5"),
        ("0.\\overline{3}", "1/3"),
        ("0.1\\dot{6}", "1/6"),
        ("0.666...", "2/3"),
        ("50\\%", "1/2"),
    ],
)
def test_exact(source: str, value: str) -> None:
    assert exact_value(parse_math(source)) == Fraction(value)


@pytest.mark.parametrize(
    "source",
    [
        "\\sqrt2",
        "x",
        "1/0",
        "0^{-1}",
        "(1/2)!",
        "401!",
        f"2^{{{MAX_BITS + 1}}}",
        "\\sqrt{-4}",
        "\\binom{2}{5}",
        "\\gcd(1/2,3)",
        "\\sqrt[65]{2}",
        "\\infty",
        "\\text{even}",
    ],
)
def test_no_rational_value(source: str) -> None:
    with pytest.raises(NoValueError):
        exact_value(parse_math(source))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("\\sqrt2", math.sqrt(2)),
        ("\\pi", math.pi),
        ("e^2", math.e**2),
        ("\\ln 4", math.log(4)),
        ("\\log_2 8", 3),
        ("\\lg 100", 2),
        ("\\cos 60^\\circ", 0.5),
        ("\\sin(30° + 60°)", 1),
        ("\\tan(-45^\\circ)", -1),
        ("\\cos(\\pi/3)", 0.5),
        ("\\arcsin 1", math.pi / 2),
        ("\\cot(\\pi/4)", 1),
        ("\\sec 0", 1),
        ("\\sqrt[3]{-2}", -(2 ** (1 / 3))),
        ("(-8)^{1/3}", -2),
        ("\\binom{5}{\\pi-\\pi+2}", 10),
        ("\\max(1,\\pi)", math.pi),
        ("\\lfloor \\pi \\rfloor", 3),
        ("2.5!", math.gamma(3.5)),
        ("i^2", -1),
        ("60^\\circ", 60),
    ],
)
def test_numeric(source: str, value: float) -> None:
    assert value_at(parse_math(source), 0) == pytest.approx(value)


@pytest.mark.parametrize("source", ["1/0", "\\infty", "200!", "\\text{even}", "10^{400.5}"])
def test_no_number(source: str) -> None:
    with pytest.raises(NoValueError):
        value_at(parse_math(source), 0)


def test_symbols_differ_at_every_point_and_lie_on_both_sides() -> None:
    values = {value_at(parse_math(name), point) for name in "xyz" for point in range(3)}
    assert len(values) == 9
    assert all(value.real > 0 for value in values)
    sides = [value_at(parse_math("x"), point).real for point in SIDES]
    assert sides[0] < 0
    assert sides[1] < -20
    assert sides[2] > 20


@settings(max_examples=200, deadline=None)
@given(a=st.integers(-50, 50), b=st.integers(1, 50), c=st.integers(-50, 50))
def test_exact_and_numeric_values_agree(a: int, b: int, c: int) -> None:
    tree = parse_math(f"\\frac{{({a})^2 + ({c})}}{{{b}}} - ({c})({a})")
    assert value_at(tree, 0) == pytest.approx(float(exact_value(tree)))
