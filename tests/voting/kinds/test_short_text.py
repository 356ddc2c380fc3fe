"""Short answers: what a sentence adds to the question, and sentences that hedge."""

import pytest

from avengers_graph.voting import extract_answer, is_correct

CAPITAL = "What is the capital of France?"


@pytest.mark.parametrize(
    "sentence",
    [
        "The capital of France is Paris",
        "Paris is the capital of France",
        "It's Paris",
        "Paris, France",
    ],
)
def test_what_repeats_the_question_is_left_out(sentence: str) -> None:
    found = extract_answer(f"{sentence}.", kind="text", question=CAPITAL)
    assert found is not None
    assert found.text == "Paris"


@pytest.mark.parametrize(
    "sentence",
    [
        "The capital of France is not Lyon",
        "The capital of France is probably Paris",
        "The capital of France is either Paris or Lyon",
        "Maybe the capital of France is Paris",
        "Neither capital of France is Paris",
        "Perhaps Paris is the capital of France",
        "Paris or Lyon is the capital of France",
    ],
)
def test_a_sentence_that_hedges_is_no_shorter_answer(sentence: str) -> None:
    found = extract_answer(f"{sentence}.", kind="text", question=CAPITAL)
    assert found is not None
    assert found.text == sentence
    assert not is_correct(f"{sentence}.", "Paris", kind="text", question=CAPITAL)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Not Paris.", False),
        ("Paris or Lyon.", False),
        ("The city is Paris.", True),
        ("Paris, which is the capital.", True),
    ],
)
def test_a_sentence_names_the_reference_alone(text: str, right: bool) -> None:
    question = "Which city is the capital, Paris or Lyon? It is not Nice."
    assert is_correct(text, "Paris", kind="text", question=question) is right
