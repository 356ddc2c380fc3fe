"""avengers.yaml: what it may hold, and what is said when it does not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from avengers_graph.errors import ConfigError
from avengers_graph.settings.config import IndexPlace, config_path, load_config

URL = "http://127.0.0.1:9/v1"
EXPERT = {"name": "a", "base_url": URL}


def written(folder: Path, **changes: Any) -> Path:
    """A config that is right but for ``changes``."""
    file = folder / "avengers.yaml"
    file.write_text(yaml.safe_dump({"index": {"path": "idx"}, "experts": [EXPERT], **changes}))
    return file


def said(file: Path) -> str:
    """The one line that a wrong file gets."""
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_a_whole_file(tmp_path: Path) -> None:
    expert = {
        **EXPERT,
        "model": "org/a-7b",
        "api_key_env": "A_KEY",
        "rate_limit": {"requests": 10, "period": 60},
        "max_concurrency": 4,
        "supports": ["tools", "n", "system"],
        "price": {"input": 0.1, "output": 0.2},
        "timeout": 30,
    }
    defaults = {"samples": 5, "strategy": "multi-model", "force_experts": ["a"]}
    config = load_config(written(tmp_path, experts=[expert], defaults=defaults))
    only = config.experts[0]
    assert (only.model_name, only.max_concurrency, only.timeout) == ("org/a-7b", 4, 30)
    assert only.rate_limit is not None
    assert only.rate_limit.period == 60
    assert only.supports == {"tools", "n", "system"}
    assert config.defaults.samples == 5
    assert config.embedding.model == "sentence-transformers/all-MiniLM-L6-v2"


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    file = written(tmp_path, embedding={"model": "./minilm"})
    config = load_config(file)
    assert config.index.path == tmp_path / "idx"
    assert Path(config.embedding.model) == tmp_path / "minilm"


def test_a_folder_of_the_home_is_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    config = load_config(written(tmp_path, index={"path": "~/idx"}, embedding={"model": "~/m"}))
    assert config.index.path == tmp_path / "home" / "idx"
    assert Path(config.embedding.model) == tmp_path / "home" / "m"


def test_a_model_folder_beside_the_file_comes_before_a_hub_id(tmp_path: Path) -> None:
    (tmp_path / "models" / "minilm").mkdir(parents=True)
    config = load_config(written(tmp_path, embedding={"model": "models/minilm"}))
    assert Path(config.embedding.model) == tmp_path / "models" / "minilm"


def test_a_misspelt_default_parameter_is_named(tmp_path: Path) -> None:
    line = said(written(tmp_path, defaults={"params": {"max_tokns": 5}}))
    assert "unknown call parameter 'max_tokns'" in line


def test_absolute_paths_and_hub_ids_stay(tmp_path: Path) -> None:
    file = written(tmp_path, index={"path": "/srv/idx"}, embedding={"model": "BAAI/bge-m3"})
    config = load_config(file)
    assert config.index.path == Path("/srv/idx")
    assert config.embedding.model == "BAAI/bge-m3"


def test_which_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVENGERS_CONFIG", raising=False)
    assert config_path() == Path("avengers.yaml")
    monkeypatch.setenv("AVENGERS_CONFIG", str(tmp_path / "b.yaml"))
    assert config_path() == tmp_path / "b.yaml"
    assert config_path("c.yaml") == Path("c.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    line = said(tmp_path / "none.yaml")
    assert "No such file" in line
    assert "pass --config or set AVENGERS_CONFIG" in line


@pytest.mark.parametrize("text", ["experts: [", "- a\n- b\n", "", "just words", "\x00"])
def test_what_is_no_mapping(tmp_path: Path, text: str) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_text(text)
    assert said(file)


def test_what_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_bytes(b"\xff\xfe\x00index")
    assert said(file)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text() + "index: {path: other}\n")
    line = said(file)
    assert "the key 'index' stands here twice" in line
    assert "line" in line


def test_anchors_and_merges_still_work(tmp_path: Path) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_text(
        "index: {path: idx}\nexperts:\n"
        "  - &base {name: a, base_url: 'http://127.0.0.1:9/v1', timeout: 5}\n"
        "  - {<<: *base, name: b}\n"
    )
    assert [(e.name, e.timeout) for e in load_config(file).experts] == [("a", 5), ("b", 5)]


def test_yaml_that_builds_objects_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_text("index: !!python/object/apply:os.getcwd []\n")
    assert "not valid YAML" in said(file)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exprts": []}, ["exprts", "unknown field"]),
        ({"experts": [{**EXPERT, "modle": "x"}]}, ["experts.0.modle", "unknown field"]),
        ({"defaults": {"sample": 3}}, ["defaults.sample", "unknown field"]),
        ({"defaults": {"samples": 0}}, ["defaults.samples", "greater than or equal to 1", "0"]),
        ({"defaults": {"alpha": 1.5}}, ["defaults.alpha", "1.5"]),
        ({"defaults": {"force_experts": ["b"]}}, ["force_experts", "['b']", "have ['a']"]),
        ({"defaults": {"exclude_experts": ["b"]}}, ["exclude_experts", "['b']"]),
        ({"experts": []}, ["experts", "at least 1"]),
        ({"experts": [EXPERT, EXPERT]}, ["['a'] are listed twice"]),
        ({"experts": [{"name": "a"}]}, ["'a' needs either base_url"]),
        ({"experts": [{**EXPERT, "base_url": "localhost:1"}]}, ["'localhost:1' must start with"]),
        ({"experts": [{**EXPERT, "supports": ["telepathy"]}]}, ["supports", "'telepathy'"]),
        ({"experts": [{**EXPERT, "rate_limit": {"requests": 0}}]}, ["rate_limit.requests", "0"]),
        ({"experts": [{**EXPERT, "api_key": "sk-1"}]}, ["experts.0.api_key", "unknown field"]),
        ({"index": {}}, ["index", "at a path", "on a host"]),
        ({"index": {"path": "a", "host": "b"}}, ["index", "at a path", "on a host"]),
        ({"index": {"host": "b", "port": 99999}}, ["index.port", "99999"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: Any, words: list[str]) -> None:
    line = said(written(tmp_path, **changes))
    assert [word for word in words if word not in line] == [], line
    assert "sk-1" not in line


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_text("index: {path: idx}\n")
    assert "experts: Field required" in said(file)


def test_a_place_names_itself_as_messages_and_commands_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, server = IndexPlace(path=Path("idx")), IndexPlace(host="db", port=8001)
    assert [str(folder), folder.options] == ["idx", "--index idx"]
    assert [str(server), server.options] == ["db:8001", "--host db --port 8001"]
    assert folder.resolved() == IndexPlace(path=tmp_path.resolve() / "idx")
    assert server.resolved() == server


@pytest.mark.parametrize("index", [{}, {"path": "idx", "host": "db"}])
def test_an_index_is_at_one_place(tmp_path: Path, index: dict[str, str]) -> None:
    assert "not both or neither" in said(written(tmp_path, index=index))
