"""Labels, dates, lists, brackets, code, JSON, tool calls, free text."""

import pytest

from avengers_graph.voting import KINDS, equivalent, extract_answer, is_correct, vote

MOOD = "Which emotion is it? Answer with one of: joy, anger, fear, mixed anger."


def shown(text: str, kind: str, question: str | None = None) -> str | None:
    found = extract_answer(text, kind=kind, question=question)
    return found.text if found else None


def alike(a: str, b: str, kind: str, question: str | None = None) -> bool:
    first = extract_answer(a, kind=kind, question=question)
    second = extract_answer(b, kind=kind, question=question)
    return first is not None and second is not None and equivalent(first, second)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("joy", "joy"),
        ("**Joy**", "joy"),
        ("The emotion is anger.", "anger"),
        ("I would say mixed anger", "mixed anger"),
        ("It is joyful.", "joy"),
        ("joy or fear", None),
        ("It is not fear, it is joy", "joy"),
        ("\\boxed{\\text{fear}}", "fear"),
        ("sadness", None),
    ],
)
def test_labels(text: str, label: str | None) -> None:
    assert shown(text, "auto", MOOD) == label


def test_labels_given_with_the_call() -> None:
    assert extract_answer("clearly Negative", kind="label", labels=["positive", "negative"])


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("It fell on November 9, 1989.", "1989-11-09"),
        ("9 November 1989", "1989-11-09"),
        ("the 9th of November 1989", "1989-11-09"),
        ("1989-11-09", "1989-11-09"),
        ("11/09/1989", "1989-11-09"),
        ("13/09/1989", "1989-09-13"),
        ("November 1989", "1989-11"),
        ("in 1989", "1989"),
        ("March 15, 44 BC", "-0044-03-15"),
        ("It began in 1914 and ended on 11 November 1918.", "1918-11-11"),
        ("never", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    assert shown(text, "date") == date


def test_a_question_may_show_day_first_dates() -> None:
    assert shown("03/04/2020", "date", "When? Use DD/MM/YYYY.") == "2020-04-03"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("red, green and blue", "- Blue\n- Green\n- Red", True),
        ("The answer is: red, green, blue", "1. green\n2. red\n3. blue", True),
        ("red, green", "red, green, blue", False),
        ("\\boxed{3, 4}", "[4, 3.0]", True),
    ],
)
def test_lists(a: str, b: str, same: bool) -> None:
    assert alike(a, b, "list") is same


def test_order_counts_where_it_was_asked_for() -> None:
    question = "List these numbers in ascending order."
    assert not alike("1, 2, 3", "3, 2, 1", "list", question)
    assert alike("1, 2, 3", "- 1\n- 2\n- 3", "list", question)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("so [[2^2]] = [[4]]", "4"),
        ("[[A];[B]]", "A];[B"),
        ('the answer is [["P"]].', "P"),
        ("[ [x] ]", "x"),
        ("[[C] because of that", "C"),
        ("Therefore, the answer is \\[[55]\\].", "55"),
        ("so it is [7].", "7"),
        ("\\boxed{[7]}", "7"),
        ("no answer", None),
        ("", None),
    ],
)
def test_brackets(text: str, content: str | None) -> None:
    assert shown(text, "bracketed") == content


@pytest.mark.parametrize(
    ("text", "reference", "right"),
    [
        ("[[I=1, B=9, L=0]]", "[[B=9,I=1,L=0]]", True),
        ("[[cos(x) + 2x]]", "[[2x+\\cos(x)]]", True),
        ("[[(1, 2), (3, 4)]]", "[[((1,2),(3,4))]]", True),
        ("[[y, w]]", "[[{w,y}]]", True),
        ("[[1 2,2 1]]", "[[2 1,1 2]]", False),
        ("[[X = 42]]", "[[42]]", False),
        ("[[6*7]]", "[[42]]", False),
        ("[[3 \\times 10^2]]", "[[300]]", True),
        ("[[D. the last]]", "[[D]]", False),
        ("[D]", "[[D]]", True),
        ("D", "[[D]]", False),
        ("[[4]] and not [[5]]", "[[4]]", True),
    ],
)
def test_brackets_are_graded_as_the_benchmark_does(text: str, reference: str, right: bool) -> None:
    assert is_correct(text, reference, kind="bracketed") is right


def test_free_text_takes_the_medoid() -> None:
    texts = [
        "Cats are fine pets for small homes.",
        "Small homes suit cats, which are fine pets.",
        "Buy a submarine.",
    ]
    assert vote(texts, kind="free_text").winner in (0, 1)

    def embed(batch: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "submarine" in text else [0.0, 1.0] for text in batch]

    verdict = vote(texts, kind="free_text", embed=embed, weights=[1, 1, 1.5])
    assert verdict.winner == 0


def test_auto_says_what_it_chose() -> None:
    assert vote(["\\boxed{x+1}", "\\boxed{2}"]).kind == "math"
    assert vote(["[[7]]", "[[8]]"]).kind == "bracketed"
    assert vote(["42", "The answer is 42."]).kind == "number"
    assert vote(["yes", "No."]).kind == "yes_no"
    assert vote(['{"a": 1}', '{"a": 2}']).kind == "json"
    assert vote(["```python\nprint(1)\n```"]).kind == "code"
    assert vote(["B", "(C)"]).kind == "choice"
    assert vote(["Rome", "rome"]).kind == "text"
    long = "There is much to say about this and that, and it takes a paragraph to do so.\n\nMore."
    assert vote([long, long + " Yes."]).kind == "free_text"


def test_every_kind_survives_nothing() -> None:
    for kind in KINDS:
        assert vote(["", "   ", "\x00"], kind=kind).to_dict()["kind"] == kind
