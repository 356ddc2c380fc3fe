"""LLMRouterBench's tree of results."""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from avengers_graph.errors import RecordsError
from avengers_graph.records import Record, read_records
from tests.records.files import write


def result(path: Path, *records: dict[str, Any], **more: Any) -> Path:
    return write(path, {"performance": 0.5, "cost": 1.0, "records": list(records), **more})


def test_llmrouterbench_joins_models_and_takes_the_newest_run(tmp_path: Path) -> None:
    bench_dir = tmp_path / "results" / "bench"
    item = {"index": 1, "origin_query": "q", "prompt": "Q: q", "ground_truth": 4, "score": 1}
    result(bench_dir / "gsm/test/a/20250101.json", item | {"score": 0})
    result(bench_dir / "gsm/test/a/20250202.json", item | {"cost": 0.5})
    result(bench_dir / "gsm/test/a/20250303.json", item | {"score": 0.25}, demo=True)
    single = result(bench_dir / "gsm/test/b/20250101.json", item | {"score": 0.5})
    assert read_records(tmp_path) == [
        Record("q", "gsm", {"a": 1.0, "b": 0.5}, {"a": 0.5}, {}, "4", "test/1")
    ]
    assert read_records(single)[0].scores == {"b": 0.5}


def test_llmrouterbench_refuses_runs_on_different_questions(tmp_path: Path) -> None:
    result(tmp_path / "gsm/test/a/1.json", {"index": 1, "prompt": "one", "score": 1})
    result(tmp_path / "gsm/test/b/1.json", {"index": 1, "prompt": "two", "score": 1})
    with pytest.raises(RecordsError, match=r"index '1' asks 'two'.*asks 'one'"):
        read_records(tmp_path)


def test_llmrouterbench_passes_over_what_is_no_result(tmp_path: Path) -> None:
    item = {"index": 1, "prompt": "q", "score": 1}
    result(tmp_path / "gsm/test/a/1.json", item)
    result(tmp_path / "gsm/test/a/.ipynb_checkpoints/1-checkpoint.json", item | {"score": 0})
    write(tmp_path / "summary.json", {"performance": 0.5})
    write(tmp_path / "gsm/test/a/summary.json", {"models": ["a"]})
    assert [record.scores for record in read_records(tmp_path)] == [{"a": 1.0}]
    write(tmp_path / "gsm/test/a/2.json", {"records": [item]})
    with pytest.raises(RecordsError, match=r"2\.json: no LLMRouterBench result"):
        read_records(tmp_path)


def test_llmrouterbench_refuses_results_on_different_levels(tmp_path: Path) -> None:
    item = {"index": 1, "prompt": "q", "score": 1}
    result(tmp_path / "gsm/test/a/1.json", item)
    result(tmp_path / "gsm/test/org/b/1.json", item)
    with pytest.raises(RecordsError, match=r"org/b/1\.json lies on another level than .*test/a:"):
        read_records(tmp_path)


def test_llmrouterbench_is_read_through_links(tmp_path: Path) -> None:
    """A hub's cache keeps a tree of links into a store, each named by a digest."""
    item = {"index": 1, "prompt": "q", "score": 1}
    tree, store = tmp_path / "snapshots" / "abc", tmp_path / "blobs"
    for number, name in enumerate(("gsm/test/a/1", "gsm/test/b/1", "aime/test/a/1")):
        blob = result(store / f"{number}f3c", item | {"score": number / 2})
        link = tree / f"{name}.json"
        link.parent.mkdir(parents=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    (tree / "gsm" / "test" / "c").symlink_to(tree / "aime" / "test" / "a")
    (tree / "gsm" / "test" / "c" / "back").symlink_to(tree)
    aime, gsm = read_records(tree)
    assert (aime.dataset, aime.scores) == ("aime", {"a": 1.0})
    assert (gsm.dataset, gsm.scores) == ("gsm", {"a": 0.0, "b": 0.5, "c": 1.0})
    assert read_records(tree / "gsm/test/b/1.json")[0].scores == {"b": 0.5}
    assert read_records(tree / "gsm/test/b/../b")[0].scores == {"b": 0.5}
    (store / "1f3c").unlink()
    with pytest.raises(RecordsError, match=r"b/1\.json: the link leads to .*1f3c', which is not"):
        read_records(tree)


def test_llmrouterbench_needs_folders_that_name_the_result() -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp", suffix=".json") as file:
        path = result(Path(file.name), {"index": 1, "prompt": "q", "score": 1})
        with pytest.raises(RecordsError, match=r"\.json: a result is told by the folders it lies"):
            read_records(path)


@pytest.mark.parametrize(
    ("newest", "message"),
    [
        ({"records": [], "counts": 0}, "the run holds no records; run it again"),
        ({"records": [], "counts": 2}, "the run holds no records; run it again"),
        ({"counts": 2}, "counts is 2, but records are 1; run it again"),
    ],
)
def test_llmrouterbench_refuses_a_newest_run_that_is_not_complete(
    tmp_path: Path, newest: dict[str, Any], message: str
) -> None:
    items = [{"index": at, "prompt": f"q{at}", "score": 1} for at in (1, 2)]
    result(tmp_path / "gsm/test/a/1.json", *items, counts=2)
    result(tmp_path / "gsm/test/b/1.json", *items, counts={"right": 2, "wrong": 0})
    assert len(read_records(tmp_path)) == 2
    path = result(tmp_path / "gsm/test/a/2.json", items[0], **newest)
    for place in (tmp_path, path):
        with pytest.raises(RecordsError, match=rf"a/2\.json: {message}"):
            read_records(place)
    result(path, items[0], demo=True, **newest)
    assert len(read_records(tmp_path)) == 2


def test_llmrouterbench_needs_one_result(tmp_path: Path) -> None:
    write(tmp_path / "summary.json", {"performance": 0.5})
    with pytest.raises(RecordsError, match="no LLMRouterBench result in the folder"):
        read_records(tmp_path)


def test_blank_pieces_before_a_result_do_not_hide_it(tmp_path: Path) -> None:
    file = tmp_path / "d" / "test" / "m" / "1.json"
    result(file, {"index": 1, "prompt": "q", "score": 1.0})
    file.write_text("\n" * 10_000 + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_records(file)[0].scores == {"m": 1.0}
