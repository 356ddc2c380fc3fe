"""The keywords of ``ChatAvengers(...)`` and ``from_config`` as type checkers and editors see them.

The types repeat those of the fields that they set, since no checker reads them there; a test holds
the two against each other. None stands for a keyword that was not given.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from langchain_core.caches import BaseCache
from langchain_core.callbacks import Callbacks
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import ModelProfile
from langchain_core.rate_limiters import BaseRateLimiter
from pydantic import SecretStr
from typing_extensions import TypedDict

from avengers_graph.experts.pool import ExpertPool
from avengers_graph.plans import Plan
from avengers_graph.routing import ClusterIndex
from avengers_graph.settings.call_params import ResponseFormat
from avengers_graph.settings.context import Context


class RunKeywords(TypedDict, total=False):
    """Fields of ``Context``, with the names that LangChain has for some of them.

    ``min_confidence`` is not among them: a chat model refuses it.
    """

    strategy: str | None
    samples: int | None
    top_experts: int | None
    top_clusters: int | None
    beta: float | None
    alpha: float | None
    default_cost: float | None
    answer_kind: str | None
    labels: list[str] | None
    run_code: bool | None
    merge: bool | None
    exclude_experts: list[str] | None
    force_experts: list[str] | None
    unranked: Literal["equal", "given", "turns"] | None
    explore: float | None
    prefer_experts: list[str] | None
    batching: Literal["auto", "never", "always"] | None
    early_stop: bool | None
    retries: int | None
    max_retries: int | None
    routing_text: Literal["last_human", "conversation"] | None
    deadline: float | None
    timeout: float | None
    max_calls: int | None
    max_tokens_spent: int | None
    max_cost: float | None


class ParamKeywords(TypedDict, total=False):
    """Parameters that experts are passed: those of ``CallParams``."""

    extra_body: dict[str, Any] | None
    frequency_penalty: float | None
    logprobs: bool | None
    max_tokens: int | None
    parallel_tool_calls: bool | None
    presence_penalty: float | None
    response_format: ResponseFormat | None
    seed: int | None
    stop: str | list[str] | None
    strict: bool | None
    temperature: float | None
    tool_choice: str | dict[str, Any] | None
    tools: list[dict[str, Any]] | None
    top_logprobs: int | None
    top_p: float | None


class ModelKeywords(RunKeywords, ParamKeywords, total=False):
    """What ``ChatAvengers(...)`` takes beside the experts, the index and the embedder."""

    defaults: Context
    plans: Mapping[str, Plan | Mapping[str, Any]]
    model: str
    model_name: str
    api_key: SecretStr | str | None
    streaming: bool | None
    # Fields of every LangChain chat model.
    name: str | None
    cache: BaseCache | bool | None
    verbose: bool
    callbacks: Callbacks
    tags: list[str] | None
    metadata: dict[str, Any] | None
    custom_get_token_ids: Callable[[str], list[int]] | None
    rate_limiter: BaseRateLimiter | None
    disable_streaming: bool | Literal["tool_calling"]
    output_version: str | None
    profile: ModelProfile | None


class ConfigKeywords(ModelKeywords, total=False):
    """What ``ChatAvengers.from_config`` takes: parts that stand in place of the file's as well."""

    pool: ExpertPool
    index: ClusterIndex
    embeddings: Embeddings
