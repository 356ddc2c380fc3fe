"""Tokens as a tree."""

from fractions import Fraction

import pytest

from avengers_graph.voting.mathematics.nodes import Node
from avengers_graph.voting.mathematics.parse import MAX_DEPTH, parse_math
from avengers_graph.voting.mathematics.tokens import MathSyntaxError


def brief(node: Node) -> str:
    """A tree on one line: ``(add 1 (multiply 2 x))``."""
    if node[0] == "number":
        return str(node[1].value)
    if node[0] == "symbol":
        return str(node[1])
    parts = []
    for item in node[1:]:
        if isinstance(item, tuple) and item and isinstance(item[0], tuple):
            parts.extend(brief(part) for part in item)
        elif isinstance(item, tuple):
            sign = node[0] == "relation"
            parts.append(f"({' '.join(item)})" if sign else brief(item))
        else:
            parts.append(repr(item) if item == "" else str(item))
    return f"({' '.join([node[0], *parts])})"


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("1+2x", "(add 1 (multiply 2 x))"),
        ("1-2", "(add 1 (negate 2))"),
        ("-2^2", "(negate (power 2 2))"),
        ("2^{3^2}", "(power 2 (power 3 2))"),
        ("1/2/3", "(divide (divide 1 2) 3)"),
        ("a/bc", "(multiply (divide a b) c)"),
        ("2*3+4", "(add (multiply 2 3) 4)"),
        ("\\frac12", "(divide 1 2)"),
        ("\\frac{1}{2}x", "(multiply (divide 1 2) x)"),
        ("3\\frac12", "(add 3 (divide 1 2))"),
        ("3\\frac52", "(multiply 3 (divide 5 2))"),
        ("5!", "(factorial 5)"),
        ("50\\%", "1/2"),
        ("x\\%", "(divide x 100)"),
        ("\\sqrt[3]{8}", "(call root 8 3)"),
        ("\\sqrt2", "(call sqrt 2)"),
        ("\\log_2 8", "(call log_base 8 2)"),
        ("\\sin^2 x", "(power (call sin x) 2)"),
        ("\\sin^{-1} x", "(call arcsin x)"),
        ("\\sin 2x", "(call sin (multiply 2 x))"),
        ("\\max(1,2)", "(call max 1 2)"),
        ("\\binom52", "(call binomial 5 2)"),
        ("|x|", "(call abs x)"),
        ("\\lfloor x \\rfloor", "(call floor x)"),
        ("f'", "(call prime f)"),
        ("f^\\prime", "(call prime f)"),
        ("x_1", "x_1"),
        ("x_{12}", "x_12"),
        ("\\angle ABC", "\\angle ABC"),
        ("a \\pm b", "(plus_minus a b)"),
        ("(1,2]", "(sequence ( ] 1 2)"),
        ("(1)", "1"),
        ("[1]", "(sequence [ ] 1)"),
        ("\\{\\}", "(empty)"),
        ("\\{1\\}", "(sequence \\{ \\} 1)".replace("\\", "")),
        ("A \\cup B", "(union A B)"),
        ("A \\setminus B", "(difference A B)"),
        ("x < 1", "(relation (<) x 1)"),
        ("\\{x \\mid x > 1\\}", "(relation (>) x 1)"),
        ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "(sequence ( ) 1 2)"),
        (
            "\\begin{pmatrix}1&2\\\\3&4\\\\\\end{pmatrix}",
            "(sequence ( ) (sequence ( ) 1 2) (sequence ( ) 3 4))",
        ),
        ("\\left[\\begin{array}{c} 1 \\\\ 2 \\end{array}\\right]", "(sequence ( ) 1 2)"),
        ("5\\text{ cm}^2", "(quantity 5 '' cm^2)"),
        ("5\\text{ m}/\\text{s}", "(quantity 5 '' m/s)"),
        ("5\\frac{\\text{m}}{\\text{s}}", "(quantity 5 '' m/s)"),
        ("\\text{at least } 5", "(quantity 5 at least '')"),
    ],
)
def test_trees(source: str, tree: str) -> None:
    assert brief(parse_math(source)) == tree


@pytest.mark.parametrize(
    "source",
    [
        "",
        "1 2",
        "x2",
        "(x+1)2",
        "0A",
        "P \\to Q",
        "\\unknown",
        "(1",
        "1)",
        "\\frac{1}",
        "x_{1",
        "=",
        "1+",
        "\\int_0^1 x",
        "|1",
        "\\begin{pmatrix} 1",
        "{" * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
    ],
)
def test_what_is_not_read(source: str) -> None:
    with pytest.raises(MathSyntaxError):
        parse_math(source)


def test_a_written_number_knows_its_decimals() -> None:
    numeral = parse_math("1.50")[1]
    assert (numeral.value, numeral.decimals) == (Fraction(3, 2), 2)
    assert parse_math("5\\%")[1].percent
