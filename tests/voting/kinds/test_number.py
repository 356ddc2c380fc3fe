"""The number that a text answers with."""

import pytest

from avengers_graph.voting import equivalent, extract_answer, is_correct, vote
from avengers_graph.voting.answer import Answer

MILES = "A car covers 40 miles an hour. How many miles does it cover in 3 hours?"
APPLES = "There are 40 apples. How many of them are red?"
PERCENT = "What percentage of the apples is red?"


def shown(text: str, question: str | None = None) -> str | None:
    found = extract_answer(text, kind="number", question=question)
    return found.text if found else None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{12\\text{ cm}^2}", "12"),
        ("The area is 12 cm^2.", "12"),
        ("\\boxed{2^{10}}", "1024"),
        ("\\boxed{2^{10} = 1024}", "1024"),
        ("\\boxed{x = 5}", "5"),
        ("\\boxed{2:3}", "2/3"),
        ("The answer is 2^{10}.", "1024"),
        ("so 2^10 = 1024", "1024"),
        ("\\boxed{\\text{The total is } 12}", "12"),
        ("He covers 12 miles in 2 hours.", "12"),
        ("12 of the 40 apples", "12"),
        ("The number is 5!", "5"),
        ("Die Antwort ist 2,74 Euro.", "2.74"),
        ("It takes 12 hours 30 minutes", "12.5"),
        ("\\boxed{3\\text{ ft }6\\text{ in}}", "3.5"),
        ("The ratio is 5:1.", "5"),
        ("between 3 and 5", "3-5"),
        ("3-5 years", "3-5"),
        ("It fell from 10 to 5", "5"),
        ("so 10-3 = 7", "7"),
        ("1,5 Millionen Euro", "1500000"),
        ("It is 3 m, because 4 is too much.", "4"),
    ],
)
def test_values(text: str, answer: str) -> None:
    assert shown(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("12 apples, so \\boxed{\\text{Cannot be determined}}", "cannot be determined"),
        ("12 apples, so \\boxed{\\infty}", "\\infty"),
        ("12 apples, so \\boxed{6\\sqrt{3}}", "6\\sqrt{3}"),
        ("12 apples, so \\boxed{x^2 + y^2 = 4}", "x^2 + y^2 = 4"),
        ("12 apples, so \\boxed{\\text{red}}", "red"),
        ("12 apples, so \\boxed{A = 5, B = 3}", "A = 5, B = 3"),
        ("Answer: N/A (12 apples)", "n/a"),
        ("The answer cannot be determined.", "cannot be determined"),
        ("There are 12 apples.\nThere is no solution.", "no solution"),
        ("The answer is 3:30 pm.", "3:30 pm"),
        ("\\boxed{2:15}", "2:15"),
        ("The area is 16π.", "16π"),
    ],
)
def test_what_is_no_rational_number_is_never_skipped(text: str, answer: str) -> None:
    assert shown(text) == answer


def test_a_box_too_long_to_be_an_answer_abstains() -> None:
    assert shown("It is 7. \\boxed{" + "word " * 200 + "}") is None


def test_the_question_says_which_number_answers() -> None:
    assert shown("It covers 120 miles in 3 hours.", MILES) == "120"
    assert shown("In 3 hours it covers 120 miles.", MILES) == "120"
    assert shown("12 of the 40 are red.", APPLES) == "12"
    assert shown("Of all 40, he says, 12 are red or so.", APPLES) == "12"
    assert shown("\\boxed{2:15}", "What is the ratio of boys to girls?") == "2/15"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("\\boxed{5\\text{ cm}}", "5", True),
        ("5 cm", "5 m", False),
        ("5 cm", "5 centimeters", True),
        ("$5", "5 dollars", True),
        ("$5", "€5", False),
        ("US$5", "$5", True),
        ("5 kWh", "5 kW", False),
        ("The answer is ±5.", "The answer is 5.", False),
        ("The answer is ±5.", "\\boxed{\\pm 5}", True),
        ("The answer is 5 × 10⁻³", "The answer is 5 × 10⁻⁴", False),
        ("The answer is 5 × 10⁻³", "0.005", True),
        ("The probability is 1 - 1/e.", "\\boxed{1-\\frac{1}{e}}", True),
        ("The probability is 1 - 1/e.", "1", False),
        ("\\boxed{6\\sqrt{3}}", "\\boxed{\\sqrt{108}}", True),
        ("\\boxed{6\\sqrt{3}}", "\\boxed{3\\sqrt{3}}", False),
        ("\\boxed{6\\pi}", "18.85", True),
        ("\\boxed{6\\pi}", "\\boxed{6}", False),
        ("\\boxed{\\text{red}}", "\\boxed{\\text{blue}}", False),
        ("\\boxed{\\text{red}}", "5", False),
        ("\\boxed{\\text{undefined}}", "\\boxed{\\text{does not exist}}", True),
        ("\\boxed{2:00\\text{ pm}}", "2", True),
        ("\\boxed{2:00\\text{ pm}}", "2:00 am", False),
        ("\\boxed{2:15\\text{ pm}}", "2:15 am", False),
        ("Thus $x <= 2$.", "Thus $x >= 2$.", False),
    ],
)
def test_sameness(a: str, b: str, same: bool) -> None:
    first, second = (extract_answer(text, kind="number") for text in (a, b))
    assert first is not None
    assert second is not None
    assert equivalent(first, second) is same
    assert equivalent(second, first) is same


def test_answers_built_by_hand_are_read() -> None:
    assert equivalent(Answer("1/2", "number"), Answer("0.5", "number"))
    assert not equivalent(Answer("red", "number"), Answer("0.5", "number"))


def test_percentages() -> None:
    assert shown("70%") == "0.7"
    assert shown("70%", PERCENT) == "70"
    assert shown("7/10", PERCENT) == "70"
    assert shown("7/2", PERCENT) == "3.5"
    assert is_correct("\\boxed{70\\%}", "70", kind="number")
    assert is_correct("\\boxed{70\\%}", "70", kind="math")
    assert is_correct("70%", "0.7", kind="number")
    # The other way round a bare 70 is no 70%: it may be 70 of anything.
    assert not is_correct("70", "70%", kind="number")
    assert not is_correct("7%", "70", kind="number")
    assert not is_correct("70%", "70%%", kind="choice")


def test_units_vote_with_the_bare_number() -> None:
    verdict = vote(["5 cm", "\\boxed{5}", "5 centimeters", "5 m"], kind="number")
    assert verdict.tally[0]["samples"] == [0, 1, 2]


@pytest.mark.parametrize("kind", ["number", "math"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("So \\boxed{3!}.", "So \\boxed{3}."),
        ("So \\boxed{\\log 3}.", "So \\boxed{\\ln 3}."),
        ("So \\boxed{5\\,\\text{million}}.", "So \\boxed{5}."),
        ("Thus x != 2.", "Thus x = 2."),
        ("Thus x =/= 2.", "Thus x = 2."),
        ("Thus $x \\not= 2$.", "Thus $x = 2$."),
        ("Thus $x \\le 2$.", "Thus $x = 2$."),
    ],
)
def test_what_is_said_of_a_number_is_part_of_the_answer(first: str, second: str, kind: str) -> None:
    assert len(vote([first, second], kind=kind).tally) == 2


@pytest.mark.parametrize("kind", ["number", "math"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("So \\boxed{5!}.", "So \\boxed{120}."),
        ("So \\boxed{∛8}.", "So \\boxed{2}."),
        ("So \\boxed{\\log 100}.", "So \\boxed{2}."),
    ],
)
def test_factorials_roots_and_logarithms_are_worked_out(first: str, second: str, kind: str) -> None:
    assert len(vote([first, second], kind=kind).tally) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("This code prints 5, which is a sum. To handle this, you can", "5"),
        ("The code will print `10`.\n\nHere is how", "10"),
        ("The code prints [10, 20, 30][0] because it", None),
        ("The code prints 5", None),
        ("We add 3 and 4 and", None),
    ],
)
def test_what_a_program_is_said_to_print_counts_in_an_answer_that_was_cut_off(
    text: str, said: str | None
) -> None:
    assert vote([{"text": text, "finish_reason": "length"}], kind="number").answer == said


def test_a_number_within_a_formula_that_was_cut_is_none() -> None:
    assert extract_answer("It leaves 1, which is 1. Therefore, 2^", kind="number") is None
