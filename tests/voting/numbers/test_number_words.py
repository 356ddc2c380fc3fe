"""Numbers in words, and scales."""

from fractions import Fraction

import pytest

from avengers_graph.voting.numbers.number_words import scale_at, spelled


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        (" million", 10**6),
        ("  million", 10**6),
        ("-million", 10**6),
        (" hundred thousand", 10**5),
        (" dozen", 12),
        (" Milliarden Euro", 10**9),
        ("万", 10**4),
        ("k", 1000),
        ("M", 10**6),
        (" Mio. Euro", 10**6),
        (" m", None),
        ("kg", None),
        (" M", None),
        (" millionaires", None),
        (" cents", None),
        ("", None),
    ],
)
def test_scales(text: str, factor: int | None) -> None:
    found = scale_at(text, 0)
    assert (found[0] if found else None) == factor


def test_money_is_scaled_by_letters_of_either_case() -> None:
    assert scale_at("m", 0, money=True) == (10**6, 1)
    assert scale_at(" M", 0, money=True) == (10**6, 2)
    assert scale_at("bn", 0, money=True) == (10**9, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-one", 21),
        ("a dozen eggs", 12),
        ("two dozen", 24),
        ("three hundred and five", 305),
        ("two thousand and one", 2001),
        ("two million", 2 * 10**6),
        ("minus two", -2),
        ("five of the apples", None),
        ("five big red balls here", None),
        ("apples", None),
    ],
)
def test_words(text: str, value: int | None) -> None:
    assert spelled(text) == (None if value is None else Fraction(value))
