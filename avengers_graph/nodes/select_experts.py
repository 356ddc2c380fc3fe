"""Third node: the experts that scored best around the question."""

import logging
from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage
from langgraph.types import Overwrite

from avengers_graph.errors import ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.nodes.embed import query_vector
from avengers_graph.routing import ClusterIndex, rank_experts
from avengers_graph.settings.precedence import settings_of
from avengers_graph.state import AvengersState, Request
from avengers_graph.types import ClusterHit, RankedExpert, Spent

LOGGER = logging.getLogger(__name__)


def select_experts(
    state: AvengersState, *, pool: ExpertPool, index: ClusterIndex, embeddings: Embeddings
) -> dict[str, Any]:
    """Write ``experts``, best first, and clear what an earlier turn left behind.

    Raises:
        ConfigError: no expert can take the request within the budget, or one that is forced
            cannot, or a cost that the settings need is unknown.
    """
    vector = query_vector(state, embeddings)
    ranked = ranked_for(
        state["request"],
        state["messages"],
        vector=vector,
        clusters=state["clusters"],
        pool=pool,
        index=index,
    )
    nearest = state["clusters"][0]
    scores = ", ".join(f"{expert['name']} {expert['score']:.3f}" for expert in ranked)
    LOGGER.debug(
        "cluster %d at distance %.3f; experts %s", nearest["id"], nearest["distance"], scores
    )
    return {
        "experts": ranked,
        "samples": Overwrite([]),
        "round": 0,
        "spent": Spent(
            calls=0, input_tokens=0, output_tokens=0, cost=0.0, seconds=0.0, elapsed=0.0
        ),
    }


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
    max_tokens = settings.params.get("max_tokens")
    able = pool.eligible(
        messages, needs=request["needs"], exclude=settings.exclude_experts, max_tokens=max_tokens
    )
    ranked = rank_experts(
        index.evidence(vector, clusters, beta=settings.beta),
        candidates=able,
        alpha=settings.alpha,
        expected_costs=pool.expected_costs(messages, max_tokens=max_tokens),
        default_cost=settings.default_cost,
        max_cost=settings.max_cost,
    )
    return _forced(ranked, settings.force_experts)


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
