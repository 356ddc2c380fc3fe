"""Every published format reads into the same records; what is wrong is named by file and line."""

import csv
import json
import os
import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avengers_graph.errors import RecordsError
from avengers_graph.records import Record, check_records, read_records
from avengers_graph.records.routerbench import read_routerbench

OWN = {"query": "2 + 2?", "dataset": "maths", "scores": {"a": 1, "b": 0.5}}
BENCH_HEADER = [
    *("", "sample_id", "prompt", "eval_name", "m/x", "y", "y|model_response"),
    *("m/x|total_cost", "y|total_cost", "oracle_model_to_route_to"),
]


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def lines(*items: Any) -> str:
    return "\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n"


def bench(path: Path, *rows: list[str], header: list[str] = BENCH_HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])
    return path


def result(path: Path, *records: dict[str, Any], **more: Any) -> Path:
    return write(path, {"performance": 0.5, "cost": 1.0, "records": list(records), **more})


def test_own_lines_keep_every_field(tmp_path: Path) -> None:
    full = OWN | {
        "costs": {"a": 0.01},
        "latencies": {"a": 1.5},
        "reference": "4",
        "id": 7,
        "kind": "number",
    }
    assert read_records(write(tmp_path / "own.jsonl", lines(full))) == [
        Record("2 + 2?", "maths", {"a": 1.0, "b": 0.5}, {"a": 0.01}, {"a": 1.5}, "4", "7")
    ]


def test_a_file_names_its_data_set_where_its_lines_do_not(tmp_path: Path) -> None:
    bare = {key: value for key, value in OWN.items() if key != "dataset"}
    one = write(tmp_path / "arc.jsonl", lines(bare))
    two = write(tmp_path / "gsm.jsonl", lines(bare, OWN))
    assert [r.dataset for r in read_records([one, two])] == ["arc", "gsm", "maths"]


def test_routerdc_multiple_choice_means_above_zero(tmp_path: Path) -> None:
    items = [
        {"question": "q1", "scores": {"a": 0.31, "b": 0}, "cluster_id": 3},
        {"question": "q2", "scores": {"a": 0.0, "b": 1.0}},
    ]
    file = write(tmp_path / "mmlu.json", items)
    assert [r.scores for r in read_records(file)] == [{"a": 1, "b": 0}, {"a": 0, "b": 1}]
    assert read_records(file, score_type="fraction")[0].scores["a"] == 0.31


def test_routerdc_fractions_stay_fractions(tmp_path: Path) -> None:
    file = write(tmp_path / "gsm.json", [{"question": "q", "scores": {"a": 0.3, "b": 0.7}}])
    assert read_records(file)[0].scores == {"a": 0.3, "b": 0.7}
    assert read_records(file, score_type="choice")[0].scores == {"a": 1, "b": 1}


def test_avengers_and_avengers_pro(tmp_path: Path) -> None:
    plain = {"query": "q", "dataset": "d", "records": {"a": True, "b": False, "c": None}}
    pro = {
        "query": "q",
        "dataset": "d",
        "index": 0,
        "records": {"a": 0.5, "c": 1},
        "usages": {"a": {"cost": 0.25, "prompt_tokens": 3}},
    }
    one, two = write(tmp_path / "one.json", [plain]), write(tmp_path / "two.jsonl", lines(pro))
    first, second = read_records([one, two])
    assert first.scores == {"a": 1.0, "b": 0.0}
    assert second.costs == {"a": 0.25}


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
    result(tmp_path / "gsm/test/b/1.json", *items, counts=2)
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


def test_a_long_list_streams_with_right_line_numbers(tmp_path: Path) -> None:
    items = [OWN | {"query": f"{number} " + "é" * 5000} for number in range(60)]
    text = "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n]"
    file = write(tmp_path / "long.json", text)
    assert [r.query[:2].strip() for r in read_records(file)][:11] == [str(n) for n in range(11)]
    write(file, text.replace('"query": "57 ', '"query": "", "old": "57 '))
    with pytest.raises(RecordsError, match=r"long\.json:59: query '' is empty"):
        read_records(file)


def test_unicode_and_very_long_queries_come_through(tmp_path: Path) -> None:
    query = "数学 🧮 " + "x" * 100_000
    assert (
        read_records(write(tmp_path / "u.jsonl", lines(OWN | {"query": query})))[0].query == query
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("[]", "the list is empty"),
        ("[1]", r":1: expected a JSON object"),
        (lines(OWN, OWN)[:-20], r":2: not valid JSON .* cut off"),
        ("[" + json.dumps(OWN) + ",\n" + json.dumps(OWN)[:30], r":2: not valid JSON .* cut off"),
        ("[" + json.dumps(OWN) + "]\n{}", "text after the end of the list"),
        ("[" + json.dumps(OWN) + ",\n]", r":2: a comma too many"),
        ("[,\n" + json.dumps(OWN) + "]", r":1: a comma too many"),
        ("[" + json.dumps(OWN) + ",,\n" + json.dumps(OWN) + "]", r":1: a comma too many"),
        ("[" + json.dumps(OWN) + "\n" + json.dumps(OWN) + "]", r":2: a comma is missing"),
        (lines(OWN, {"question": "q", "scores": {"a": 1}}), r":2: a routerdc line in a records"),
        (lines(OWN, OWN | {"scores": {"a": 1.5}}), r":2: score of expert 'a' is 1\.5"),
        (lines(OWN | {"scores": {"a": float("nan")}}), r":1: score of expert 'a' is nan"),
        (lines(OWN | {"scores": {"a": "1"}}), r":1: scores of expert 'a' is '1'"),
        (lines(OWN | {"costs": {"a": -1}}), r":1: cost of expert 'a' is -1"),
        (lines(OWN | {"scores": {}}), r":1: no expert has a score"),
        (lines(OWN | {"query": "  "}), r":1: query '  ' is empty"),
        (
            r'{"query": "x \ud800 y", "scores": {"a": 1}}',
            r":1: query holds '\\ud800', half a surrogate pair, at character 2; write the whole",
        ),
        (
            r'{"query": "x", "scores": {"\udfff": 1}}',
            r":1: expert name holds '\\udfff', half",
        ),
        (
            r'{"query": "x", "dataset": "\ud800", "scores": {"a": 1}}',
            r":1: dataset holds '\\ud800', half",
        ),
        (lines(OWN | {"query": 3}), r":1: query 3 is empty"),
        (
            "\n" + lines(OWN | {"id": 1}, OWN | {"id": 1}),
            r":3: id '1' comes twice in data set 'maths', first at .*:2; give each",
        ),
        (lines(OWN | {"scores": {"a": 1, "b": None}}), r":1: expert 'b' has no score on any"),
        (
            lines(OWN, OWN, OWN | {"scores": {"A ": 1}}),
            r":3: expert names 'a' \(at .*:1\) and 'A ' clash",
        ),
        (
            lines(OWN, OWN | {"costs": {"A": 1}}),
            r":2: expert names 'a' \(at .*:1\) and 'A' clash",
        ),
        (lines(OWN | {"latencies": {"a ": 1}}), r":1: expert names 'a' .* and 'a ' clash"),
        (
            lines({"query": "q", "records": {"a": 1}, "usages": {"A": {"cost": 1}}}),
            r":1: expert names 'a' .* and 'A' clash",
        ),
        (
            lines(OWN | {"scores": {"Mistr\u00e1l": 1}}, OWN | {"scores": {"mistra\u0301l": 1}}),
            r":2: expert names .* clash",
        ),
        (lines(OWN | {"dataset": 0}), r":1: dataset 0 must be a name"),
        (lines(OWN | {"dataset": False}), r":1: dataset False must be a name"),
        (lines(OWN | {"scores": {"a": 10**400}}), r":1: scores of expert 'a' has over 300 digits"),
        (lines(OWN | {"costs": {"a": 10**400}}), r":1: costs of expert 'a' has over 300 digits"),
        ('{"query": "q", "scores": {"a": 1, "a": 0}}', r":1: the names \['a'\] come twice"),
        ('{"query": "q", "score": {"a": 1}}', r":1: no record format has the keys"),
        ('{\n"query": "q"\n}', r":1: not valid JSON"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_and_remedy(
    tmp_path: Path, content: str, message: str
) -> None:
    file = write(tmp_path / "bad.jsonl", content)
    with pytest.raises(RecordsError, match=message) as caught:
        read_records(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


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


def test_places_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"cannot read .*none\.json"):
        read_records(tmp_path / "none.json")
    with pytest.raises(RecordsError, match="no records file given"):
        read_records([])
    with pytest.raises(RecordsError, match="can run code"):
        read_records(tmp_path / "frame.pkl")
    with pytest.raises(RecordsError, match=r"holds no \.json"):
        read_records(tmp_path)
    with pytest.raises(RecordsError, match="score type 'x' is unknown"):
        read_records(tmp_path, score_type="x")
    (tmp_path / "latin.json").write_bytes('[{"query": "é"}]'.encode("latin-1"))
    with pytest.raises(RecordsError, match=r"latin\.json:1: not UTF-8 text .* at byte 12 "):
        read_records(tmp_path / "latin.json")


def test_costs_of_experts_without_a_score_on_that_query_are_fine(tmp_path: Path) -> None:
    file = write(tmp_path / "own.jsonl", lines(OWN, OWN | {"scores": {"a": 1}, "costs": {"b": 2}}))
    assert read_records(file)[1].costs == {"b": 2.0}


def test_a_list_of_records_is_checked_too() -> None:
    with pytest.raises(RecordsError, match=r"record 1: cost of expert 'a' has over 300 digits"):
        check_records([Record("q", "d", {"a": 1}, {"a": 10**400})])
    with pytest.raises(RecordsError, match="no record"):
        check_records([])
    with pytest.raises(RecordsError, match=r"record 1: score of expert 'a' is -0\.1"):
        check_records([Record("q", "d", {"a": -0.1})])
    assert check_records([Record("q", "d", {"b": 1}), Record("q", "d", {"a": 0})]) == ("a", "b")


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


def test_blank_pieces_before_a_result_do_not_hide_it(tmp_path: Path) -> None:
    file = tmp_path / "d" / "test" / "m" / "1.json"
    result(file, {"index": 1, "prompt": "q", "score": 1.0})
    file.write_text("\n" * 10_000 + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_records(file)[0].scores == {"m": 1.0}
