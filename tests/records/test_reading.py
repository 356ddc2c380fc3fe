"""Every published format reads into the same records; what is wrong is named by file and line."""

import json
from pathlib import Path

import pytest

from avengers_graph.errors import RecordsError
from avengers_graph.records import Record, check_records, read_records
from tests.records.files import OWN, lines, write


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
