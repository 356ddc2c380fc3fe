"""What a question tells about its answer."""

import pytest

from avengers_graph.voting import infer_kind
from avengers_graph.voting.question import find_labels, find_options


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Which is a mammal?\nA. dog\nB. eagle", "choice"),
        ("Is it valid? A. Yes B. No", "choice"),
        ("Is water wet? Answer yes or no.", "yes_no"),
        ("Is the Earth flat?", "yes_no"),
        ("True or false: 3 is even.", "yes_no"),
        ("How many eggs will she eat?", "number"),
        ("What is 12 * 7?", "number"),
        ("What is the sum of 3 and 4?", "number"),
        ("Simplify $\\frac{2x}{4}$.", "math"),
        ("Compute a. Wrap the answer in double square brackets, like this: [[your answer]].",
         "bracketed"),
        ("Write a Python function that reverses a string.", "code"),
        ("Which emotion is it? Answer with one of: joy, anger, fear.", "label"),
        ("Give the city as JSON with keys name and country.", "json"),
        ("On what date did the war end?", "date"),
        ("Name three primary colours.", "list"),
        ("What is the capital of France?", "text"),
        ("Explain why the sky is blue.", "free_text"),
        ("Hello there", None),
        ("What is 15% of 80?", "number"),
        ("Solve x^2=4.", "math"),
        ("Choose the sentiment: positive, negative, neutral", "label"),
        ('What is the sentiment of "I loved it"? (positive/negative)', "label"),
        ("What does this print?\nprint([[1, 2], [3, 4]][0])", None),
        ("Which animal is it? The answer format: [[animal]]", "bracketed"),
        ("How many true/false questions did Amy get right?", "number"),
        ("A pen costs $2 and a book $3. How much is it in all?", "number"),
        ("Find $x$ if $2x = 4$.", "math"),
        ("What does HTTP stand for?", "text"),
        ("", None),
    ],
)  # fmt: skip
def test_kind_from_the_question(question: str, kind: str | None) -> None:
    assert infer_kind(question) == kind


def test_options_in_a_row_are_found() -> None:
    text = "What?\nOptions: A. Cyber experts##B. Anakin##C.Police forces##D. Clones\nPick one."
    assert find_options(text) == (
        ("A", "Cyber experts"),
        ("B", "Anakin"),
        ("C", "Police forces"),
        ("D", "Clones"),
    )


def test_options_beyond_j() -> None:
    text = "Pick:\n" + "\n".join(f"({chr(65 + i)}) thing {i}" for i in range(14))
    assert [letter for letter, _ in find_options(text)] == [chr(65 + i) for i in range(14)]


def test_labels_are_found() -> None:
    assert find_labels("Reply with one of the following emotions: joy, anger, or fear.") == (
        "joy",
        "anger",
        "fear",
    )
    assert find_labels("Nothing to choose here") == ()
