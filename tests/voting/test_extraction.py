"""Answers out of single texts, kind by kind."""

import pytest

from avengers_graph.errors import ConfigError
from avengers_graph.voting import equivalent, extract_answer, is_correct

MAMMALS = "Which is a mammal?\nA. dog\nB. eagle\nC. salmon\nD. A bee"
CAPITAL = "What is the capital of France?"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{1/2}", "0.5"),
        ("\\boxed{\\frac{1}{2}}", "0.5"),
        ("\\boxed{\\frac12}", "0.5"),
        ("50\\%", "0.5"),
        ("½", "0.5"),
        ("first \\boxed{3}, then \\boxed{\\text{4 dogs}}", "4"),
        ("The answer is $1,234,567.", "1234567"),
        ("1 000 000", "1000000"),
        ("1{,}000", "1000"),
        ("1.5 \\times 10^{3}", "1500"),
        ("2.5e-2", "0.025"),
        ("3 1/2", "3.5"),
        ("2\\frac{1}{4}", "2.25"),
        ("twenty-one", "21"),
        ("minus two", "-2"),
        ("٣٤", "34"),
        ("１２", "12"),
        ("\\$18.00", "18"),
        ("x = -5", "-5"),
        ("2 million", "2000000"),
        ("Total: 3 + 4 = 7 apples.", "7"),
        ("10-3 = 7", "7"),
        ("#### 42", "42"),
        ("She pays 3 dollars each.\n\nFinal answer: **12** dollars", "12"),
        ("9" * 500, None),
        ("1e99999", None),
        ("no number here", None),
        ("The answer is one of the following", None),
        ("答案是 42。", "42"),
    ],
)
def test_numbers(text: str, answer: str | None) -> None:
    found = extract_answer(text, kind="number")
    assert (found.text if found else None) == answer


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("0.5", "1/2", True),
        ("0.667", "2/3", True),
        ("0.67", "2/3", True),
        ("0.7", "2/3", False),
        ("3.14", "3.14159", True),
        ("3.1", "3.14159", False),
        ("18", "18.004", False),
        ("18", "18.00", True),
        ("0.1", "0.12", False),
        ("1/3", "2/6", True),
    ],
)
def test_numbers_alike(a: str, b: str, alike: bool) -> None:
    first, second = extract_answer(a, kind="number"), extract_answer(b, kind="number")
    assert first is not None
    assert second is not None
    assert equivalent(first, second) is alike
    assert equivalent(second, first) is alike


def test_percentages_follow_the_question() -> None:
    question = "What percent of the students passed?"
    for text in ("50%", "50", "1/2", "50 percent"):
        found = extract_answer(text, kind="number", question=question)
        assert found is not None
        assert found.text == "50"


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("**B.**", "B"),
        ("Answer: B", "B"),
        ("The answer is eagle.", "B"),
        ("Eagle", "B"),
        ("The correct option is (C) salmon", "C"),
        ("A dog", "A"),
        ("\\boxed{\\text{D}}", "D"),
        ("D. A bee", "D"),
        ("a)", "A"),
        ("A or B", None),
        ("It might be dog or eagle", None),
        ("The dog is a mammal. Therefore A.", "A"),
        ("E", None),
        ("答案是 B", "B"),
        ("所以答案：(C)", "C"),
        ("La respuesta es B", "B"),
        ("Die Antwort ist (C).", "C"),
        ("I think that is hard", None),
    ],
)
def test_choices(text: str, letter: str | None) -> None:
    found = extract_answer(text, question=MAMMALS)
    assert (found.text if found else None) == letter
    assert found is None or found.kind == "choice"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes, it is.", "yes"),
        ("No.", "no"),
        ("The statement is true.", "yes"),
        ("This is not true", "no"),
        ("**False**", "no"),
        ("I do not know.", None),
        ("It could be yes or no", None),
        ("Yes and no.", None),
        ("No one knows, but the answer is yes", "yes"),
    ],
)
def test_yes_no(text: str, said: str | None) -> None:
    found = extract_answer(text, kind="yes_no")
    assert (found.text if found else None) == said


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Paris", True),
        ("paris.", True),
        ("**Paris**", True),
        ("The capital of France is Paris.", True),
        ("The capital city of France is Paris, which lies on the Seine.", True),
        ("Paris is the capital of France.", True),
        ("Paris, France", True),
        ("Paris or London", False),
        ("It is not Paris", False),
        ("London", False),
        ("", False),
    ],
)
def test_short_text_is_graded(text: str, right: bool) -> None:
    assert is_correct(text, "Paris", kind="text", question=CAPITAL) is right


def test_short_text_is_graded_without_the_question() -> None:
    assert is_correct("The capital is Paris.", "Paris", kind="text")
    assert not is_correct("The capital is Paris or London.", "Paris", kind="text")


def test_reasoning_is_not_read() -> None:
    assert extract_answer("<think>maybe 7</think>The answer is 8", kind="number").text == "8"
    assert extract_answer("so maybe 7</think> 8", kind="number").text == "8"
    assert extract_answer("<think>maybe 7", kind="number") is None


def test_refusals_and_empty_texts_abstain() -> None:
    assert extract_answer("I'm sorry, but I can't help with that 1 thing.", kind="number") is None
    assert extract_answer("   ", kind="text") is None


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ConfigError, match="'numbr'"):
        extract_answer("1", kind="numbr")
