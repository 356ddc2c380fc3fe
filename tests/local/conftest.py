"""Packages that carry weights, made small: the parts of a file and an import that must not run."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from avengers_graph.local import weights
from avengers_graph.local.models import LocalModelSpec

CONTENT = b"GGUF" + bytes(range(256)) * 40
"""Ten kilobytes that start like a GGUF file."""

MakeSpec = Callable[..., LocalModelSpec]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("AVENGERS_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> MakeSpec:
    """Registers the model ``tiny``, carried by as many installed packages as asked for."""

    def make(*, parts: int = 3, stem: str = "tiny_weights_part") -> LocalModelSpec:
        site = tmp_path / "site"
        step = -(-len(CONTENT) // parts)
        for i in range(parts):
            data = site / f"{stem}{i + 1}" / "data"
            data.mkdir(parents=True)
            (data.parent / "__init__.py").write_text("raise RuntimeError('imported')")
            (data / "part.bin").write_bytes(CONTENT[i * step : (i + 1) * step])
        monkeypatch.syspath_prepend(site)
        spec = LocalModelSpec(
            name="tiny",
            hub_repo="someone/tiny",
            hub_file="tiny.gguf",
            packages=tuple(f"{stem.replace('_', '-')}{i + 1}" for i in range(parts)),
            version="1.0",
            parts=tuple(f"{stem}{i + 1}/data/part.bin" for i in range(parts)),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            context_length=128,
            set="default",
        )
        monkeypatch.setattr(weights, "MODELS", {"tiny": spec})
        return spec

    return make
