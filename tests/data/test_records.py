"""The committed records are what the committed answers of the models earn."""

import json
from importlib.resources import files
from pathlib import Path

from avengers_graph.calibration.grade import graded_records
from avengers_graph.calibration.questions import read_questions
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import read_recording
from avengers_graph.settings.expert import Expert

DATA = Path(str(files("avengers_graph") / "data"))


def test_grading_the_answers_again_gives_the_records() -> None:
    recorded = read_recording(DATA / "records.answers.jsonl")
    names = sorted({entry.expert for entry in recorded})
    pool = ExpertPool([Expert(name=name, base_url="http://127.0.0.1:9/v1") for name in names])
    lines = (DATA / "records.jsonl").read_text(encoding="utf-8").splitlines()
    assert graded_records(read_questions(DATA / "questions.jsonl"), recorded, pool=pool) == [
        json.loads(line) for line in lines
    ], "the grader has changed: run avengers-graph collect again, as docs/calibration-set.md says"


def test_every_question_has_enough_answers_of_each_default_model() -> None:
    counts: dict[tuple[str, str], int] = {}
    for entry in read_recording(DATA / "records.answers.jsonl"):
        key = (entry.expert, str(entry.id))
        counts[key] = counts.get(key, 0) + len(entry.texts)
    ids = [question.id for question in read_questions(DATA / "questions.jsonl")]
    for expert, least in (
        ("smollm2-135m", 16),
        ("qwen2.5-coder-0.5b", 16),
        ("qwen2.5-coder-1.5b", 4),
    ):
        assert all(counts[expert, key] >= least for key in ids), expert
