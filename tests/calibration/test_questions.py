"""Reading questions: what is wrong is named by line."""

import json
from pathlib import Path

import pytest

from avengers_graph.calibration.grade import share_right
from avengers_graph.calibration.questions import read_questions
from avengers_graph.errors import RecordsError


def _file(folder: Path, *lines: object) -> Path:
    path = folder / "sums.jsonl"
    text = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
    path.write_text(text, encoding="utf-8")
    return path


def test_dataset_and_id_have_defaults(tmp_path: Path) -> None:
    [question] = read_questions(_file(tmp_path, {"query": "1 + 1?", "reference": 2}))
    assert (question.id, question.dataset, question.kind) == ("1", "sums", "auto")
    assert question.reference == "2"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", r"sums\.jsonl:2 is not JSON"),
        ("[]", "must be a JSON object"),
        ({"query": " ", "reference": "2"}, "no 'query'"),
        ({"query": "1 + 1?"}, "no 'reference'"),
        ({"query": "?", "reference": "2", "knd": "number"}, r"unknown fields \['knd'\]"),
        ({"query": "?", "reference": "2", "kind": "numbr"}, "kind 'numbr'"),
        ({"query": "?", "reference": "2", "id": "1"}, "id '1' stands twice"),
        ({"query": "?", "reference": "2", "choices": "12"}, "choices is '12'"),
        (
            {"query": "?", "reference": "so so", "kind": "label", "choices": ["good", "bad"]},
            r"reference 'so so' is none of the choices \['good', 'bad'\]",
        ),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object, told: str) -> None:
    path = _file(tmp_path, {"query": "1 + 1?", "reference": "2"}, line)
    with pytest.raises(RecordsError, match=told):
        read_questions(path)


def test_choices_tell_the_labels_that_the_query_does_not(tmp_path: Path) -> None:
    asked = {"query": "Sort this one: it smells", "reference": "bad", "kind": "label"}
    [question] = read_questions(_file(tmp_path, {**asked, "choices": ["good", "bad"]}))
    answer = "The right class of this one, all things considered and in my view, is bad here"
    assert share_right(question, [answer, answer.replace("bad", "good")]) == 0.5


def test_the_letters_of_a_choice_are_no_labels(tmp_path: Path) -> None:
    """Its options are in the query, and may be named by their texts."""
    asked = {"query": "Which is even?\nA) 3\nB) 4", "reference": "B", "kind": "choice"}
    [question] = read_questions(_file(tmp_path, {**asked, "choices": ["A", "B"]}))
    assert question.choices == ("A", "B")
    assert share_right(question, ["4", "The answer is B.", "A"]) == pytest.approx(2 / 3)


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="No such file"):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(RecordsError, match="holds no questions"):
        read_questions(_file(tmp_path))
