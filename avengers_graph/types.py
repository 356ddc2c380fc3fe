"""The plain values that flow through the graph: JSON types only.

A checkpoint, a trace and Studio all show the same. The state that holds them is in
``state.py``; this module imports no framework, so the pure packages may use it.
"""

from typing import Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict


class ClusterHit(TypedDict):
    """One of the nearest clusters of the query."""

    id: int
    label: str
    """A few words typical of the cluster's validation queries."""
    distance: float
    """Euclidean distance from the query to the centroid, at least 0."""
    weight: float
    """Share of this cluster in the ranking; the hits' weights sum to 1."""
    size: int
    """Validation queries in the cluster."""


class RankedExpert(TypedDict):
    """One expert as ranked for this query, best first."""

    name: str
    score: float
    """Estimated share of right answers on queries like this one, in [0, 1]."""
    interval: list[float]
    """95% credible interval of the score: [low, high]."""
    count: float
    """Validation scores behind the estimate (weighted over the clusters)."""
    cost: float | None
    """Mean USD per query where it is known."""
    why: str
    """One readable sentence: where the score comes from."""


CalledOff: TypeAlias = Literal["decided", "over_budget", "out_of_time"]
"""Why a call was taken back: the vote was decided, or budget or time ran out."""

Ending: TypeAlias = Literal["answered", "failed", "replaced", CalledOff]
"""How a sample ended: answered, failed, failed with another expert asked instead, or called off."""


class SampleRecord(TypedDict):
    """One answer of one expert, or the error that came instead."""

    expert: str
    index: int
    """Position within the request, 0-based; the ballot's identity."""
    round: int
    """Round of the plan it belongs to, 0-based."""
    text: str
    """The answer as the expert gave it, without reasoning blocks."""
    reasoning: str | None
    """What stood in ``<think>`` or ``reasoning_content``; never voted on."""
    tool_calls: list[dict[str, Any]]
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    usage_estimated: bool
    """True when the server gave no usage for this call and it was counted here."""
    latency: float
    """Seconds from sending to the last byte."""
    ended: Ending
    error: str | None
    """Why there is no answer, for a person to read; None when there is one."""
    broken_off: NotRequired[bool]
    """True for a stream that ended without a finish reason; absent else."""
    extras: NotRequired[dict[str, Any]]
    """What the expert's server wants to see again when the conversation goes on; absent else."""
    refusal: NotRequired[str]
    """What the expert said instead of an answer it will not give; only where it refused so."""
    input_token_details: NotRequired[dict[str, int]]
    """Of the input tokens, those read from a cache and the like; only where it was reported."""
    output_token_details: NotRequired[dict[str, int]]
    """Of the output tokens, those of reasoning and the like; only where it was reported."""
    logprobs: NotRequired[dict[str, Any]]
    """Log probabilities of the tokens as the server gave them; only where they were asked for."""


class TallyRow(TypedDict):
    """One class of equal answers."""

    answer: str
    votes: int
    weight: float
    samples: list[int]
    """Indices of the samples that gave this answer."""


class Spent(TypedDict):
    """What the request has used so far."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost: float
    """USD: by price, else by what calibration measured or ``default_cost`` says; 0 where nothing
    does."""
    seconds: float
    """Sum of the calls' latencies."""
    elapsed: float
    """Seconds spent in ``sample``, all rounds together: what a deadline counts."""
