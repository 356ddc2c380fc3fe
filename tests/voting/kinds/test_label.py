"""Labels of a closed list, named among others."""

import pytest

from avengers_graph.voting import extract_answer, vote

QUESTION = "Which emotion is it? One of: joy, anger, sadness, fear, surprise, neutral."


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("not joy but anger", "anger"),
        ("It is sad.", "sadness"),
        ("angry", "anger"),
        ("joy rather than anger", "joy"),
        ("The emotion is anger, not joy.", "anger"),
        ("While there is some anger, the main emotion is sadness.", "sadness"),
        ("joy or fear", None),
        ("\\boxed{\\text{disgust}} though joy", None),
        ("<answer>joy</answer>", "joy"),
        ("Emotion: surprised", "surprise"),
        ("The speaker is frightened", None),
        ("neutral", "neutral"),
        ("It expresses anger instead of fear", "anger"),
        ("neither joy nor anger; it is neutral", "neutral"),
        ("I'd classify this as sadness.", "sadness"),
        ("This isn't anger. It is fear.", "fear"),
        ("joyful", "joy"),
        ("Answer: Joy\n\nUtterance: Hm\nAnswer: fear", "joy"),
    ],
)
def test_the_label_that_is_meant(text: str, label: str | None) -> None:
    found = extract_answer(text, kind="label", question=QUESTION)
    assert (found.text if found else None) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Joy. The speaker says that the", "joy"),
        ("I would say sadness. The speaker has lost", "sadness"),
        ("The text conveys fear, which is shown by\n\nthe words", "fear"),
        ("This can be classified as anger. The", "anger"),
        ("The emotion is indicated by joyful words such", None),
        ("We need to determine whether the text expresses joy. The", None),
        ("The text may express joy or anger. It", None),
        ("The text expresses joy", None),
    ],
)
def test_a_label_is_read_of_a_text_that_was_cut_off_where_its_first_sentence_names_it(
    text: str, label: str | None
) -> None:
    question = "Which emotion is it? Answer with one of: joy, sadness, anger, fear."
    verdict = vote([{"text": text, "finish_reason": "length"}], kind="label", question=question)
    assert verdict.answer == label
