"""Our reader and math-verify, an independent one, judge the same pairs alike."""

import pytest

from avengers_graph.voting import equivalent, extract_answer

math_verify = pytest.importorskip("math_verify")

PAIRS = [
    ("\\frac{\\sqrt{3}}{2}", "\\sqrt{\\frac{3}{4}}"),
    ("\\frac{1}{2}", "0.5"),
    ("2x+1", "1+2x"),
    ("(x+1)^2", "x^2+2x+1"),
    ("(x+1)^2", "x^2+2x+2"),
    ("\\{1,2\\}", "\\{2,1\\}"),
    ("\\{1,2\\}", "\\{2,3\\}"),
    ("(1,2)", "(2,1)"),
    ("\\sqrt{8}", "2\\sqrt{2}"),
    ("\\sqrt{8}", "3\\sqrt{2}"),
    ("\\frac{x}{x+1}", "1-\\frac{1}{x+1}"),
    ("\\sin(2x)", "2\\sin(x)\\cos(x)"),
    ("\\sin(2x)", "2\\sin(x)"),
    ("\\log(x^2)", "2\\log(x)+1"),
    ("10^{-3}", "0.001"),
    ("5!", "120"),
    ("\\frac{7}{3}", "\\frac{14}{6}"),
    ("-\\frac{1}{2}", "\\frac{-1}{2}"),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\3\\end{pmatrix}"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"),
    ("3\\pi", "9.42"),
    ("\\pi", "\\frac{22}{7}"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_same_judgement(a: str, b: str) -> None:
    gold, target = (math_verify.parse(f"${text}$", parsing_timeout=None) for text in (a, b))
    theirs = math_verify.verify(gold, target, float_rounding=2, timeout_seconds=None)
    first = extract_answer(f"\\boxed{{{a}}}", kind="math")
    second = extract_answer(f"\\boxed{{{b}}}", kind="math")
    assert first is not None
    assert second is not None
    assert equivalent(first, second) is theirs
