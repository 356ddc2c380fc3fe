"""When two readings are the same."""

import pytest

from avengers_graph.voting.mathematics import (
    read_expression,
    relates_symbols,
    same_computation,
    same_reading,
)
from avengers_graph.voting.mathematics.compare import MAX_UNORDERED


def alike(a: str, b: str, *, ordered: bool = False) -> bool:
    first, second = read_expression(a, ordered=ordered), read_expression(b, ordered=ordered)
    assert first is not None
    assert second is not None
    assert same_reading(first, second) == same_reading(second, first)
    return same_reading(first, second)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("\\sqrt{x^2}", "|x|"),
        ("(x+1)(x-1)", "x^2-1"),
        ("\\{1,2\\}", "2,1"),
        ("5", "5\\text{ cm}"),
        ("5\\text{ cm}", "5\\text{ centimeters}"),
        ("y = 2x + 1", "2x - y + 1 = 0"),
        ("y=2x", "2x"),
        ("x^2+y^2=4", "2x^2+2y^2=8"),
        ("1+2=3", "2+1=3"),
        ("3=1+2", "1+2=3"),
        ("x<3", "(-\\infty,3)"),
        ("(1,2)\\cup(3,4)", "(3,4)\\cup(1,2)"),
        ("\\pi", "3.142"),
        ("2/3", "0.667"),
        ("2/3", "0.67"),
        ("-2/3", "-0.67"),
        ("\\ln x^2", "2\\ln x"),
        ("12 \\text{ apples}, 3", "12, 3"),
        ("\\mathbb{N} \\setminus \\{1\\}", "\\mathbb{N} \\setminus \\{1\\}"),
        ("x \\le y", "2x \\le 2y"),
        ("12\\text{ apples}", "12\\text{ pieces}"),
        ("101_2", "101"),
        ("\\infty", "\\infty"),
    ],
)
def test_the_same(a: str, b: str) -> None:
    assert alike(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("|x|", "x"),
        ("|x-1|", "x-1"),
        ("|x-20|", "20-x"),
        ("5\\text{ cm}", "5\\text{ m}"),
        ("5\\text{ N}", "5\\text{ J}"),
        ("\\{1,2\\}", "\\{1\\}"),
        ("\\{1,1\\}", "\\{1,2\\}"),
        ("(1,2)", "(2,1)"),
        ("(1,2)", "[1,2]"),
        ("1+1=3", "2+2=5"),
        ("0=1", "0=2"),
        ("x<y", "x>y"),
        ("x \\le y", "2x \\ge 2y"),
        ("x < y", "x \\le y"),
        ("y=2x+1", "y=2x-1"),
        ("x+y=1", "x+y=2"),
        ("2/3", "0.7"),
        ("2/3", "0.66"),
        ("\\pi", "3.1"),
        ("0.67", "0.672"),
        ("0.1", "0.12"),
        ("12.3", "12.34"),
        ("\\sin x", "\\cos x"),
        ("\\infty", "-\\infty"),
        ("\\infty", "5"),
        ("101_2", "101_3"),
        ("x", "y"),
        ("x", "1"),
        ("12\\text{ apples}, 3\\text{ pears}", "12\\text{ pears}, 3\\text{ apples}"),
        ("\\text{at least } 5", "\\text{at most } 5"),
        ("\\text{row } 5", "\\text{column } 5"),
        ("\\text{even}", "\\text{odd}"),
        ("1+\\text{cat}", "1+\\text{dog}"),
        ("(1,2)\\cup(3,4)", "(1,2)"),
        ("a < b < c", "a < b \\le c"),
        ("\\mathbb{N} \\setminus \\{1\\}", "\\mathbb{N} \\setminus \\{2\\}"),
        (
            "\\det\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
            "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
        ),
    ],
)
def test_different(a: str, b: str) -> None:
    assert not alike(a, b)


def test_order_counts_where_it_is_asked_for() -> None:
    assert alike("1,2", "2,1")
    assert not alike("1,2", "2,1", ordered=True)
    assert alike("1,2", "(1,2)", ordered=True)


def test_large_sets_are_compared_in_order() -> None:
    numbers = [str(number) for number in range(MAX_UNORDERED + 1)]
    assert not alike(",".join(numbers), ",".join(numbers[::-1]))
    assert alike(",".join(numbers), ",".join(numbers))
    assert alike(",".join(numbers[1:]), ",".join(numbers[:0:-1]))


def test_a_computation_is_how_it_is_written() -> None:
    first, second = read_expression("7*4+2"), read_expression("7*5+2-7")
    assert first is not None
    assert second is not None
    assert not same_computation(first, second)
    assert same_computation(first, first)
    assert relates_symbols("x+y=2")
    assert not relates_symbols("x=2")
    assert not relates_symbols("1+1=2")
    assert read_expression("P \\to Q") is None
