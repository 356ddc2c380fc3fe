"""``avengers-graph vote``, as a command."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from avengers_graph.cli import main
from avengers_graph.cli.vote import vote_command
from avengers_graph.errors import ConfigError
from avengers_graph.voting import vote

app = typer.Typer()
app.command()(vote_command)
runner = CliRunner()


def test_lines_in_lines_out() -> None:
    items = [
        {"question": "How many?", "samples": ["\\boxed{1/2}", "0.5", "2"], "kind": "auto"},
        {"samples": [{"content": "B"}, {"text": "(B)", "error": None}, "A"], "kind": "choice"},
        {"samples": ["hm"], "kind": "number", "question": None},
        {"samples": ["1", "2"], "kind": "number", "weights": [1, 2.5], "ranks": [0, 1]},
    ]
    text = "\n".join(map(json.dumps, items)) + "\n\n"
    result = runner.invoke(app, ["-"], input=text)
    assert result.exit_code == 0, result.output
    verdicts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(v["answer"], v["winner"], v["kind"]) for v in verdicts] == [
        ("0.5", 0, "number"),
        ("B", 0, "choice"),
        (None, None, "number"),
        ("2", 1, "number"),
    ]
    assert verdicts[0]["tally"][0] == {
        "answer": "0.5", "votes": 2, "weight": 2.0, "samples": [0, 1],
    }  # fmt: skip
    assert verdicts[0]["agreement"] == pytest.approx(2 / 3)


def test_the_command_and_the_function_agree(tmp_path: Path) -> None:
    samples = ["The answer is 7.", "7.0", "8", "I'm sorry, I cannot help."]
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps({"question": "How many?", "samples": samples}), "utf-8")
    result = runner.invoke(app, [str(file)])
    assert json.loads(result.stdout) == vote(samples, question="How many?").to_dict()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{broken", "line 2 is no JSON"),
        ('{"question": "x"}', "line 2 has no list `samples`"),
        ('{"samples": ["1"], "kind": "numbr"}', "unknown answer kind 'numbr'"),
        ('{"samples": ["1"], "kind": 3}', "`kind` is 3"),
        ('{"samples": ["1"], "question": 3}', "`question` is 3"),
        ('{"samples": [3]}', "line 2: a sample is a int"),
        ('{"samples": ["1"], "weights": [1, 2]}', "2 weights for 1 samples"),
        ('{"samples": ["1"], "weights": ["x"]}', "give a list of numbers"),
        ('{"samples": ["1"], "weights": [NaN]}', "give a finite number"),
    ],
)
def test_a_bad_line_is_named(line: str, named: str) -> None:
    result = runner.invoke(app, [], input='{"samples": ["1"]}\n' + line + "\n")
    assert isinstance(result.exception, ConfigError)
    assert named in str(result.exception)
    assert "\n" not in str(result.exception)
    assert len(result.stdout.splitlines()) == 1


def test_a_missing_file_is_named() -> None:
    result = runner.invoke(app, ["nowhere.jsonl"])
    assert isinstance(result.exception, ConfigError)
    assert "'nowhere.jsonl'" in str(result.exception)


def test_bad_input_ends_it_as_any_other_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["avengers-graph", "vote", "nowhere.jsonl"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("avengers-graph: cannot read 'nowhere.jsonl'")
