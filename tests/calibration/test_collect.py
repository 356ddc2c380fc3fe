"""Collecting: everything is asked once, a stopped run goes on, answers become scores."""

from dataclasses import replace
from pathlib import Path

import pytest

from avengers_graph.calibration.collect import collect_answers, still_missing
from avengers_graph.calibration.grade import graded_records, share_right, write_records
from avengers_graph.calibration.questions import Question
from avengers_graph.errors import ExpertError
from avengers_graph.experts.owned_loop import Bridge
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import Recorded, Recording, read_recording
from tests.servers.openai_server import Fault

SUMS = [
    Question(
        id=f"s{a}", dataset="sums", query=f"What is {a} + 1?", reference=str(a + 1), kind="number"
    )
    for a in range(3)
]


def _collect(pool: ExpertPool, path: Path, *, samples: int = 2) -> list[tuple[str, Question]]:
    before = read_recording(path) if path.exists() else []
    missing = still_missing(SUMS, before, pool=pool, samples=samples)
    with Recording(path) as recording:
        pool.recording = recording
        return list(Bridge(collect_answers(missing, pool=pool, params={"max_tokens": 8})))


def test_every_expert_answers_every_question(server, pool_of, tmp_path: Path) -> None:
    server.serve("alpha", "1", "2", "3")
    server.serve("beta", "7")
    pool = pool_of("alpha", "beta")
    assert len(_collect(pool, tmp_path / "a.jsonl")) == 6
    recorded = read_recording(tmp_path / "a.jsonl")
    assert sum(len(entry.texts) for entry in recorded) == 12
    assert {request.body["max_tokens"] for request in server.requests} == {8}


def test_a_stopped_collection_goes_on_where_it_was(server, pool_of, tmp_path: Path) -> None:
    server.serve("alpha", "1")
    pool = pool_of("alpha", max_concurrency=1)
    path = tmp_path / "a.jsonl"
    missing = still_missing(SUMS, [], pool=pool, samples=2)
    with Recording(path) as recording:
        pool.recording = recording
        for _ in Bridge(collect_answers(missing, pool=pool)):
            break
    had = sum(len(entry.texts) for entry in read_recording(path))
    assert 2 <= had < 6
    _collect(pool, path)
    assert sum(len(entry.texts) for entry in read_recording(path)) == 6
    assert _collect(pool, path) == []


def test_a_changed_question_is_asked_again(pool_of) -> None:
    old = Recorded(
        expert="alpha",
        prompt="What was 0 + 1?",
        texts=["1"],
        finish_reasons=["stop"],
        output_tokens=[1],
        input_tokens=1,
        latency=0.1,
        id="s0",
    )
    missing = still_missing(SUMS, [old], pool=pool_of("alpha"), samples=1)
    assert [question.id for question, _ in missing["alpha"]] == ["s0", "s1", "s2"]


def test_an_expert_that_keeps_failing_stops_the_collection(server, pool_of, tmp_path) -> None:
    server.serve("alpha", Fault(401))
    with pytest.raises(ExpertError, match=r"'alpha' failed on 3 questions in a row.*run the same"):
        _collect(pool_of("alpha", max_concurrency=1), tmp_path / "a.jsonl")


def test_samples_are_graded_with_what_tells_how_they_ended(pool_of) -> None:
    entry = Recorded(
        expert="alpha",
        prompt=SUMS[1].query,
        texts=["We add 1 and 1, which makes 2", "The answer is 2. We can also", "1 + 1 = 2", ""],
        finish_reasons=["length", "length", "stop", "tool_calls"],
        output_tokens=[10] * 4,
        input_tokens=20,
        latency=0.1,
        id="s1",
        tool_calls=[[], [], [], [{"name": "add", "args": {"a": 1, "b": 1}}]],
    )
    [record] = graded_records(SUMS, [entry], pool=pool_of("alpha"))
    assert record["scores"] == {"alpha": 0.5}, "cut off before its answer, and a call, are wrong"


def test_scores_are_shares_of_right_samples(pool_of, tmp_path: Path) -> None:
    entry = Recorded(
        expert="alpha",
        prompt=SUMS[1].query,
        texts=["2", "The answer is 2.", "3", ""],
        finish_reasons=["stop"] * 4,
        output_tokens=[10] * 4,
        input_tokens=20,
        latency=0.1,
        id="s1",
    )
    assert share_right(SUMS[1], entry.texts) == 0.5
    pool = pool_of("alpha", price={"input": 1.0, "output": 2.0})
    [record] = graded_records(SUMS, [entry], pool=pool)
    assert record["scores"] == {"alpha": 0.5}
    assert record["costs"] == {"alpha": pytest.approx((20 + 2 * 40) / 1e6 / 4)}
    slower = replace(entry, latency=0.3)
    imported = replace(entry, expert="beta", latency=0.0)
    [record] = graded_records(SUMS, [entry, slower, imported], pool=pool)
    assert record["latencies"] == {"alpha": pytest.approx(0.2)}
    write_records([record], tmp_path / "records.jsonl")
    assert (tmp_path / "records.jsonl").read_text(encoding="utf-8").count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]
