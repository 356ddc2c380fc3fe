"""Yes or no, in the languages they are said in."""

import pytest

from avengers_graph.voting import extract_answer, vote


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No doubt: yes.", "yes"),
        ("No, wait, yes.", "yes"),
        ("Yes, there is no doubt.", "yes"),
        ("No evidence supports this, so no.", "no"),
        ("No the earth is round", "no"),
        ("No information is given.", None),
        ("No human can fly.", None),
        ("Yes. \\boxed{\\text{Cannot be determined}}", None),
        ("So the answer is yes.\n\nQ: Do hamsters fly?\nA: So the answer is no.", "yes"),
        ("<answer>No</answer>", "no"),
        ("Nein, das ist falsch.", "no"),
        ("Die Aussage ist nicht wahr.", "no"),
        ("Oui, bien sûr.", "yes"),
        ("Sí, es correcto.", "yes"),
        ("A resposta é não.", "no"),
        ("Правильный ответ: да", "yes"),
        ("不是", "no"),
        ("答案是：是", "yes"),
        ("정답은 예입니다", "yes"),
        ("はい、そうです。", "yes"),
    ],
)
def test_what_a_text_says(text: str, said: str | None) -> None:
    found = extract_answer(text, kind="yes_no")
    assert (found.text if found else None) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No.\n\nThis is a classic example of", "no"),
        ("No, a person cannot feel calm when they", "no"),
        ("Yes: the number is divisible by", "yes"),
        ("Nein, denn die Zahl", "no"),
        ("Yes", None),
        ("Yes, ", None),
        ("No information is given. We", None),
        ("We look at whether it is true. It", None),
    ],
)
def test_an_opening_answers_though_the_rest_was_cut_off(text: str, said: str | None) -> None:
    verdict = vote([{"text": text, "finish_reason": "length"}], kind="yes_no")
    assert verdict.answer == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Definitely not.", "no"), ("Not at all.", "no"), ("I don't think so.", "no"),
        ("Absolutely.", "yes"), ("Of course!", "yes"), ("Of course not.", "no"),
        ("Sure, I would be happy to help with that. It is odd.", None),
        ("不，不可以。", "no"), ("不", "no"),
    ],
)  # fmt: skip
def test_an_opening_says_yes_or_no_in_other_words(text: str, said: str | None) -> None:
    found = extract_answer(text, kind="yes_no")
    assert (found.text if found else None) == said
