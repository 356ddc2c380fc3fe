"""What is dressed in LaTeX is read alike by every kind."""

import pytest

from avengers_graph.voting import Answer, equivalent, extract_answer

COMMANDS = (
    *("text", "textbf", "textit", "textrm", "textsf", "texttt", "mbox", "hbox"),
    *("mathrm", "mathbf", "mathit", "mathsf", "rm", "bf", "operatorname", "operatorname*"),
)
CHOICES = "Which?\nA. an apple\nB. a pear\nC. a plum"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("kind", "content", "question", "answer"),
    [
        ("text", "Paris", None, "Paris"),
        ("choice", "B", CHOICES, "B"),
        ("bracketed", "[[B]]", None, "B"),
        ("number", "12 apples", None, "12"),
        ("math", "even", None, "even"),
    ],
)
def test_every_command(
    command: str, kind: str, content: str, question: str | None, answer: str
) -> None:
    inside = content.strip("[]")
    dressed = content.replace(inside, f"\\{command}{{{inside}}}")
    read = extract_answer(f"\\boxed{{{dressed}}}", kind=kind, question=question)
    assert read is not None
    assert read.text == answer


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("3\\text{m}", "3", True),
        ("3\\mathrm{m}", "3", False),
        ("3\\mathrm{m}", "3m", True),
        ("3\\vec{m}", "3m", True),
        ("3\\vec{m}", "3", False),
    ],
)
def test_in_a_formula_words_are_units_and_faces_are_symbols(a: str, b: str, same: bool) -> None:
    assert equivalent(Answer(a, "math"), Answer(b, "math")) is same
