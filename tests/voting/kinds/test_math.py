"""Mathematics: what is the same and what is not, and that nothing hangs."""

import time

import pytest

from avengers_graph.voting import equivalent, extract_answer, vote

SAME = [
    ("\\boxed{\\frac{\\sqrt{3}}{2}}", "\\boxed{\\sqrt{\\frac34}}"),
    ("2x+1", "1+2x"),
    ("\\boxed{x=5}", "5"),
    ("\\boxed{\\{1,2\\}}", "\\boxed{2,1}"),
    ("\\boxed{(1,2]}", "\\boxed{(1, 2]}"),
    ("\\boxed{\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}}", "((1,2),(3,4))"),
    ("\\boxed{5\\text{ cm}}", "5 cm"),
    ("\\boxed{90^\\circ}", "90"),
    ("\\boxed{\\log_2 8}", "3"),
    ("\\boxed{\\binom{5}{2}}", "10"),
    ("\\boxed{\\pm 2}", "\\boxed{2,-2}"),
    ("\\boxed{3\\pm\\sqrt2}", "\\boxed{3-\\sqrt{2}, 3+\\sqrt{2}}"),
    ("\\boxed{x>3}", "\\boxed{(3,\\infty)}"),
    ("\\boxed{-\\infty<x\\le 2}", "(-\\infty,2]"),
    ("\\boxed{(x+1)^2}", "\\boxed{x^2+2x+1}"),
    ("\\boxed{e^{i\\pi}}", "-1"),
    ("\\boxed{0.\\overline{3}}", "1/3"),
    ("\\boxed{1\\frac12}", "1.5"),
    ("\\boxed{\\sin^2 x+\\cos^2 x}", "1"),
    ("\\boxed{2\\sqrt{2}}", "\\boxed{\\sqrt 8}"),
    ("\\boxed{6\\pi}", "18.85"),
    ("\\boxed{y=2x+1}", "2x+1"),
    ("\\boxed{x^2+y^2=4}", "\\boxed{2x^2+2y^2=8}"),
    ("\\boxed{10^{-3}}", "0.001"),
    ("\\boxed{5!}", "120"),
    ("\\boxed{\\frac{a}{b}}", "a/b"),
    ("\\boxed{(-\\infty,1)\\cup(2,\\infty)}", "(2,\\infty)\\cup(-\\infty,1)"),
    ("\\boxed{x\\in[1,2]}", "[1,2]"),
    ("\\boxed{50\\%}", "1/2"),
    ("\\boxed{2^{100}}", "1267650600228229401496703205376"),
    ("\\boxed{x=1, y=2}", "\\boxed{y=2,x=1}"),
    ("\\boxed{\\text{even}}", "\\boxed{even}"),
    ("\\boxed{f(x)=x+1}", "x+1"),
    ("\\boxed{\\sqrt[3]{-8}}", "-2"),
    ("sqrt(3)/2", "\\frac{\\sqrt 3}{2}"),
    ("3x^2 - 2x", "The answer is $3x^2-2x$."),
    ("\\boxed{x = 3 \\text{ or } x = -3}", "\\pm 3"),
    ("\\boxed{10,\\!000}", "10000"),
    ("\\boxed{\\emptyset}", "\\boxed{\\{\\}}"),
    ("\\boxed{1,234}", "1234"),
    ("\\boxed{2\\cos x}", "2\\cos(x)"),
    ("\\boxed{|x|}", "|x|"),
    ("\\boxed{3:2}", "\\boxed{6:4}"),
    ("\\boxed{a^2-b^2}", "\\boxed{(a-b)(a+b)}"),
    ("\\boxed{\\ln 4}", "\\boxed{2\\ln 2}"),
    ("\\boxed{x \\leq -1 \\text{ or } x \\geq 2}", "(-\\infty,-1]\\cup[2,\\infty)"),
    ("\\boxed{\\mathbb{R}}", "\\boxed{(-\\infty,\\infty)}"),
    ("\\boxed{12\\text{ apples and }3\\text{ pears}}", "12, 3"),
    ("\\boxed{4210_{5}}", "4210_5"),
    ("\\boxed{.0000672}", "6.72\\times10^{-5}"),
    ("\\boxed{\\frac{1}{2}e^{2x}+C}", "\\boxed{0.5e^{2x}+C}"),
]
DIFFERENT = [
    ("2x", "2"),
    ("\\boxed{(1,2)}", "\\boxed{[1,2]}"),
    ("\\boxed{(1,2)}", "\\boxed{(2,1)}"),
    ("\\boxed{2^{100}}", "1267650600228229401496703205377"),
    ("9^{9^{9}}", "9^{9^{8}}"),
    ("\\boxed{x+1}", "x+2"),
    ("\\boxed{6\\pi}", "18.8"),
    ("\\boxed{\\sqrt{2}}", "1.4"),
    ("\\boxed{\\infty}", "-\\infty"),
    ("\\boxed{x<3}", "\\boxed{x\\le 3}"),
    ("\\boxed{\\text{even}}", "\\boxed{odd}"),
    ("\\boxed{1 5}", "\\boxed{5 1}"),
    ("\\boxed{\\{1,2\\}}", "\\boxed{\\{1,2,3\\}}"),
]


def alike(a: str, b: str) -> bool:
    first, second = extract_answer(a, kind="math"), extract_answer(b, kind="math")
    if first is None or second is None:
        return False
    assert equivalent(first, second) == equivalent(second, first)
    return equivalent(first, second)


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same(a: str, b: str) -> None:
    assert alike(a, b)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different(a: str, b: str) -> None:
    assert not alike(a, b)


@pytest.mark.parametrize(
    "text",
    [
        "9^{9^{9^{9}}}",
        "\\boxed{9^{9^{9}}}",
        "\\boxed{" * 3000,
        "(" * 50_000,
        "\\boxed{" + "\\frac{" * 80 + "1" + "}{2}" * 80 + "}",
        "\\boxed{" + "-" * 500 + "1}",
        "\\boxed{10000000!}",
        "\\boxed{\\binom{10^9}{10^8}}",
        "\\boxed{2^{2^{2^{2^{2^{2}}}}}}",
        "\\boxed{\\sqrt[10^9]{2}}",
        "\\boxed{x^{x^{x^{x}}}}",
        "\\boxed{" + "1" * 590 + "}",
        "$" * 100_000,
        "\\( " * 30_000,
    ],
)
def test_hostile_mathematics_is_quick(text: str) -> None:
    start = time.thread_time()
    verdict = vote([text, text + " ", "\\boxed{7}"], kind="math")
    assert time.thread_time() - start < 1.0
    assert verdict.tally


def test_mixed_spellings_vote_together() -> None:
    verdict = vote(["\\boxed{1/2}", "so it is 0.5", "50\\%", "\\boxed{\\frac{2}{3}}"], kind="math")
    assert verdict.answer == "0.5"
    assert verdict.tally[0]["samples"] == [0, 1, 2]
