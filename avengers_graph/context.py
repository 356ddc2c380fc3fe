"""What a person tunes per run: the graph's runtime context."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from avengers_graph.errors import ConfigError
from avengers_graph.plans.spec import OneOf
from avengers_graph.types import SampleRecord
from avengers_graph.voting.kinds import KINDS


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_stop(value: Any) -> bool:
    listed = [value] if isinstance(value, str) else value
    return isinstance(listed, list | tuple) and all(isinstance(text, str) for text in listed)


def _is_tools(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_tool, value))


def _is_tool(value: Any) -> bool:
    """A function has a name; tools of a server's own may look as they like."""
    if not isinstance(value, Mapping):
        return False
    function = value.get("function", {"name": ""})
    return isinstance(function, Mapping) and isinstance(function.get("name"), str)


def _is_format(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") in FORMATS


FORMATS = ("text", "json_object", "json_schema")
OURS_ON_THE_WIRE = ("messages", "model", "n", "stream")
"""What the engine decides itself; ``extra_body`` is for switches of a server."""
CHOICES = ("auto", "none", "required")
_MOST = 2**63 - 1
_VALUES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "extra_body": (lambda v: isinstance(v, Mapping), "a mapping"),
    "frequency_penalty": (_number(-2, 2), "a number in [-2, 2]"),
    "logprobs": (_is_flag, "true or false"),
    "max_tokens": (_integer(1, _MOST), "a whole number of 1 or more"),
    "parallel_tool_calls": (_is_flag, "true or false"),
    "presence_penalty": (_number(-2, 2), "a number in [-2, 2]"),
    "response_format": (_is_format, f"a mapping whose type is one of {FORMATS}"),
    "seed": (_integer(-_MOST, _MOST), "a whole number"),
    "stop": (_is_stop, "a text or a list of texts"),
    "strict": (_is_flag, "true or false"),
    "temperature": (_number(0, 2), "a number in [0, 2]"),
    "tool_choice": (lambda v: isinstance(v, str | Mapping), "a mode, or a tool as OpenAI names it"),
    "tools": (_is_tools, "a list of tools as OpenAI describes them; bind_tools takes any form"),
    "top_logprobs": (_integer(0, 20), "a whole number in [0, 20]"),
    "top_p": (_number(0, 1), "a number in [0, 1]"),
}
"""What each may be, and in words."""
PASSED_ON = frozenset(_VALUES)
"""The allow-list. Anything else is refused by name: a misspelling must not be dropped silently."""


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that were really given.

    Raises:
        ConfigError: one is not on the allow-list, or has a value that no expert can take.
    """
    given = {name: value for name, value in params.items() if value is not None}
    unknown = sorted(set(given) - PASSED_ON)
    if unknown:
        raise ConfigError(
            f"unknown call parameter {', '.join(map(repr, unknown))}; "
            f"experts are passed {', '.join(sorted(PASSED_ON))}"
        )
    for name, value in given.items():
        fits, wanted = _VALUES[name]
        if not fits(value):
            raise ConfigError(f"{name} is {value!r:.80}; it must be {wanted}")
    taken = [name for name in OURS_ON_THE_WIRE if name in given.get("extra_body", {})]
    if taken:
        raise ConfigError(
            f"extra_body may not set {', '.join(map(repr, taken))}; "
            "the number of answers is `samples`, and streaming is a matter of stream()"
        )
    return given


def check_tool_choice(params: Mapping[str, Any]) -> None:
    """That the call asked for can be made.

    Raises:
        ConfigError: there is no tool, or none of that name.
    """
    choice = params.get("tool_choice")
    if choice in (None, "auto", "none"):
        return
    names = [tool.get("function", {}).get("name") for tool in params.get("tools") or ()]
    wanted = choice.get("function", {}).get("name") if isinstance(choice, Mapping) else None
    if not names or (wanted is None and choice != "required") or wanted not in (None, *names):
        raise ConfigError(
            f"tool_choice is {choice!r}, and the tools of the call are {names}; name one of them "
            f"(bind_tools takes a plain name), or give one of {CHOICES}"
        )


def forced_tool(params: Mapping[str, Any]) -> str | None:
    """Name of the one tool that must be called; None where there is a choice."""
    choice = params.get("tool_choice")
    if isinstance(choice, Mapping):
        return str(choice["function"]["name"])
    names = [tool["function"]["name"] for tool in params.get("tools") or () if "function" in tool]
    return names[0] if choice == "required" and len(names) == 1 else None


def json_form(params: Mapping[str, Any]) -> Literal["json_mode", "json_schema"] | None:
    """How the answer must be JSON: any, by a schema, or not at all."""
    form = params.get("response_format")
    named = form.get("type") if isinstance(form, Mapping) else None
    if not form or named == "text":
        return None
    return "json_mode" if named == "json_object" else "json_schema"


def needed_capabilities(params: Mapping[str, Any]) -> list[str]:
    """What an expert must support for these parameters."""
    needs = []
    if params.get("tools"):
        needs.append("tools")
    if form := json_form(params):
        needs.append(form)
    if params.get("logprobs"):
        needs.append("logprobs")
    return needs


ANSWER_KINDS = ("auto", *KINDS)


def _shown_at(*nodes: str) -> dict[str, Any]:
    """JSON-schema metadata by which Studio shows a field beside its node."""
    return {"langgraph_nodes": list(nodes)}


class Context(BaseModel):
    """Settings of one run. An unknown field is an error, never silently dropped."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    strategy: str = Field(
        "self-consistency",
        description="Plan to follow: direct, self-consistency, multi-model, model-switch, "
        "fast-slow, slow-fast, adaptive, boosted, aggregation, mixture-of-agents, or your own.",
        json_schema_extra=_shown_at("embed"),
    )
    samples: int = Field(
        8,
        ge=1,
        le=256,
        description="Answers asked for in all.",
        json_schema_extra=_shown_at("sample"),
    )
    top_experts: int = Field(
        3,
        ge=1,
        le=64,
        description="Experts that multi-expert strategies ask.",
        json_schema_extra=_shown_at("select_experts"),
    )
    top_clusters: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Nearest clusters whose scores are mixed. None: as fitted.",
        json_schema_extra=_shown_at("retrieve_cluster"),
    )
    beta: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Clusters weigh softmax(-beta * Euclidean distance). None: as fitted.",
        json_schema_extra=_shown_at("retrieve_cluster"),
    )
    alpha: float = Field(
        1.0,
        ge=0,
        le=1,
        description="1 ranks by accuracy alone, 0 by cost alone (Avengers-Pro).",
        json_schema_extra=_shown_at("select_experts"),
    )
    default_cost: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="USD per query taken for experts without a price whose cost calibration did "
        "not measure, where alpha is below 1 or max_cost is set. None: such an expert is an error.",
        json_schema_extra=_shown_at("select_experts"),
    )
    temperature: float | None = Field(
        None,
        ge=0,
        le=2,
        description="Sampling temperature. None: each expert's own, else 0.7.",
        json_schema_extra=_shown_at("sample"),
    )
    answer_kind: Annotated[str, OneOf(ANSWER_KINDS)] = Field(
        "auto",
        description="How answers are compared. auto decides from the question, then the samples.",
        json_schema_extra=_shown_at("vote"),
    )
    labels: list[str] = Field(
        default_factory=list,
        description="The closed list a label question is answered from, where it is not in it.",
        json_schema_extra=_shown_at("vote"),
    )
    run_code: bool = Field(
        False,
        description="Group programs by what they return on the question's examples. This runs the "
        "models' code, in a limited process; off unless asked for.",
        json_schema_extra=_shown_at("vote"),
    )
    merge: bool = Field(
        False,
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
    batching: Literal["auto", "never", "always"] = Field(
        "auto",
        description="never: one request per sample. always: one request for n. auto: n where the "
        "server honours it and the round needs all its samples anyway.",
        json_schema_extra=_shown_at("sample"),
    )
    early_stop: bool = Field(
        True,
        description="Cancel what is in flight once the answer cannot change.",
        json_schema_extra=_shown_at("sample"),
    )
    retries: int | None = Field(
        None,
        ge=0,
        le=20,
        description="Further tries of a call after a failure that may pass. None: each expert's.",
        json_schema_extra=_shown_at("sample"),
    )
    routing_text: Literal["last_human", "conversation"] = Field(
        "last_human",
        description="What is embedded for routing: the last human turn, or the whole "
        "conversation, newest turn first.",
        json_schema_extra=_shown_at("embed"),
    )
    deadline: float | None = Field(
        None,
        gt=0,
        description="Seconds for asking, all rounds together; what is there by then is voted on.",
        json_schema_extra=_shown_at("sample"),
    )
    max_calls: int | None = Field(
        None, ge=1, description="Most calls per request.", json_schema_extra=_shown_at("sample")
    )
    max_tokens_spent: int | None = Field(
        None,
        ge=1,
        description="Most tokens per request, prompts and answers of all samples together.",
        json_schema_extra=_shown_at("sample"),
    )
    max_cost: float | None = Field(
        None,
        gt=0,
        description="Most USD per request. Experts one answer of which would cost more are left "
        "out; answers of experts without a price count what calibration measured, or default_cost.",
        json_schema_extra=_shown_at("select_experts", "sample"),
    )
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Below it the graph interrupts for a person to decide (graph only).",
        json_schema_extra=_shown_at("vote"),
    )
    params: dict[str, Any] = Field(
        default_factory=dict,
        description="Per-call parameters passed on to every expert: stop, seed, top_p, max_tokens, "
        "tools, response_format, ...",
        json_schema_extra=_shown_at("sample"),
    )
    stream_tokens: bool = Field(
        False,
        description="Report the tokens of a one-sample request as custom stream events.",
        json_schema_extra=_shown_at("sample"),
    )

    parse_sample: SkipJsonSchema[Callable[[SampleRecord], Any] | None] = Field(
        None,
        exclude=True,
        repr=False,
    )
    """Structured output: a sample as plain data, or None to let it abstain. Never in the state."""

    def over(self, defaults: "Context") -> "Context":
        """These settings where they were given, ``defaults`` elsewhere."""
        return Context.model_validate(
            {**defaults.model_dump(), **self.model_dump(exclude_unset=True)}
        )
