"""JSON objects one by one, with their lines."""

import json
import tracemalloc
from pathlib import Path

import pytest

from avengers_graph.errors import RecordsError
from avengers_graph.records import read_records
from tests.records.files import OWN, lines, write


def test_a_long_list_streams_with_right_line_numbers(tmp_path: Path) -> None:
    items = [OWN | {"query": f"{number} " + "é" * 5000} for number in range(60)]
    text = "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n]"
    file = write(tmp_path / "long.json", text)
    assert [r.query[:2].strip() for r in read_records(file)][:11] == [str(n) for n in range(11)]
    write(file, text.replace('"query": "57 ', '"query": "", "old": "57 '))
    with pytest.raises(RecordsError, match=r"long\.json:59: query '' is empty"):
        read_records(file)


@pytest.mark.parametrize("before", [0, 3, (1 << 16) - 1, 200_000])
def test_text_that_is_not_utf8_is_told_by_line_and_byte(tmp_path: Path, before: int) -> None:
    file = tmp_path / "long.jsonl"
    good = lines(OWN | {"reference": "é" + "x" * before}).encode()
    file.write_bytes(good + b"\n\xe9\nmore")
    at = len(good) + 1
    with pytest.raises(RecordsError, match=rf"long\.jsonl:3: not UTF-8 .* at byte {at} of"):
        read_records(file)
    file.write_bytes(good + "é".encode()[:-1])
    with pytest.raises(RecordsError, match=r"long\.jsonl:2: not UTF-8 .* ends within a character"):
        read_records(file)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"query": ' + "[" * 200_000])
def test_what_nests_without_end_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordsError, match=r"deep\.json:1: "):
        read_records(path)


def test_a_long_list_on_one_line_is_never_held_whole(tmp_path: Path) -> None:
    item = {"question": "q", "scores": {"a": 1.0}, "response": "x" * 100_000}
    file = write(tmp_path / "one-line.json", [item] * 200)
    tracemalloc.start()
    try:
        assert len(read_records(file)) == 200
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < file.stat().st_size / 10
