"""Published outputs become a recording that replays."""

import csv
import json
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from avengers_graph.calibration.published_outputs import read_published_outputs
from avengers_graph.errors import RecordsError
from avengers_graph.experts.replay import ReplayPool
from tests.experts.rounds import listen


def _korbench(folder: Path) -> Path:
    row = {"id": "logic-1", "prompt": "Is it?", "outputs": {"alpha": "[[yes]]", "beta": "no"}}
    path = folder / "dev.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_korbench_replays(tmp_path: Path) -> None:
    pool = ReplayPool(read_published_outputs(_korbench(tmp_path), source="korbench"))
    assert pool.names == ("alpha", "beta")
    heard = listen(pool, ("alpha", 1), ("beta", 1), messages=[HumanMessage("Is it?")])
    assert sorted(heard.texts.values()) == ["[[yes]]", "no"]


def test_routerbench_reads_printed_lists(tmp_path: Path) -> None:
    path = tmp_path / "mbpp.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample_id", "prompt", "eval_name", "alpha", "alpha|model_response"])
        writer.writerow(["m.1", "['Add one.']", "mbpp", "1.0", "['x + 1\\n']"])
        writer.writerow(["m.2", "['Add two.']", "mbpp", "0.0", "plain text"])
    first, second = read_published_outputs(path, source="routerbench")
    assert (first.id, first.prompt, first.texts) == ("m.1", "Add one.", ["x + 1\n"])
    assert second.texts == ["plain text"]


@pytest.mark.parametrize("source", ["korbench", "routerbench"])
def test_another_format_is_refused_in_one_line(tmp_path: Path, source: str) -> None:
    path = tmp_path / "other"
    path.write_text('{"query": "?"}\n{"query": "!"}\n', encoding="utf-8")
    with pytest.raises(RecordsError, match=f"in the {source} format") as caught:
        read_published_outputs(path, source=source)
    assert "\n" not in str(caught.value)


def test_an_unknown_format_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="choose one of korbench, routerbench"):
        read_published_outputs(tmp_path, source="mmlu")
    with pytest.raises(RecordsError, match="cannot read"):
        read_published_outputs(tmp_path / "none.jsonl", source="korbench")
