"""Grading against references as data sets hold them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.errors import ConfigError
from avengers_graph.voting import KINDS, is_correct


@pytest.mark.parametrize(
    ("kind", "question", "reference"),
    [
        ("math", "Is the function even, odd or neither?", "\\text{even}"),
        ("math", "Which of these?", "\\text{(B)}"),
        ("math", "Who won?", "\\text{Evelyn}"),
        ("number", "Who won?", "Evelyn"),
        ("number", "When?", "no solution"),
        ("choice", "Which?\nA. dog\nB. cat", "(B)"),
        ("choice", "Which?\nA. dog\nB. cat", "\\text{(B)}"),
        ("choice", "Which?\nA. dog\nB. cat", "none of them"),
        ("date", "When was it?", "unknown"),
        ("yes_no", "Is it so?", "Unknown"),
        ("label", "One of: joy, fear.", "grief"),
        ("json", "Give it as JSON.", "not JSON"),
        ("list", "Name three.", "a, b, c"),
        ("text", "Which closes it?", "] ) }"),
        ("auto", "How many?", "several"),
        ("auto", None, "J. K. Rowling"),
    ],
)
def test_a_reference_is_right_by_itself(kind: str, question: str | None, reference: str) -> None:
    assert is_correct(reference, reference, kind=kind, question=question)
    assert not is_correct("something else", reference, kind=kind, question=question)
    assert not is_correct("", reference, kind=kind, question=question)


@pytest.mark.parametrize(
    ("text", "reference", "kind", "question"),
    [
        ("The answer is (B).", "\\text{(B)}", "math", None),
        ("The function is even.", "\\text{even}", "math", "Is it even or odd?"),
        ("\\boxed{\\text{Evelyn}}", "\\text{Evelyn}", "math", "Who won?"),
        ("The answer is Wednesday.", "\\text{Wednesday}", "math", "Which day is it?"),
        ("The answer is (B).", "(B)", "choice", "Which?\nA. x\nB. y"),
        ("It fell on May 1, 2021.", "2021-05-01", "date", "When?"),
    ],
)
def test_a_sentence_that_says_the_reference_is_right(
    text: str, reference: str, kind: str, question: str | None
) -> None:
    assert is_correct(text, reference, kind=kind, question=question)


def test_another_word_is_wrong() -> None:
    question = "Is it even or odd?"
    assert not is_correct("\\boxed{\\text{odd}}", "\\text{even}", kind="math", question=question)
    assert not is_correct("It is odd.", "\\text{even}", kind="math", question=question)


@pytest.mark.parametrize("kind", ["number", "math"])
def test_a_percentage_is_right_for_a_bare_reference(kind: str) -> None:
    assert is_correct("The answer is 70%.", "70", kind=kind)
    assert is_correct("The answer is 70%.", "0.7", kind=kind)
    assert not is_correct("The answer is 7%.", "70", kind=kind)


@pytest.mark.parametrize("kind", ["number", "math"])
def test_no_percentage_is_right_for_a_hundredfold_one(kind: str) -> None:
    assert not is_correct("The answer is 70.", "70%", kind=kind)
    assert not is_correct("The answer is 0.7%.", "70%", kind=kind)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ConfigError, match="'numbr'"):
        is_correct("1", "1", kind="numbr")


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=60),
    reference=st.text(max_size=60),
    kind=st.sampled_from(["auto", *KINDS]),
)
def test_no_reference_ends_a_run(text: str, reference: str, kind: str) -> None:
    assert is_correct(text, reference, kind=kind) in (True, False)
