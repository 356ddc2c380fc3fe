"""Where answers stand, where sentences end, and where the model's own text ends."""

import pytest

from avengers_graph.voting.texts.spans import boxed, own_answer, phrased, sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dr. Smith. He is known", "Dr. Smith"),
        ("J. K. Rowling. She wrote", "J. K. Rowling"),
        ("T. A. Lewis", "T. A. Lewis"),
        ("E. coli is one", "E. coli is one"),
        ("U.S. Army", "U.S. Army"),
        ("Washington, D.C. It is", "Washington, D.C"),
        ("Martin Luther King Jr. He", "Martin Luther King Jr"),
        ("No. It is not", "No"),
        ("No. 5", "No. 5"),
        ("B. It is", "B"),
        ("Paris. France is large", "Paris"),
        ('"Oh! Calcutta".', "Oh! Calcutta"),
        ("red; green", "red; green"),
        ("red; it is bright", "red"),
        ("答案是B。因为", "答案是B"),
        ("3.5 kg. So", "3.5 kg"),
    ],
)
def test_where_a_sentence_ends(text: str, said: str) -> None:
    assert sentence(text) == said


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("<answer>B</answer>", "B"),
        ("3 steps. <answer>42</answer> Done in 3 steps.", "42"),
        ("<answer>The answer is \\boxed{7}</answer>", "7"),
        ("<answer>The answer is 8.</answer>", "8."),
        ("\\boxed{6} and so <answer>5", "5"),
    ],
)
def test_an_answer_tag_comes_before_a_box(text: str, first: str) -> None:
    assert next(boxed(text)) == first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Die Antwort lautet: 5", "5"),
        ("La respuesta correcta es 5", "5"),
        ("Ответ — 5", "5"),
        ("答え：5", "5"),
        ("정답: 5", "5"),
        ("Answer:\n\n5", "5"),
    ],
)
def test_answer_phrases_of_other_languages(text: str, said: str) -> None:
    assert next(phrased(text)) == said


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("5\n\nPassage: In 1990.\nQuestion: x\nAnswer: 7", "5"),
        ("Question: a\nAnswer: 7\nQuestion: b\nAnswer: 8", "Question: a\nAnswer: 7"),
        ("The answer is 7. Question: If 8", "The answer is 7."),
        ("7<|im_end|>\n<|im_start|>user 8", "7"),
        ("The answer is 5.<think>or 6? The answer is 6</think>", "The answer is 5."),
        ("The answer is 5.\n<think>\nThe answer is 6", "The answer is 5."),
    ],
)
def test_what_follows_the_answer_is_not_read(text: str, own: str) -> None:
    assert own_answer(text).strip() == own


@pytest.mark.parametrize(
    "text",
    [
        "Let me restate it.\nQuestion: How many?\nAnswer: 7",
        "Q: How many?\nA: There are 7.",
        "Use `<think>` and `</think>` as tags.",
        "Step 1: add.\nStep 2: divide.\nResult: 7",
    ],
)
def test_a_text_without_an_answer_before_is_read_on(text: str) -> None:
    assert own_answer(text) == text
