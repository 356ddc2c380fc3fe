"""Multiple choice: which letters are choices, and which are none."""

import pytest

from avengers_graph.voting import extract_answer

ANIMALS = (
    "Which?\nA. dog\nB. eagle\nC. salmon\nD. bee\nE. fox\nF. cow\nG. horse\nH. ant\nI. owl\nJ. elk"
)
SEVERAL = "Select all that apply.\nA. dog\nB. eagle\nC. salmon\nD. bee"
VALUES = "R?\nA. 266 ohms\nB. 1/2\nC. $\\frac{\\sqrt{3}}{2}$\nD. 12 m/s"


def letter(text: str, question: str) -> str | None:
    found = extract_answer(text, kind="choice", question=question)
    return found.text if found else None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thus B.", "B"),
        ("I choose B.", "B"),
        ("Final answer - B", "B"),
        ("Ans: B", "B"),
        ("I would pick B - a safe choice.", "B"),
        ("The option I would pick is B", "B"),
        ("for an answer I get G", "G"),
        ("It must be B.", "B"),
        ("rules out C, leaving D", "D"),
        ("not B, the answer is D", "D"),
        ("Option A is wrong. Option B is right.", "B"),
        ("(A) is incorrect. (B) is correct.", "B"),
        ("B because A, C and D are wrong", "B"),
        ("The answer is B, not C.", "B"),
        ("The answer is A. I think so.", "A"),
        ("<answer>(C) salmon</answer>", "C"),
        ("The answer is B.\n\nQuestion: And then?\nAnswer: C", "B"),
        ("Choose I", "I"),
        ("故选B", "B"),
        ("只有选项B是对的", "B"),
        ("正确答案是（B）", "B"),
        ("B选项正确", "B"),
        ("정답은 B입니다", "B"),
        ("正解はBです", "B"),
        ("la opción B", "B"),
        ("La risposta corretta è B", "B"),
        ("A resposta correta é a letra B", "B"),
        ("Верный вариант — B", "B"),
        ("Option B ist richtig", "B"),
    ],
)
def test_what_is_a_choice(text: str, said: str) -> None:
    assert letter(text, ANIMALS) == said


@pytest.mark.parametrize(
    "text",
    [
        "\\boxed{A, B}",
        "The answer is B or C.",
        "A, B and D",
        "A/B",
        "The answer is (B) eagle or (C) salmon",
        "shear modulus (G) is 80 GPa",
        "I believe G = 5",
        "Vitamin C is good",
        "So C is a constant.",
        "A good question!",
        "I am not sure.",
        "\\boxed{\\text{None of these}} but (B) is close",
        "None of the above",
        "#### (a) The current\nIt flows.",
    ],
)
def test_what_is_none(text: str) -> None:
    assert letter(text, ANIMALS) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\\boxed{A, B}", "A, B"),
        ("The answer is B and A.", "A, B"),
        ("(A) dog and (C) salmon", "A, C"),
        ("答案：ACD", "A, C, D"),
        ("A", "A"),
    ],
)
def test_several_letters_where_the_question_asks_for_them(text: str, said: str) -> None:
    assert letter(text, SEVERAL) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\\boxed{266}", "A"),
        ("\\boxed{0.5}", "B"),
        ("\\boxed{\\frac{\\sqrt{3}}{2}}", "C"),
        ("\\boxed{12}", "D"),
        ("\\boxed{13}", None),
    ],
)
def test_the_value_of_an_option_is_its_letter(text: str, said: str | None) -> None:
    assert letter(text, VALUES) == said


THINKING = (
    "To find the animal, we look at each of them in turn and ask what is known of its habits. "
    "The dog barks, so the index of sociability (G) comes to 0.8 in most studies of the kind.\n\n"
)


@pytest.mark.parametrize(
    "text",
    [
        THINKING
        + "Substituting, we have \\[ A = \\frac{C}{D} \\]\n\nC = 4 and the value of B then",
        THINKING + "Let us evaluate the choices:\n\nA. dog - too loud for the purpose.\nB. eagle",
        THINKING + "1. **Option A:**\n   - It barks.\n2. **Option B:**\n   - It flies above the",
        THINKING + "The remaining one is therefore given by \\[ h = ",
    ],
)
def test_texts_that_just_stop_choose_nothing(text: str) -> None:
    assert letter(text, ANIMALS) is None


@pytest.mark.parametrize("gap", [" ", "\n\n"])
@pytest.mark.parametrize(
    ("ending", "letter"),
    [
        ("**B.**", "B"), ("**(B)**", "B"), ("**Option B**", "B"), ("So **B**.", "B"),
        ("Thus, *B*.", "B"), ("**A** fails, **B** holds.", None),
        ("The rate **B** * 2 is fine.", None), ("A * B = 3", None),
    ],
)  # fmt: skip
def test_a_letter_in_bold_at_the_end_is_the_choice(
    ending: str, letter: str | None, gap: str
) -> None:
    question = "Which one?\nA. a red apple\nB. a green pear\nC. a plum\nD. none of these"
    text = "Looking at each of them in turn, most fail." * 5 + gap + ending
    found = extract_answer(text, kind="choice", question=question)
    assert (found.text if found else None) == letter
