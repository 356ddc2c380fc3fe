"""Recordings: whole lines only, and a replay that gives every plan the same samples."""

import errno
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from avengers_graph.errors import RecordsError
from avengers_graph.experts.recording import (
    Recorded,
    Recording,
    plain_prompt,
    read_recording,
    to_line,
)
from avengers_graph.experts.replay import ReplayPool
from tests.experts.rounds import QUESTION, listen


def _entry(**fields: object) -> Recorded:
    plain = {
        "expert": "alpha",
        "prompt": QUESTION,
        "texts": ["42", "41"],
        "finish_reasons": ["stop", "length"],
        "output_tokens": [1, 2],
        "input_tokens": 9,
        "latency": 0.5,
    }
    return Recorded(**{**plain, **fields})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    entries = [_entry(id="q1"), _entry(params={"seed": 1}, temperature=0.7)]
    with Recording(tmp_path / "new" / "run.jsonl") as recording:
        for entry in entries:
            recording.append(entry)
    assert read_recording(tmp_path / "new" / "run.jsonl") == entries


def test_a_line_torn_by_a_kill_is_dropped_before_the_next_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(to_line(_entry()) + to_line(_entry(id="lost"))[:20], encoding="utf-8")
    assert len(read_recording(path)) == 1
    with Recording(path) as recording:
        recording.append(_entry(id="next"))
    assert [entry.id for entry in read_recording(path)] == [None, "next"]


def test_two_do_not_write_to_one_recording(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Recording(path) as first:
        with pytest.raises(RecordsError, match="another process writes to"):
            Recording(path).__enter__()
        first.append(_entry())
    with Recording(path):
        assert len(read_recording(path)) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordsError, match="cannot write the recording"):
        Recording(tmp_path / "file" / "run.jsonl").__enter__()


def test_a_full_disk_is_named_and_leaves_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.jsonl"
    with Recording(path) as recording:
        recording.append(_entry(id="kept"))
        with monkeypatch.context() as disk:
            disk.setattr("os.fsync", _full)
            with pytest.raises(RecordsError, match=r"run\.jsonl': No space left.*make room"):
                recording.append(_entry(id="lost"))
        recording.append(_entry(id="next"))
    assert [entry.id for entry in read_recording(path)] == ["kept", "next"]


def _full(number: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_answer_that_cannot_be_recorded_ends_the_round_and_is_not_asked_for_again(
    server, pool_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.serve("alpha", "42")
    server.serve("beta", "42")
    pool = pool_of("alpha", "beta")
    with Recording(tmp_path / "run.jsonl") as pool.recording:
        monkeypatch.setattr("os.fsync", _full)
        with pytest.raises(RecordsError, match="cannot write the recording"):
            listen(pool, ("alpha", 1), reserves=("alpha", "beta"))
        monkeypatch.undo()
    assert len(server.requests) == 1


def test_a_pool_answers_on_after_the_block_of_its_recording(
    server, pool_of, tmp_path: Path
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha")
    with Recording(tmp_path / "run.jsonl") as pool.recording:
        listen(pool, ("alpha", 2))
    assert listen(pool, ("alpha", 1)).texts == {0: "42"}
    assert sum(len(entry.texts) for entry in read_recording(tmp_path / "run.jsonl")) == 2


def test_a_recording_that_was_never_opened_says_how_to(server, pool_of, tmp_path: Path) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha")
    pool.recording = Recording(tmp_path / "run.jsonl")
    with pytest.raises(RecordsError, match="is not open; enter its block first"):
        listen(pool, ("alpha", 1))


def test_half_a_character_is_kept(tmp_path: Path) -> None:
    """Broken tokenizers end an answer in the middle of a pair of surrogates."""
    path = tmp_path / "run.jsonl"
    with Recording(path) as recording:
        recording.append(_entry(texts=["ok \ud83d", "é"]))
    assert read_recording(path)[0].texts == ["ok \ud83d", "é"]
    path.read_text(encoding="utf-8")


def test_what_json_cannot_hold_is_named(tmp_path: Path) -> None:
    told = r"set is not JSON serializable\); give parameters"
    with Recording(tmp_path / "run.jsonl") as recording, pytest.raises(RecordsError, match=told):
        recording.append(_entry(params={"extra_body": {1, 2}}))
    with pytest.raises(RecordsError, match="no form in which it can be recorded"):
        plain_prompt([HumanMessage([{"type": "image"}])])


@pytest.mark.parametrize("line", [b'{"query": "?"}', b"\xff\xfe", b"[" * 200_000, b"7"])
def test_a_line_of_something_else_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(to_line(_entry()).encode() + line + b"\n")
    with pytest.raises(RecordsError, match=r"run\.jsonl:2"):
        read_recording(path)


def test_a_prompt_of_several_messages_is_kept_whole() -> None:
    plain = plain_prompt([SystemMessage("Be brief."), HumanMessage(QUESTION)])
    assert plain == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": QUESTION},
    ]


def test_a_run_is_recorded_and_replays_alike(server, pool_of, tmp_path: Path) -> None:
    server.serve("alpha", "42", "41", "40")
    pool = pool_of("alpha", max_concurrency=1)
    with Recording(tmp_path / "run.jsonl") as recording:
        pool.recording = recording
        live = listen(pool, ("alpha", 3), question_id="q1")
    asked = len(server.requests)

    replayed = listen(ReplayPool(read_recording(tmp_path / "run.jsonl")), ("alpha", 3))
    assert sorted(replayed.texts.values()) == sorted(live.texts.values())
    assert [r["output_tokens"] for r in replayed.answers] == [
        r["output_tokens"] for r in live.answers
    ]
    assert len(server.requests) == asked, "a replay must not call anybody"


def test_later_rounds_go_on_where_earlier_ones_stopped() -> None:
    pool = ReplayPool([_entry()])
    assert list(listen(pool, ("alpha", 1)).texts.values()) == ["42"]
    later = listen(pool, ("alpha", 1), asked_before={"alpha": 1}, first_index=1)
    assert later.texts == {1: "41"}


def test_asking_for_more_than_was_recorded_is_a_clear_failure() -> None:
    heard = listen(ReplayPool([_entry()]), ("alpha", 3))
    assert len(heard.answers) == 2
    [error] = heard.errors
    assert "holds 2 samples of alpha" in error


def test_keys_never_reach_a_recording(server, pool_of, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ALPHA_KEY", "sk-very-secret")
    pool = pool_of("alpha", api_key_env="ALPHA_KEY")
    with Recording(tmp_path / "run.jsonl") as recording:
        pool.recording = recording
        listen(pool, ("alpha", 1))
    assert "sk-very-secret" not in (tmp_path / "run.jsonl").read_text(encoding="utf-8")
