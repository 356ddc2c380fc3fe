"""First node: resolve the request, plan it, and embed the question where an index is to see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import Runtime

from avengers_graph.errors import ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import conversation_of, has_images, question_of
from avengers_graph.plans import Plan, make_plan
from avengers_graph.routing import NoIndex, Router
from avengers_graph.settings.call_params import check_tool_choice, json_form, needed_capabilities
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import resolve
from avengers_graph.state import AvengersState, Request
from avengers_graph.voting import infer_kind


def embed(
    state: AvengersState,
    runtime: Runtime[Context],
    config: RunnableConfig,
    *,
    pool: ExpertPool,
    routing: Router | NoIndex,
    defaults: Context,
    plans: Mapping[str, Plan],
) -> dict[str, Any]:
    """Write ``request`` and ``plan``; with an index, ``query_embedding`` too.

    The request is resolved here once, so that a resumed or replayed run keeps its settings
    whatever the defaults have become.

    Raises:
        ConfigError: an empty question, an unknown expert, strategy or call parameter.
    """
    # The namespace of a graph inside another one has a part for each of them.
    nested = "|" in config.get("configurable", {}).get("checkpoint_ns", "")
    settings = resolve(defaults, own_settings(runtime.context, nested=nested))
    messages = state["messages"]
    question = question_of(messages)
    if not question.strip() and not has_images(messages):
        raise ConfigError("the question is empty; pass at least one message with text")
    for name in settings.named_experts:
        _ = pool[name]
    plan = make_plan(
        settings.strategy,
        samples=min(settings.samples, settings.max_calls or settings.samples),
        top_experts=min(settings.top_experts, len(pool)),
        own=plans,
    )
    request = resolve_request(settings, question=question, messages=messages)
    resolved = {"request": request, "plan": plan.model_dump()}
    if isinstance(routing, NoIndex):
        return resolved
    return {**resolved, "query_embedding": routing.vector(request["routing_text"])}


def query_vector(state: AvengersState, router: Router) -> list[float]:
    """The question's unit vector, (dim,); a resumed run, where it was not kept, has it anew."""
    return state.get("query_embedding") or router.vector(state["request"]["routing_text"])


def own_settings(given: Any, *, nested: bool) -> Context | Mapping[str, Any] | None:
    """What of a run's context is ours; a caller may pass none, or a plain dict.

    Args:
        nested: The graph runs inside another one, whose context it is handed: what is not ours
            in that is somebody else's, and of no concern here.

    Raises:
        ConfigError: the context is neither a Context nor the fields of one.
    """
    if given is None or isinstance(given, Context):
        return given
    if not isinstance(given, Mapping):
        if nested:
            return None
        raise ConfigError(f"the context is a {type(given).__name__}; pass a Context or a dict")
    fields = Context.model_fields
    return {name: given[name] for name in given if name in fields} if nested else given


def resolve_request(
    settings: Context, *, question: str, messages: Sequence[BaseMessage]
) -> Request:
    """Everything later nodes need to know of the request."""
    params = settings.params
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
        kind=_kind(settings, question=question),
    )


def _routing_text(settings: Context, *, question: str, messages: Sequence[BaseMessage]) -> str:
    if settings.routing_text == "last_human":
        return question
    return conversation_of(messages) or question


def _kind(settings: Context, *, question: str) -> str | None:
    """The answer kind, where the request alone tells it."""
    if settings.answer_kind != "auto":
        return settings.answer_kind
    params = settings.params
    if params.get("tools") and params.get("tool_choice") != "none":
        return "tool_calls"
    if json_form(params):
        return "json"
    return infer_kind(question, labels=settings.labels)
