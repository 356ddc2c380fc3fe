"""The calibration questions: well-formed, balanced, and right wherever a machine can tell."""

import json
import operator
import re
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

Question = dict[str, Any]

DATASETS = {"maths", "code", "logic", "knowledge", "language", "affect"}
LETTERS = ["A", "B", "C", "D"]
INSTRUCTIONS = {
    "number": ("Answer with the number only.",),
    "yes_no": ("Answer yes or no.",),
    "choice": ("Answer with the letter only.",),
    "text": (
        "Answer with one word.",
        "Answer with one letter.",
        "Answer with the output only.",
        "Answer with the surname only.",
        "Answer with the symbol only.",
    ),
}

# Executes a JSON list of snippets from stdin and prints, for each, what it printed and the name of
# the exception that ended it, if any.
SNIPPET_RUNNER = """
import contextlib, io, json, sys

def run(snippet):
    printed, error = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(snippet, "<question>", "exec"), {"__name__": "__main__"})
        except (ArithmeticError, LookupError, NameError, TypeError, ValueError) as raised:
            error = type(raised).__name__
    return {"printed": printed.getvalue().strip(), "error": error}

json.dump([run(snippet) for snippet in json.load(sys.stdin)], sys.stdout)
"""


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    path = files("avengers_graph").joinpath("data", "questions.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def options(question: Question) -> dict[str, str]:
    """The lettered options of a multiple-choice question, by letter."""
    return dict(re.findall(r"^([A-D])\) (.+)$", question["query"], flags=re.MULTILINE))


def test_every_line_has_the_fields_of_a_question(questions: list[Question]) -> None:
    for question in questions:
        closed = question["kind"] in {"label", "choice"}
        expected = {"id", "dataset", "query", "reference", "kind"} | (
            {"choices"} if closed else set()
        )
        assert set(question) == expected, question["id"]
        assert all(isinstance(question[key], str) for key in expected - {"choices"})
        assert question["dataset"] in DATASETS
        assert question["kind"] in {*INSTRUCTIONS, "label"}
        assert question["query"] == question["query"].strip()
        assert 0 < len(question["query"]) < 600, question["id"]


def test_there_are_enough_questions_of_each_dataset(questions: list[Question]) -> None:
    counts = Counter(question["dataset"] for question in questions)
    assert len(questions) >= 240
    assert set(counts) == DATASETS
    assert min(counts.values()) >= 40


def test_the_documentation_counts_what_is_there(questions: list[Question]) -> None:
    document = (Path(__file__).parents[2] / "docs" / "calibration-set.md").read_text("utf-8")
    kinds = ("number", "label", "yes_no", "text", "choice")
    rows = re.findall(r"^\| (\w+) \| [^|]*\|((?: \d+ \|){6})$", document, flags=re.MULTILINE)
    told = {name: [int(cell) for cell in re.findall(r"\d+", cells)] for name, cells in rows}
    counted = {}
    for name in (*DATASETS, "all"):
        found = Counter(q["kind"] for q in questions if name in {"all", q["dataset"]})
        counted[name] = [*(found[kind] for kind in kinds), found.total()]
    assert told == counted


def test_ids_are_dense_and_queries_unique(questions: list[Question]) -> None:
    for dataset in DATASETS:
        ids = [question["id"] for question in questions if question["dataset"] == dataset]
        assert ids == [f"{dataset}-{number:03d}" for number in range(1, len(ids) + 1)]
    queries = Counter(" ".join(question["query"].lower().split()) for question in questions)
    assert [query for query, count in queries.items() if count > 1] == []


def test_every_query_ends_with_how_to_answer(questions: list[Question]) -> None:
    for question in questions:
        if question["kind"] == "label":
            instructions = (f"Answer with one of: {', '.join(question['choices'])}.",)
        else:
            instructions = INSTRUCTIONS[question["kind"]]
        assert question["query"].endswith(instructions), question["id"]


def test_references_have_the_form_of_their_kind(questions: list[Question]) -> None:
    forms = {"number": r"-?\d+", "yes_no": r"yes|no", "choice": r"[A-D]", "text": r"[A-Za-z]+"}
    for question in questions:
        form = forms.get(question["kind"])
        assert form is None or re.fullmatch(form, question["reference"]), question["id"]


def test_references_are_among_the_choices(questions: list[Question]) -> None:
    for question in questions:
        if "choices" not in question:
            continue
        assert question["reference"] in question["choices"], question["id"]
        folded = {choice.casefold() for choice in question["choices"]}
        assert len(folded) == len(question["choices"]) >= 2, question["id"]
        if question["kind"] == "choice":
            assert question["choices"] == LETTERS == list(options(question)), question["id"]
            assert len(set(options(question).values())) == len(LETTERS), question["id"]


def test_answers_are_balanced(questions: list[Question]) -> None:
    def references(kind: str, dataset: str | None = None) -> Counter[str]:
        return Counter(
            question["reference"]
            for question in questions
            if question["kind"] == kind and dataset in {None, question["dataset"]}
        )

    for dataset in DATASETS:
        answers = references("yes_no", dataset)
        assert abs(answers["yes"] - answers["no"]) <= 1, dataset
    letters = references("choice")
    assert letters.total() >= 12
    assert max(letters[letter] for letter in LETTERS) - min(letters[x] for x in LETTERS) <= 1
    feelings = references("label", "affect")
    emotions = [feelings[name] for name in ("joy", "sadness", "anger", "fear", "surprise")]
    assert min(emotions) == max(emotions) > 0
    assert feelings["positive"] == feelings["negative"]
    code = references("label", "code")
    assert abs(code["True"] - code["False"]) <= 1


def test_no_position_in_a_closed_list_gives_the_answer_away(questions: list[Question]) -> None:
    positions: dict[int, Counter[int]] = {}
    for question in questions:
        if question["kind"] == "label":
            position = question["choices"].index(question["reference"])
            positions.setdefault(len(question["choices"]), Counter())[position] += 1
    for counts in positions.values():
        assert max(counts.values()) <= 0.6 * counts.total()


def test_plain_arithmetic_is_right(questions: list[Question]) -> None:
    operations = {
        "+": operator.add,
        "-": operator.sub,
        "times": operator.mul,
        "divided by": operator.truediv,
        "to the power of": operator.pow,
    }
    pattern = re.compile(rf"What is (\d+) ({'|'.join(map(re.escape, operations))}) (\d+)\?")
    checked = 0
    for question in questions:
        if match := pattern.match(question["query"]):
            left, name, right = match.groups()
            assert operations[name](int(left), int(right)) == int(question["reference"])
            checked += 1
    assert checked >= 8


def test_code_references_are_what_the_snippets_do(questions: list[Question]) -> None:
    code = [question for question in questions if question["dataset"] == "code"]
    snippets = []
    for question in code:
        match = re.search(r"```python\n(.+?)\n```", question["query"], flags=re.DOTALL)
        assert match is not None, question["id"]
        snippets.append(match.group(1))
    finished = subprocess.run(
        [sys.executable, "-I", "-c", SNIPPET_RUNNER],
        input=json.dumps(snippets),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for question, outcome in zip(code, json.loads(finished.stdout), strict=True):
        if question["query"].startswith("Does this Python code raise an exception?"):
            happened = "no" if outcome["error"] is None else "yes"
            assert question["reference"] == happened, question["id"]
            continue
        assert outcome["error"] is None, question["id"]
        if question["kind"] == "choice":
            assert options(question)[question["reference"]] == outcome["printed"], question["id"]
        else:
            assert question["reference"] == outcome["printed"], question["id"]
