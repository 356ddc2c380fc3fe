"""What is said where there is no number."""

import pytest

from avengers_graph.voting.texts.no_value import no_value


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Cannot be determined", "cannot be determined"),
        ("It can't be determined from this.", "cannot be determined"),
        ("not enough information", "cannot be determined"),
        ("The length is unknown", "cannot be determined"),
        ("Unknown", "cannot be determined"),
        ("无法确定", "cannot be determined"),
        ("no real solutions", "no solution"),
        ("None", "no solution"),
        ("keine Lösung", "no solution"),
        ("The limit does not exist", "undefined"),
        ("DNE", "undefined"),
        ("infinitely many", "infinitely many"),
        ("N/A", "n/a"),
        ("the unknown x is 3", None),
        ("none of these", None),
        ("No, it is 3", None),
        ("there are no 3 apples", None),
        ("undefined " * 50, None),
    ],
)
def test_sayings(text: str, named: str | None) -> None:
    assert no_value(text) == named
