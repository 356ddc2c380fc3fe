"""Third node: the experts that scored best around the question, or all of them alike."""

import logging
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.types import Overwrite

from avengers_graph.errors import ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.nodes.embed import query_vector
from avengers_graph.routing import ClusterIndex, NoIndex, Router, explored, rank_experts
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import settings_of
from avengers_graph.state import AvengersState, Request
from avengers_graph.types import ClusterHit, RankedExpert, Spent

LOGGER = logging.getLogger(__name__)


def select_experts(
    state: AvengersState, *, pool: ExpertPool, routing: Router | NoIndex
) -> dict[str, Any]:
    """Write ``experts``, best first, and clear what an earlier turn left behind.

    Raises:
        ConfigError: no expert can take the request within the budget, or one that is forced
            cannot, or a cost that the settings need is unknown.
    """
    request, messages, clusters = state["request"], state["messages"], state["clusters"]
    if isinstance(routing, NoIndex):
        ranked = unscored_for(request, messages, pool=pool, no_index=routing)
    else:
        vector = query_vector(state, routing)
        ranked = ranked_for(
            request, messages, vector=vector, clusters=clusters, pool=pool, index=routing.index
        )
    scores = ", ".join(f"{expert['name']} {expert['score']:.3f}" for expert in ranked)
    LOGGER.debug("%s; experts %s", _where(clusters), scores)
    return {
        "experts": ranked,
        "samples": Overwrite([]),
        "round": 0,
        "spent": Spent(
            calls=0, input_tokens=0, output_tokens=0, cost=0.0, seconds=0.0, elapsed=0.0
        ),
    }


def _where(clusters: Sequence[ClusterHit]) -> str:
    if not clusters:
        return "no cluster"
    return f"cluster {clusters[0]['id']} at distance {clusters[0]['distance']:.3f}"


def ranked_for(
    request: Request,
    messages: Sequence[BaseMessage],
    *,
    vector: Sequence[float],
    clusters: Sequence[ClusterHit],
    pool: ExpertPool,
    index: ClusterIndex,
) -> list[RankedExpert]:
    """Who would be asked, best first: of the pool, whoever can take the request.

    Args:
        vector: The question's unit vector, (dim,).
        clusters: The nearest clusters, as ``index.nearest`` gives them.

    Raises:
        ConfigError: as ``select_experts``.
    """
    settings = settings_of(request)
    evidence = index.evidence(vector, clusters, beta=settings.beta)
    ranked = rank_experts(evidence, **_candidates(request, messages, settings, pool))
    if settings.force_experts:
        return _forced(ranked, settings.force_experts)
    key = f"{settings.params.get('seed')}:{request['routing_text']}"
    explored_first = explored(ranked, scored=index.experts, share=settings.explore, key=key)
    return _preferred(explored_first, settings.prefer_experts)


def unscored_for(
    request: Request, messages: Sequence[BaseMessage], *, pool: ExpertPool, no_index: NoIndex
) -> list[RankedExpert]:
    """Who would be asked without an index: of the pool, whoever can take the request.

    Raises:
        ConfigError: as ``select_experts``.
    """
    settings = settings_of(request)
    among = _candidates(request, messages, settings, pool)
    ranked = no_index.rank(**among, unranked=settings.unranked)
    return _forced(_preferred(ranked, settings.prefer_experts), settings.force_experts)


def _candidates(
    request: Request, messages: Sequence[BaseMessage], settings: Context, pool: ExpertPool
) -> dict[str, Any]:
    """Who can take the request, and what a ranking with or without scores needs to know of cost."""
    max_tokens = settings.params.get("max_tokens")
    able = pool.eligible(
        messages, needs=request["needs"], exclude=settings.exclude_experts, max_tokens=max_tokens
    )
    return {
        "candidates": able,
        "alpha": settings.alpha,
        "expected_costs": pool.expected_costs(messages, max_tokens=max_tokens),
        "default_cost": settings.default_cost,
        "max_cost": settings.max_cost,
    }


def _preferred(ranked: list[RankedExpert], names: list[str]) -> list[RankedExpert]:
    """Those that a caller prefers first, in the caller's order; the others as they were ranked."""
    by_name = {expert["name"]: expert for expert in ranked}
    first = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
    return [*first, *(expert for expert in ranked if expert["name"] not in names)]


def _forced(ranked: list[RankedExpert], names: list[str]) -> list[RankedExpert]:
    """Exactly the experts a caller insists on, in the caller's order; all when none are named."""
    if not names:
        return ranked
    by_name = {expert["name"]: expert for expert in ranked}
    unable = [name for name in names if name not in by_name]
    if unable:
        raise ConfigError(
            f"force_experts names {unable}, which cannot take this request "
            "(excluded, lacking a capability it needs, or above max_cost); force others or change "
            "the request"
        )
    return [
        RankedExpert(**{**by_name[name], "why": f"asked for by name; {by_name[name]['why']}"})
        for name in dict.fromkeys(names)
    ]
