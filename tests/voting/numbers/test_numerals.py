"""Numbers as they are written, and when one is the other rounded."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.voting.numbers.numerals import (
    MAX_DIGITS,
    MAX_EXPONENT,
    Numeral,
    last_numeral,
    numerals,
    rounds_to,
    whole_numeral,
)


def read(text: str) -> Numeral:
    numeral = whole_numeral(text)
    assert numeral is not None
    return numeral


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("-12", "-12"),
        ("−12", "-12"),
        ("minus 12", "-12"),
        ("1,234,567", "1234567"),
        ("12,34,567", "1234567"),
        ("1 000 000", "1000000"),
        ("1'000", "1000"),
        ("3,\\!210", "3210"),
        ("11,\\! 111", "11111"),
        ("1{,}000", "1000"),
        ("2{,}74", "2.74"),
        ("2,74", "2.74"),
        ("1.5e3", "1500"),
        ("2.5 \\times 10^{4}", "25000"),
        ("2·10^-2", "0.02"),
        ("3 1/2", "3.5"),
        ("3 and 1/2", "3.5"),
        ("½", "0.5"),
        ("3½", "3.5"),
        ("1/4", "0.25"),
        ("\\frac{7}{4,\\!200}", "1/600"),
        ("-\\frac{1}{2}", "-1/2"),
        ("2\\frac{1}{4}", "9/4"),
        ("50%", "50"),
        ("$18", "18"),
        ("-$18", "-18"),
        ("$-18", "-18"),
        ("18$", "18"),
        ("$18$", "18"),
        ("٣٤", "34"),
        ("１２", "12"),
        ("twenty-one", "21"),
        ("5 million", "5000000"),
        ("5\\text{ thousand}", "5000"),
        ("$2.5 billion", "2500000000"),
        ("0.\\overline{3}", "1/3"),
        ("0.333...", "1/3"),
        ("0.1\\dot{6}", "1/6"),
        ("12 cm^2", "12"),
        ("12\\text{ cm}^2", "12"),
        (".5", "0.5"),
        ("**12**", "12"),
        ("12.", "12"),
    ],
)
def test_whole_numerals(text: str, value: str) -> None:
    assert read(text).value == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "12 + 3",
        "6\\sqrt{3}",
        "9\\pi",
        "16π",
        "2√5",
        "2^10",
        "2:3",
        "12x",
        "12 and 13",
        "9" * (MAX_DIGITS + 1),
        f"1e{MAX_EXPONENT + 1}",
        "5 or 6",
        "1 2" * 200,
    ],
)
def test_what_is_no_numeral(text: str) -> None:
    assert whole_numeral(text) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10-3 = 7", [10, 3, 7]),
        ("from -3 to 5", [-3, 5]),
        ("x2 and 3", [3]),
        ("12 cm^2 and 5 m^{-1}", [12, 5]),
        ("x_1 = 4", [4]),
        ("the 3rd of 5", [5]),
        ("the 3rd", [3]),
        ("5 hundred apples", [500]),
        ("none", []),
    ],
)
def test_numerals_of_a_text(text: str, values: list[int]) -> None:
    assert [numeral.value for numeral in numerals(text)] == values


def test_the_last_of_a_long_text() -> None:
    assert last_numeral("7 " + "word " * 100 + "is 12 now") == read("12")
    assert last_numeral("7 " + "word " * 100) == read("7")
    assert last_numeral("word") is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("12 cm^2", "cm^2"),
        ("$5", "$"),
        ("5 dollars", "$"),
        ("5€", "€"),
        ("101_2", "base 2"),
        ("12", None),
        ("12 apples", None),
    ],
)
def test_units(text: str, unit: str | None) -> None:
    assert read(text).unit.measure == unit


def test_a_comparison_says_on_which_side_a_number_lies() -> None:
    senses = [
        numerals(f"x {sign} 2")[0].unit.sense for sign in ("<=", ">=", "!=", "\\le", "≥", "=")
    ]
    assert senses == ["x <=", "x >=", "x not", "x <=", "x >=", None]


@pytest.mark.parametrize(
    ("coarse", "fine", "rounds"),
    [
        ("0.67", "2/3", True),
        ("0.667", "2/3", True),
        ("0.66", "2/3", False),
        ("0.7", "2/3", False),
        # Beside a decimal it takes three significant digits, beside a ratio two.
        ("3.14", "3.14159", True),
        ("0.14", "0.14159", False),
        ("0.142", "0.14159", True),
        ("0.03", "1/30", False),
        ("0.033", "1/30", True),
        ("3.1", "3.14159", False),
        ("123.4", "123.41", False),
        # Halves round up and to even.
        ("2.13", "2.125", True),
        ("2.12", "2.125", True),
        ("2.11", "2.125", False),
        ("18", "18.004", False),
        ("18.00", "18.004", True),
        ("3.14159", "3.14", False),
        ("1/3", "0.33", False),
        ("-0.67", "-2/3", True),
        ("0.67", "-2/3", False),
        ("1.00", "1.00", False),
        ("100.00", "100.004", True),
        ("0.333", "0.3333", True),
    ],
)
def test_rounding(coarse: str, fine: str, rounds: bool) -> None:
    assert rounds_to(read(coarse), read(fine)) is rounds


@settings(max_examples=200, deadline=None)
@given(number=st.integers(-(10**9), 10**9), places=st.integers(0, 6))
def test_any_decimal_is_read_back(number: int, places: int) -> None:
    digits = str(abs(number)).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    text = f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
    assert read(text).value == Fraction(number, 10**places)
    assert read(text).decimals == (places or None)
