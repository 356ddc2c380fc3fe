"""One expert: a model behind an OpenAI-compatible endpoint, or a LangChain chat model."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_serializer,
    field_validator,
    model_validator,
)

from avengers_graph.registry import OneOf
from avengers_graph.settings.chat_models import described_by, is_chat_model
from avengers_graph.settings.servers import SERVERS

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
    """A LangChain chat model used instead of an endpoint. ``supports``, ``context_length`` and
    ``temperature`` are then what the object and its profile say, where they are not given."""
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

    @model_validator(mode="before")
    @classmethod
    def _as_its_object_says(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and is_chat_model(given.get("llm")):
            return {**described_by(given["llm"]), **given}
        return given

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
        if self.llm is not None and not is_chat_model(self.llm):
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
