"""First node: resolve the request, plan it, and embed the question."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import Runtime
from pydantic import ValidationError

from avengers_graph.config import describe
from avengers_graph.context import (
    Context,
    check_tool_choice,
    checked_params,
    json_form,
    needed_capabilities,
)
from avengers_graph.embedding import embed_query
from avengers_graph.errors import ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import conversation_of, has_images, question_of
from avengers_graph.plans import make_plan
from avengers_graph.state import AvengersState
from avengers_graph.types import Plan, Request
from avengers_graph.voting import infer_kind


def embed(
    state: AvengersState,
    runtime: Runtime[Context],
    config: RunnableConfig,
    *,
    pool: ExpertPool,
    embeddings: Embeddings,
    defaults: Context,
    plans: Mapping[str, Plan],
) -> dict[str, Any]:
    """Write ``request``, ``plan`` and ``query_embedding``.

    The request is resolved here once, so that a resumed or replayed run keeps its settings
    whatever the defaults have become.

    Raises:
        ConfigError: an empty question, an unknown expert, strategy or call parameter.
    """
    # The namespace of a graph inside another one has a part for each of them.
    nested = "|" in config.get("configurable", {}).get("checkpoint_ns", "")
    settings = resolve_settings(runtime.context, defaults=defaults, nested=nested)
    messages = state["messages"]
    question = question_of(messages)
    if not question.strip() and not has_images(messages):
        raise ConfigError("the question is empty; pass at least one message with text")
    for name in (*settings.force_experts, *settings.exclude_experts):
        _ = pool[name]
    plan = make_plan(
        settings.strategy,
        samples=min(settings.samples, settings.max_calls or settings.samples),
        top_experts=min(settings.top_experts, len(pool)),
        own=plans,
    )
    request = resolve_request(settings, question=question, messages=messages)
    return {
        "request": request,
        "plan": plan,
        "query_embedding": embed_query(embeddings, request["routing_text"]).tolist(),
    }


def query_vector(state: AvengersState, embeddings: Embeddings) -> list[float]:
    """The question's unit vector, (dim,); a resumed run, where it was not kept, has it anew."""
    kept = state.get("query_embedding")
    return kept or embed_query(embeddings, state["request"]["routing_text"]).tolist()


def resolve_settings(given: Any, *, defaults: Context, nested: bool = False) -> Context:
    """The caller's settings over the defaults; a caller may pass none, or a plain dict.

    Args:
        nested: The graph runs inside another one, whose context it is handed: what is not ours
            in that is somebody else's, and of no concern here.

    Raises:
        ConfigError: a setting is unknown or out of range.
    """
    if given is None or (nested and not isinstance(given, Context | Mapping)):
        return defaults
    if nested and isinstance(given, Mapping):
        given = {name: value for name, value in given.items() if name in Context.model_fields}
    try:
        context = given if isinstance(given, Context) else Context.model_validate(given)
    except ValidationError as error:
        raise ConfigError(describe(error)) from error
    return context.over(defaults)


def resolve_request(
    settings: Context, *, question: str, messages: Sequence[BaseMessage]
) -> Request:
    """Everything later nodes need to know of the request."""
    params = checked_params(settings.params)
    check_tool_choice(params)
    needs = needed_capabilities(params)
    if has_images(messages):
        needs.append("images")
    return Request(
        question=question,
        routing_text=_routing_text(settings, question=question, messages=messages),
        settings=settings.model_dump(exclude={"params"}),
        params=params,
        needs=needs,
        kind=_kind(settings, question=question, params=params),
    )


def _routing_text(settings: Context, *, question: str, messages: Sequence[BaseMessage]) -> str:
    if settings.routing_text == "last_human":
        return question
    return conversation_of(messages) or question


def _kind(settings: Context, *, question: str, params: dict[str, Any]) -> str | None:
    """The answer kind, where the request alone tells it."""
    if settings.answer_kind != "auto":
        return settings.answer_kind
    if params.get("tools") and params.get("tool_choice") != "none":
        return "tool_calls"
    if json_form(params):
        return "json"
    return infer_kind(question, labels=settings.labels)
