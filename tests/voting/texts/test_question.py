"""What a question tells about its answer."""

import pytest

from avengers_graph.voting import infer_kind, possible_answers
from avengers_graph.voting.texts.question import find_labels, find_options, read_question


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


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Do you know who wrote Hamlet?", "text"),
        ("What is the speed (miles/hour)?", "number"),
        ("You can choose between red, blue and green balls. How many ways are there?", "number"),
        ("options: a, b, c. How many are there?", "number"),
        ("Point A. Point B. Point C are on a line. What is the distance AC?", "number"),
        ('[asy]\ndraw(A--B);\nlabel("$A$", A, N); label("$B$", B, S);\n[/asy]\nFind $AB$.', "math"),
        ("Define a function f(x) = x^2 + 1. What is f(3)?", None),
        ("What is the largest integer less than 1500?", "number"),
        ("Is it raining or not?", "yes_no"),
        ("Is the Earth flat?", "yes_no"),
        ("Can you tell me how many legs a spider has?", "number"),
        ("Could you tell me whether it is true?", "yes_no"),
        ("Wie viele Äpfel hat Anna?", "number"),
        ("¿Cuántas manzanas tiene Ana?", "number"),
        ("小明有多少个苹果？", "number"),
        ("Сколько яблок у Ани?", "number"),
        ("地球是圆的吗？", "yes_no"),
        ("Wann endete der Krieg?", "date"),
        ("Follow [[answer]] to give your answer.", "bracketed"),
        ("Follow [[..]] to give your answer", "bracketed"),
        ("Write a program that prints 1.", "code"),
        ("Write a Python function that reverses a string.", "code"),
        ("Is 7 prime?", "yes_no"),
        ("Are there any cats or dogs in the house?", "yes_no"),
        ("Which options apply? (A) red (B) blue", "choice"),
    ],
)
def test_what_only_looks_like_another_kind(question: str, kind: str | None) -> None:
    assert infer_kind(question) == kind


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("Is a tomato a fruit or a vegetable?", ("fruit", "vegetable")),
        ("Is it positive or negative?", ("positive", "negative")),
        ("Is the lamp on or off?", ("on", "off")),
        ("Which is heavier, iron or wood?", ("iron", "wood")),
        ("Is the mood happy, sad or angry?", ("happy", "sad", "angry")),
        ("Is Paris larger or smaller than Rome?", ("larger", "smaller")),
        ("Did Ann or Bob win?", ("Ann", "Bob")),
        ("Classify the emotion as one of: joy, anger, fear.", ("joy", "anger", "fear")),
        (
            "Classify it into one of the following emotions: joy, anger, neutral.\nUtterance: Hi.",
            ("joy", "anger", "neutral"),
        ),
        ("Possible labels: [joy, anger, neutral]. Text: hi", ("joy", "anger", "neutral")),
        ("Choose from the following list: joy, anger, neutral", ("joy", "anger", "neutral")),
        ("The emotion must be one of joy, anger or neutral.", ("joy", "anger", "neutral")),
        ("Emotions: joy / anger / fear\nWhat is the emotion of 'hi'?", ("joy", "anger", "fear")),
        ("Labels:\n- joy\n- anger\n- fear\nText: hi", ("joy", "anger", "fear")),
        (
            "Categories:\n1. sports\n2. politics\n3. science\nClassify the text.",
            ("sports", "politics", "science"),
        ),
        ("Select one emotion from {joy, anger, fear}.", ("joy", "anger", "fear")),
        ("Which emotion is expressed (joy, anger, or fear)?", ("joy", "anger", "fear")),
        ("Answer with either 'spam' or 'ham'.", ("spam", "ham")),
        (
            "It should be one of the following labels: entailment, neutral, contradiction.",
            ("entailment", "neutral", "contradiction"),
        ),
        ("Given the options ['joy', 'anger', 'fear'], which one fits?", ("joy", "anger", "fear")),
        (
            "What is the emotion? Possible answers are joy, anger and fear.",
            ("joy", "anger", "fear"),
        ),
        ("Respond with joy, anger, or fear only.", ("joy", "anger", "fear")),
        ("The possible emotions are: joy, anger, fear. Which one?", ("joy", "anger", "fear")),
    ],
)
def test_closed_lists_and_alternatives(question: str, labels: tuple[str, ...]) -> None:
    read = read_question(question)
    assert (read.kind, read.labels) == ("label", labels)


@pytest.mark.parametrize(
    ("question", "kind", "labels", "counted"),
    [
        ("Which one?\nA. red\nB. blue\nC. green", "choice", (), 3),
        ("Which one?", "choice", (), None),
        ("Is it so?", "yes_no", (), 2),
        ("Answer with one of: joy, anger or fear.", "label", (), 3),
        ("What is this mail?", "label", ("spam", "ham"), 2),
        ("What is this mail?", "label", ("spam",), None),
        ("What is 6 plus 7?", "number", (), None),
        ("Is it so?", None, (), None),
    ],
)
def test_the_answers_that_a_question_can_have_are_counted(
    question: str, kind: str | None, labels: tuple[str, ...], counted: int | None
) -> None:
    assert possible_answers(question, kind=kind, labels=labels) == counted
