"""Reading questions: what is wrong is named by line."""

import json
from pathlib import Path

import pytest

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
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object, told: str) -> None:
    path = _file(tmp_path, {"query": "1 + 1?", "reference": "2"}, line)
    with pytest.raises(RecordsError, match=told):
        read_questions(path)


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="No such file"):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(RecordsError, match="holds no questions"):
        read_questions(_file(tmp_path))
