"""Trees in the form in which they are compared."""

import pytest

from avengers_graph.voting.mathematics.parse import parse_math
from avengers_graph.voting.mathematics.reduce import equation_of, reduced, shape


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("x = 5", "5"),
        ("5 = x", "5"),
        ("x = 2+3 = 5", "5"),
        ("f(x) = x+1", "x+1"),
        ("f'(x) = 2x", "2x"),
        ("\\angle ABC = 60", "60"),
        ("m\\angle A = 60", "60"),
        ("\\cos A = \\frac12", "\\frac12"),
        ("AB = 5", "5"),
        ("|AB| = 5", "5"),
        ("[ABC] = 12", "12"),
        ("\\text{Area} = 12", "12"),
        ("(x,y) = (2,3)", "(2,3)"),
        ("y = 2, x = 1", "(1,2)"),
        ("5\\pi \\approx 15.7", "5\\pi"),
        ("x \\approx 15.7", "15.7"),
        ("V = 5\\pi \\approx 15.7", "5\\pi"),
        ("x > 3", "(3,\\infty)"),
        ("3 < x", "(3,\\infty)"),
        ("x \\le 3", "(-\\infty,3]"),
        ("1 \\le x < 2", "[1,2)"),
        ("2 > x \\ge 1", "[1,2)"),
        ("x \\in [1,2]", "[1,2]"),
        ("x \\ne 1", "(-\\infty,1) \\cup (1,\\infty)"),
        ("\\mathbb{R}", "(-\\infty,\\infty)"),
        ("\\mathbb{R} \\setminus \\{2, 1\\}", "(-\\infty,1) \\cup (1,2) \\cup (2,\\infty)"),
        ("x < 1 \\text{ or } x > 2", "(-\\infty,1) \\cup (2,\\infty)"),
        ("x > 1, x < 3", "(1,3)"),
        ("x > 1 \\text{ and } x \\le 3", "(1,3]"),
        ("x < 1, x > 2", "(-\\infty,1) \\cup (2,\\infty)"),
        ("f^{-1}(x) = x - 1", "x - 1"),
        ("\\emptyset", "\\{\\}"),
        ("\\text{no solution}", "\\{\\}"),
        ("((1,2),(3,4))", "[[1,2],[3,4]]"),
    ],
)
def test_the_same_form(source: str, form: str) -> None:
    assert reduced(parse_math(source)) == reduced(parse_math(form))


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("x^2 = 4", "4"),
        ("x + y = 5", "5"),
        ("xy = 6", "6"),
        ("x < y", "(-\\infty,y)"),
        ("\\mathbb{N}", "\\mathbb{R}"),
        ("\\mathbb{R} \\setminus \\{x\\}", "\\mathbb{R}"),
        ("x < 1 < 2 < y", "(1,2)"),
        ("x > 1 \\text{ and } x < 3", "x > 1 \\text{ or } x < 3"),
    ],
)
def test_another_form(source: str, other: str) -> None:
    assert reduced(parse_math(source)) != reduced(parse_math(other))


def test_plus_minus_is_both() -> None:
    assert reduced(parse_math("\\pm 2"))[3] != ()
    assert len(reduced(parse_math("1 \\pm \\sqrt{2}"))[3]) == 2
    assert len(reduced(parse_math("\\pm 2, 5"))[3]) == 3


def test_a_bare_list_is_a_set_unless_it_is_ordered() -> None:
    assert reduced(parse_math("1,2"))[:3] == ("sequence", "{", "}")
    assert reduced(parse_math("1,2"), ordered=True)[:3] == ("sequence", "(", ")")
    assert reduced(parse_math("\\{1,2\\}"), ordered=True)[:3] == ("sequence", "{", "}")


@pytest.mark.parametrize(
    ("source", "relates"),
    [
        ("y = 2x", True),
        ("x + y = 5", True),
        ("x^2 = 4", True),
        ("x = 5", False),
        ("f(x) = 2x", False),
        ("1+1 = 2", False),
        ("x < y", False),
    ],
)
def test_equations_that_relate_symbols(source: str, relates: bool) -> None:
    assert (equation_of(parse_math(source)) is not None) is relates


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("1+2*3", "3*2+1", True),
        ("1+(2+3)", "3+2+1", True),
        ("1+2*3", "7", False),
        ("2-1", "1-2", False),
        ("2*6", "3*4", False),
        ("1.0+2", "1+2", True),
    ],
)
def test_the_shape_of_a_computation(a: str, b: str, alike: bool) -> None:
    assert (shape(parse_math(a)) == shape(parse_math(b))) is alike
