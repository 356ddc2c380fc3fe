"""Outputs of small local models (SmolLM2-135M, Qwen2.5-Coder-0.5B and 1.5B), as they came.

Collected with the question set of this package at temperature 0.7; each line is one text of one
model with what a reader takes it to answer.
"""

import pytest

from avengers_graph.voting import extract_answer, is_correct, vote

MINUTES = "How many minutes are there in one hour? Answer with the number only."
POWER = "What is 2 to the power of 6? Answer with the number only."
PRINTS = (
    "What does this Python code print?\n```python\nprint(max(4, 9, 2))\n```\nAnswer "
    "with the number only."
)
HOLIDAY = (
    "Whenever it is a holiday, the shop is closed. The shop is closed today. Must "
    "today be a holiday? Answer yes or no."
)
LAMP = (
    "A lamp is on. Someone flips its switch once. Is the lamp now on or off? Answer "
    "with one of: off, on."
)
YOUNGEST = (
    "Ann is older than Bob. Bob is older than Cid. Who is the youngest? Answer with "
    "one of: Ann, Bob, Cid."
)
MONA = (
    "Who painted the Mona Lisa? Answer with one of: Claude Monet, Pablo Picasso, "
    "Leonardo da Vinci, Vincent van Gogh."
)
SQUARES = (
    "Which of these numbers is both a perfect square and a perfect cube?\nA) 16\nB) "
    "27\nC) 36\nD) 64\nAnswer with the letter only."
)
FRACTION = (
    "Which fraction is equal to 0.75?\nA) 2/3\nB) 3/4\nC) 4/5\nD) 5/8\nAnswer with the letter only."
)
SUNFLOWER = (
    'What does this Python code print?\n```python\nprint("sun" + '
    '"flower")\n```\nAnswer with the output only.'
)
WEDNESDAY = "Today is Wednesday. What day of the week will it be in 10 days? Answer with one word."

OUTPUTS = [
    ("number", MINUTES, "One hour has 240 minutes in it.", "240"),
    ("number", MINUTES, "1\n\nPlease provide the complete answer without the extra spaces", "1"),
    ("number", POWER, "2^6 = 6 * 25 = 125.", "125"),
    ("number", PRINTS, "The Python code will print 9.", "9"),
    ("number", PRINTS, "This Python code is printing the value of the `len(d)` function.", None),
    ("number", PRINTS, "The output is 2, which is the number of characters that are removed.", "2"),
    ("number", PRINTS, "The code will output `5` because `a` is a list of 4 integers.", "5"),
    ("number", "What is 25% of 80?", "25% of 80 is 0.25 * 80 = 17.25.", "17.25"),
    ("number", "What is 25% of 80?", "25% of 80 is 20.", "20"),
    ("number", "What is 12 times 13?", "12 times 13 is simply 26.", "26"),
    (
        "number",
        "Sam has 3 apples and gets 2 more. How many apples does Sam have now?",
        "Sam has 3 apples and 2 apples, so he has 3 + 2 = 5 apples.\nSam has now 3 + 5 = 8 "
        "apples."
        "\n\nThe answer is 8.",
        "8",
    ),
    ("yes_no", HOLIDAY, "No, today can't be a holiday because the shop is closed today.", "no"),
    ("yes_no", HOLIDAY, "The answer is Yes.", "yes"),
    ("yes_no", HOLIDAY, "The answer is not given.", None),
    ("yes_no", HOLIDAY, "I am a cat. No, I am not an animal.", "no"),
    ("yes_no", HOLIDAY, "A classic problem, but one that can be solved. The answer is yes.", "yes"),
    ("label", LAMP, "The lamp is currently off.\n\nThis answer is correct.", "off"),
    ("label", LAMP, "The lamp is still on.", "on"),
    ("label", YOUNGEST, "Cid is the youngest.", "Cid"),
    ("label", YOUNGEST, "Cid is not a solution to this question.", None),
    ("label", YOUNGEST, "Ann, Bob, and Cid are the only three of the three.", None),
    ("label", MONA, "Pablo Picasso", "Pablo Picasso"),
    ("label", MONA, "The Mona Lisa was painted by Leonardo da Vinci.", "Leonardo da Vinci"),
    ("choice", SQUARES, "A) 16 is a perfect square.", "A"),
    ("choice", SQUARES, "A) 16\nExplanation: The answer is D) 64.", "D"),
    ("choice", SQUARES, "16\n\n*16 is an integer that can be represented by 16.", "A"),
    ("choice", FRACTION, "1) B) 3/4\n\nA common fraction with a denominator of 10 is 3/4.", "B"),
    ("choice", FRACTION, "To find it, we need to find the fraction that equals 75%.", None),
    ("choice", FRACTION, "The correct answer is B) 3/4.", "B"),
    ("text", SUNFLOWER, "sunflower", "sunflower"),
    (
        "text",
        SUNFLOWER,
        'This Python code prints the string "Sunflower" on the screen.',
        "Sunflower",
    ),
    ("text", SUNFLOWER, 'This Python code will output: "python123"', "python123"),
    ("text", WEDNESDAY, "Thursday", "Thursday"),
    ("text", WEDNESDAY, "Today's day of the week is Wednesday.", "Wednesday"),
    ("list", "List the primary colours.", "Red, Yellow, Green, Blue", "Red, Yellow, Green, Blue"),
    (
        "list",
        "Name three fruits.",
        "Three fruits are apple, banana, and orange.",
        "apple, banana, orange",
    ),
    ("list", "Name three fruits.", "I'm sorry, but I can't assist with that.", None),
    (
        "date",
        "On what date did World War II end in Europe?",
        "World War II ended in Europe on July 1, 1945.",
        "1945-07-01",
    ),
    ("date", "What is the date of Christmas Day in 2023?", "2023-12-25", "2023-12-25"),
    ("bracketed", "What is 3 + 4? Use the format [[answer]].", "[[3 + 4]]", "3 + 4"),
    ("bracketed", "What is 3 + 4? Use the format [[answer]].", "[[17]]", "17"),
    (
        "code",
        "Write a Python function add(a, b).",
        "Certainly! Below is a simple Python function that adds two numbers:\n\n```python\n"
        "def add(a, b):\n    return a + b\n```\n\nThis function takes two parameters, `a` and `b`, "
        "and returns their sum. You can call this function with any two",
        "def add(a, b):\n    return a + b",
    ),
    (
        "json",
        "Extract the name and age as JSON.",
        '```json\n{\n  "name": "Tom",\n  "age": 31\n}\n```',
        '{"age": 31, "name": "Tom"}',
    ),
    (
        "tool_calls",
        "What is the weather in Oslo?",
        '{"name": "get_weather", "arguments": {"city": "Oslo"}}',
        '[{"name": "get_weather", "args": {"city": "Oslo"}}]',
    ),
    (
        "free_text",
        "Explain in one sentence why the sky is blue.",
        "The blue sky is due to the interaction between the Earth's atmosphere and the Sun.",
        "The blue sky is due to the interaction between the Earth's atmosphere and the Sun.",
    ),
    ("text", "What is the capital of Burkina Faso? Answer with one word.", "Mbabala.", "Mbabala"),
]


@pytest.mark.parametrize(("kind", "question", "text", "answer"), OUTPUTS)
def test_read_as_a_person_would(kind: str, question: str, text: str, answer: str | None) -> None:
    found = extract_answer(text, kind=kind, question=question)
    assert (found.text if found else None) == answer


def test_graded_as_a_person_would() -> None:
    assert is_correct("The Python code will print 9.", "9", kind="number", question=PRINTS)
    assert is_correct('It prints the string "Sunflower".', "sunflower", kind="text",
                      question=SUNFLOWER)  # fmt: skip
    assert not is_correct("Ann, Bob, and Cid", "Cid", kind="label", question=YOUNGEST)


def test_a_derivation_cut_off_at_the_token_limit_abstains() -> None:
    text = (
        "To expand \\((x+1)(x+2)\\), we will use the distributive property, which states that "
        "\\(a(b+c) = ab + ac\\). Here, \\(a = x\\) and \\(b = x+2\\), so we substitute these into "
        "the formula:\n\n\\[\n(x+1)(x+2) = x(x+2) + x(2)\n\\]\n\nNow, we perform the "
        "multiplications:"
        "\n\n\\[\nx(x+2) = x^2 + 2x\n\\]\n\\[\nx(2) = 2x\n\\]\n\nSo the expanded form is:\n\n\\[\n"
        "x^2 + 2x + 2x"
    )
    cut = {"text": text, "finish_reason": "length", "error": None}
    verdict = vote([cut, "\\boxed{x^2+3x+2}"], kind="math")
    assert (verdict.winner, verdict.abstained) == (1, [0])
