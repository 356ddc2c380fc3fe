"""Answers in double square brackets."""

import pytest

from avengers_graph.voting import equivalent, extract_answer, is_correct
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.bracketed import double_bracketed, parts, text_form


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("[[*]]", "*"),
        ("[[$]]", "$"),
        ("[[AB$]]", "AB$"),
        ("[[$x+1$]]", "x+1"),
        ("[[**A**]]", "A"),
        ("\\[\\[[A];[B]\\]\\]", "[A];[B]"),
        ("\\[[[7]]\\]", "7"),
        ("[[\\text{A}]]", "A"),
        ("[[A.]]", "A"),
        ("[[.]]", "."),
        ("[[A]] and [[B]]", "B"),
        ("[[" + "x" * 3000 + "]]", None),
        ("no brackets", None),
    ],
)
def test_contents(text: str, content: str | None) -> None:
    found = extract_answer(text, kind="bracketed")
    assert (found.text if found else None) == content


def test_brackets_inside_brackets_are_balanced() -> None:
    assert next(double_bracketed("[[a[1], b[2]]]")) == "a[1], b[2]"
    assert next(double_bracketed("[[[1,2],[3,4]]]")) == "[1,2],[3,4]"
    assert list(double_bracketed("[[a]] [[b]]")) == ["b", "a"]
    assert parts("A];[B") == ("A", "B")
    assert parts("A; B") == ("A", "B")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1 2, 2 1", "1 2,2 1"),
        ("12 + 3", "12+3"),
        ('"True"', "true"),
        ("KYWZODY", "kywzody"),
        ("aB c", "aB c"),
        ('!"', '!"'),
        ("p \\to q", "p→q"),
        ("AB$", "ab$"),
        ("$a$ + $b$", "a+b"),
    ],
)
def test_the_form_in_which_texts_compare(text: str, form: str) -> None:
    assert text_form(text) == form


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("1,2", "2,1", False),
        ("1,2", "1, 2", True),
        ("{1,2}", "2,1", True),
        ("5 or -2", "-2, 5", True),
        ("A C T,0 A 0", "A C T,0 C 0", False),
        ("1 Misty,2 Vicki", "1 Vicki,2 Misty", False),
        ("C0FFEE", "F00D", False),
        ("0km", "00", False),
        ("AB$", "AB", False),
        ("1+1=3", "2+2=5", False),
        ("1+2*3=7", "2*3+1=7", True),
        ("7*4+2", "7*5+2-7", False),
        ("2^4", "16", False),
        ("¬p", "p", False),
        ("p → q", "q → p", False),
        ("5 1", "51", False),
        ("news paper", "newsp aper", False),
        ("HELLO WORLD", "HELLOWORLD", True),
        ("P Y H", "PYH", True),
        ("aB", "Ab", False),
        ("2x + cosx", "cos(x) + 2x", True),
        ("((1,2),(3,4))", "(1,2),(3,4)", True),
        ("X≥6", "X>6", False),
        ("x=1, y=2", "y=2,x=1", True),
        ("49 + \\sqrt{14}", "49+sqrt(14)", True),
        ("A];[B", "A;B", True),
        ("A;B", "B;A", False),
        ("23/2", "11.5", True),
    ],
)
def test_sameness(a: str, b: str, same: bool) -> None:
    assert equivalent(Answer(a, "bracketed"), Answer(b, "bracketed")) is same
    assert equivalent(Answer(b, "bracketed"), Answer(a, "bracketed")) is same


@pytest.mark.parametrize(
    ("text", "reference", "right"),
    [
        ("[[news paper]]", "[[newspaper]]", True),
        ("[[news paper]]", "[[newsp aper]]", True),
        ("[[2,1]]", "[[1,2]]", False),
        ("[[All theists are]]", "[[Alltheistsare.]]", True),
    ],
)
def test_grading_takes_no_notice_of_spaces(text: str, reference: str, right: bool) -> None:
    assert is_correct(text, reference, kind="bracketed") is right
