"""Units of measure."""

import pytest

from avengers_graph.voting.numbers.units import (
    MAX_WORDS,
    NO_UNIT,
    Unit,
    bound_of,
    read_unit,
    unit_at,
)


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("cm", "cm"),
        ("centimetres", "cm"),
        ("cm^2", "cm^2"),
        ("cm ^{2}", "cm^2"),
        ("cm2", "cm^2"),
        ("square centimeters", "cm^2"),
        ("cm squared", "cm^2"),
        ("Quadratmeter", "m^2"),
        ("平方米", "m^2"),
        ("cubic feet", "ft^3"),
        ("m/s^2", "m s^-2"),
        ("\\frac{m}{s}", "m s^-1"),
        ("m \\cdot s^{-2}", "m s^-2"),
        ("miles per hour", "h^-1 mi"),
        ("dollars an hour", "$ h^-1"),
        ("Stunden", "h"),
        ("€", "€"),
        ("°C", "celsius"),
        ("_2", "base 2"),
        ("_{eight}", "base 8"),
        ("degrees", None),
        ("apples", None),
    ],
)
def test_measures(text: str, measure: str | None) -> None:
    assert read_unit(text) == Unit(measure)


@pytest.mark.parametrize("text", ["x", "π", "3", "cm + m", "a " * 200, "word " * (MAX_WORDS + 1)])
def test_what_is_no_unit(text: str) -> None:
    assert read_unit(text) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("5 miles per hour on", Unit("h^-1 mi")),
        ("5 in 2 hours", NO_UNIT),
        ("5 in^2 of", Unit("in^2")),
        ("5 sq ft.", Unit("ft^2")),
        ("5 apples", NO_UNIT),
        ("5.", NO_UNIT),
    ],
)
def test_units_within_a_sentence(text: str, unit: Unit) -> None:
    assert unit_at(text, 1) == unit


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        (Unit("cm"), Unit("cm"), True),
        (Unit("cm"), NO_UNIT, True),
        (NO_UNIT, Unit("cm"), True),
        (Unit("cm"), Unit("m"), False),
        (Unit("cm"), Unit(None, ">="), True),
        (Unit(None, "<="), Unit(None, ">="), False),
        (Unit("cm", ">="), Unit("cm", "<="), False),
    ],
)
def test_agreement(a: Unit, b: Unit, agree: bool) -> None:
    assert a.agrees(b) is agree


@pytest.mark.parametrize(
    ("text", "bound"),
    [("at least 5", ">="), ("no more than 5", "<="), ("over 5", ">"), ("fewer than 5", "<"),
     ("not 5", "not"), ("5 apples", None)],
)  # fmt: skip
def test_bounds(text: str, bound: str | None) -> None:
    assert bound_of(text) == bound
