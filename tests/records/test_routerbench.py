"""RouterBench's CSV."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from avengers_graph.errors import RecordsError
from avengers_graph.records import Record, read_records
from avengers_graph.records.routerbench import read_routerbench

BENCH_HEADER = [
    *("", "sample_id", "prompt", "eval_name", "m/x", "y", "y|model_response"),
    *("m/x|total_cost", "y|total_cost", "oracle_model_to_route_to"),
]


def bench(path: Path, *rows: list[str], header: list[str] = BENCH_HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])
    return path


def test_routerbench_csv(tmp_path: Path) -> None:
    long = "['" + "x" * 200_000 + "']"
    row = ["1", "s.1", "['say\\nhi', 'twice']", "mbpp", "1.0", "", long, "0.001", "0.002", "y"]
    other = ["2", "s.1", "plain", "mbpp", "", "True", "[]", "", "0.5", "y"]
    first, second = read_records(bench(tmp_path / "bench.csv", row, other))
    assert first == Record("say\nhi\ntwice", "mbpp", {"m/x": 1.0}, {"m/x": 0.001, "y": 0.002})
    assert second.scores == {"y": 1.0}


def test_a_routerbench_model_without_costs_is_told_by_its_responses(tmp_path: Path) -> None:
    header = ["sample_id", "prompt", "eval_name", "a", "b", "a|model_response", "b|model_response"]
    row = ["s.1", "q", "mbpp", "0", "1", "x", "y"]
    both = Record("q", "mbpp", {"a": 0.0, "b": 1.0})
    assert read_records(bench(tmp_path / "none.csv", row, header=header)) == [both]
    some = bench(tmp_path / "some.csv", [*row, "0.01"], header=[*header, "a|total_cost"])
    assert read_records(some) == [replace(both, costs={"a": 0.01})]


def test_a_routerbench_column_that_may_be_a_model_is_not_dropped(tmp_path: Path) -> None:
    header = ["", "sample_id", "prompt", "eval_name", "a", "b", "topic", "a|total_cost"]
    row = ["0", "s.1", "q", "mbpp", "0", "", "sums", "0.1"]
    assert read_records(bench(tmp_path / "one.csv", row, header=header))[0].scores == {"a": 0.0}
    file = bench(tmp_path / "two.csv", row, [*row[:5], "0.5", *row[6:]], header=header)
    with pytest.raises(RecordsError, match=r"two\.csv:3: column 'b' holds '0\.5' as .* take the"):
        read_records(file)
    header[-1] = "c|model_response"
    with pytest.raises(RecordsError, match=r"models \['c'\] have costs or responses but no column"):
        read_records(bench(tmp_path / "three.csv", row, header=header))


def test_two_routerbench_files_are_read_side_by_side(tmp_path: Path) -> None:
    """The csv module's limit on a cell is one for the process."""
    row = ["1", "s.1", "x" * 200_000, "mbpp", "1.0", "", "[]", "0.001", "", "y"]
    path = bench(tmp_path / "bench.csv", row, row)
    one, other = read_routerbench(path), read_routerbench(path)
    next(one)
    next(other)
    assert len(list(one)) == len(list(other)) == 1


def test_truncated_csv_is_named(tmp_path: Path) -> None:
    row = ["1", "s.1", "p", "mbpp", "1.0", "0", "[]", "0.001", "0.002", "y"]
    file = bench(tmp_path / "bench.csv", row)
    file.write_text(file.read_text() + '2,s.2,"half')
    with pytest.raises(RecordsError, match=r"bench\.csv:3: .*cut off"):
        read_records(file)
    with pytest.raises(RecordsError, match=r"'m/x' is 2\.0"):
        read_records(bench(tmp_path / "range.csv", [*row[:4], "2.0", *row[5:]]))
    with pytest.raises(RecordsError, match="no RouterBench CSV"):
        read_records(bench(tmp_path / "other.csv", header=["a", "b"]))


def test_a_csv_that_is_not_utf8_is_told_by_line_and_byte(tmp_path: Path) -> None:
    file = bench(tmp_path / "bench.csv")
    good = file.read_bytes()
    file.write_bytes(good + b"0,s.1,\xff")
    with pytest.raises(RecordsError, match=rf"bench\.csv:2: not UTF-8 .* at byte {len(good) + 6}"):
        read_records(file)


def test_blank_lines_of_a_csv_are_skipped(tmp_path: Path) -> None:
    row = ["0", "s.1", "['hi']", "mbpp", "1.0", "0.5", "", "0.001", "", "m/x"]
    file = bench(tmp_path / "bench.csv", row)
    text = file.read_text(encoding="utf-8")
    header, _, rest = text.partition("\n")
    file.write_text(f"{header}\n\n{rest}\n \n\n", encoding="utf-8")
    assert [record.query for record in read_records(file)] == ["hi"]
