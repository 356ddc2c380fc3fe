"""Labels of a closed list, named among others."""

import pytest

from avengers_graph.voting import extract_answer

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
