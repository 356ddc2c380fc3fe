"""What a person tunes per run: the graph's runtime context."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation
from pydantic.json_schema import SkipJsonSchema

from avengers_graph.plans import STRATEGIES
from avengers_graph.registry import OneOf
from avengers_graph.settings.call_params import CallParams
from avengers_graph.types import SampleRecord
from avengers_graph.voting.kinds import KINDS

ANSWER_KINDS = ("auto", *KINDS)
NAMING_EXPERTS = ("force_experts", "prefer_experts", "exclude_experts")
"""Fields that hold names of experts."""


def _shown_at(*nodes: str) -> dict[str, Any]:
    """JSON-schema metadata by which Studio shows a field beside its node."""
    return {"langgraph_nodes": list(nodes)}


class Context(BaseModel):
    """Settings of one run. An unknown field is an error, never silently dropped."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    strategy: str = Field(
        default="self-consistency",
        description=f"Plan to follow: {', '.join(STRATEGIES)}, or your own. Where it is not "
        "given and there is no index: multi-model.",
        json_schema_extra=_shown_at("embed"),
    )
    samples: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Answers asked for in all.",
        json_schema_extra=_shown_at("sample"),
    )
    top_experts: int = Field(
        default=3,
        ge=1,
        le=64,
        description="Experts that multi-expert strategies ask.",
        json_schema_extra=_shown_at("select_experts"),
    )
    top_clusters: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="Nearest clusters whose scores are mixed. None: as fitted.",
        json_schema_extra=_shown_at("retrieve_cluster"),
    )
    beta: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Clusters weigh softmax(-beta * Euclidean distance). None: as fitted.",
        json_schema_extra=_shown_at("retrieve_cluster"),
    )
    alpha: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="1 ranks by accuracy alone, 0 by cost alone (Avengers-Pro).",
        json_schema_extra=_shown_at("select_experts"),
    )
    default_cost: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="USD per query taken for experts without a price whose cost calibration did "
        "not measure, where alpha is below 1 or max_cost is set. None: such an expert is an error.",
        json_schema_extra=_shown_at("select_experts"),
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="Sampling temperature. None: each expert's own, else 0.7.",
        json_schema_extra=_shown_at("sample"),
    )
    answer_kind: Annotated[str, OneOf(ANSWER_KINDS)] = Field(
        default="auto",
        description="How answers are compared. auto decides from the question, then the samples.",
        json_schema_extra=_shown_at("vote"),
    )
    labels: list[str] = Field(
        default_factory=list,
        description="The closed list a label question is answered from, where it is not in it.",
        json_schema_extra=_shown_at("vote"),
    )
    run_code: bool = Field(
        default=False,
        description="Group programs by what they return on the question's examples. This runs the "
        "models' code, in a limited process; off unless asked for.",
        json_schema_extra=_shown_at("vote"),
    )
    merge: bool = Field(
        default=False,
        description="Let JSON objects win field by field; the answer may be no sample's own.",
        json_schema_extra=_shown_at("vote"),
    )
    exclude_experts: list[str] = Field(
        default_factory=list,
        description="Names of experts never asked.",
        json_schema_extra=_shown_at("select_experts"),
    )
    force_experts: list[str] = Field(
        default_factory=list,
        description="Ask exactly these experts, best first, whatever the ranking says.",
        json_schema_extra=_shown_at("select_experts"),
    )
    prefer_experts: list[str] = Field(
        default_factory=list,
        description="Rank these experts first, in this order, whatever their scores; those that "
        "cannot take a request are passed over.",
        json_schema_extra=_shown_at("select_experts"),
    )
    unranked: Literal["equal", "given", "turns"] = Field(
        default="equal",
        description="Who comes first while there is no index. equal: all count the same, cheaper "
        "ones first where prices are known, else as listed; given: as listed, whatever they cost; "
        "turns: as listed, each request beginning with the next one.",
        json_schema_extra=_shown_at("select_experts"),
    )
    explore: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of requests in which an expert that the index has no score of comes "
        "first, until it is scored. Drawn from the question and the seed parameter.",
        json_schema_extra=_shown_at("select_experts"),
    )
    batching: Literal["auto", "never", "always"] = Field(
        default="auto",
        description="never: one request per sample. always: one request for n. auto: n where the "
        "server honours it and the round needs all its samples anyway.",
        json_schema_extra=_shown_at("sample"),
    )
    early_stop: bool = Field(
        default=True,
        description="Cancel what is in flight once the answer cannot change.",
        json_schema_extra=_shown_at("sample"),
    )
    retries: int | None = Field(
        default=None,
        ge=0,
        le=20,
        description="Further tries of a call after a failure that may pass. None: each expert's.",
        json_schema_extra=_shown_at("sample"),
    )
    routing_text: Literal["last_human", "conversation"] = Field(
        default="last_human",
        description="What is embedded for routing: the last human turn, or the whole "
        "conversation, newest turn first.",
        json_schema_extra=_shown_at("embed"),
    )
    deadline: float | None = Field(
        default=None,
        gt=0,
        description="Seconds for asking, all rounds together; what is there by then is voted on.",
        json_schema_extra=_shown_at("sample"),
    )
    max_calls: int | None = Field(
        default=None,
        ge=1,
        description="Most calls per request.",
        json_schema_extra=_shown_at("sample"),
    )
    max_tokens_spent: int | None = Field(
        default=None,
        ge=1,
        description="Most tokens per request, prompts and answers of all samples together.",
        json_schema_extra=_shown_at("sample"),
    )
    max_cost: float | None = Field(
        default=None,
        gt=0,
        description="Most USD per request. Experts one answer of which would cost more are left "
        "out; answers of experts without a price count what calibration measured, or default_cost.",
        json_schema_extra=_shown_at("select_experts", "sample"),
    )
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Below it the graph interrupts for a person to decide (graph only).",
        json_schema_extra=_shown_at("vote"),
    )
    # ``settings.resolve`` checks them: a wrong one is a ConfigError wherever it was given.
    params: SkipValidation[CallParams] = Field(
        default_factory=CallParams,
        description="Parameters of the call, as OpenAI names them, passed on to every expert.",
        json_schema_extra=_shown_at("sample"),
    )
    stream_tokens: bool = Field(
        default=False,
        description="Report the tokens of a one-sample request as custom stream events.",
        json_schema_extra=_shown_at("sample"),
    )

    parse_sample: SkipJsonSchema[Callable[[SampleRecord], Any] | None] = Field(
        default=None,
        exclude=True,
        repr=False,
    )
    """Structured output: a sample as plain data, or None to let it abstain. Never in the state."""

    @property
    def named_experts(self) -> tuple[str, ...]:
        """Every expert that the settings name: each must be in the pool."""
        return tuple(name for field in NAMING_EXPERTS for name in getattr(self, field))
