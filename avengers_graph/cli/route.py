"""``avengers-graph route``: who would be asked, as JSON lines, without asking anybody."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avengers_graph.cli.options import (
    Config,
    DefaultCost,
    Host,
    IndexPath,
    MaxCost,
    Port,
    index_options,
)
from avengers_graph.errors import RecordsError
from avengers_graph.records.record import check_unicode

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from avengers_graph.routing import ClusterIndex
    from avengers_graph.settings.config import AvengersConfig
    from avengers_graph.types import ClusterHit, RankedExpert

    Route = Callable[[str], tuple[list[ClusterHit], list[RankedExpert]]]
    """From a query to its nearest clusters and to who would be asked, best first."""


def route_command(
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    top_clusters: Annotated[
        int | None,
        typer.Option(min=1, help="Clusters to mix.", show_default="the config's, else as fitted"),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="1 ranks by accuracy alone, 0 by cost alone.",
            show_default="the config's, else 1",
        ),
    ] = None,
    default_cost: DefaultCost = None,
    max_cost: MaxCost = None,
) -> None:
    """Read JSON lines of {"query": ...} and write each with its clusters and ranked experts.

    With a config, its experts are ranked, by its prices and defaults, as the graph would;
    without one, the experts of the index.

    Example: echo '{"query": "What is 7 * 8?"}' | avengers-graph route --index index/
    """
    from avengers_graph.routing import open_index

    place, settings = index_options(index, host, port, config)
    named = settings.embedding.model if settings else None
    opened_index, embeddings = open_index(place, embedding=named)
    options = {
        "top_clusters": top_clusters,
        "alpha": alpha,
        "default_cost": default_cost,
        "max_cost": max_cost,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if settings is None:
        route = _over_index(opened_index, embeddings, given)
    else:
        route = _over_pool(settings, opened_index, embeddings, given)
    for query in _queries(sys.stdin):
        clusters, experts = route(query)
        answer = {"query": query, "clusters": clusters, "experts": experts}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _over_index(index: "ClusterIndex", embeddings: "Embeddings", given: dict[str, Any]) -> "Route":
    """Rank all experts of the index."""
    from avengers_graph.embedding import embed_query
    from avengers_graph.routing import rank_experts

    depth = given.pop("top_clusters", index.settings.top_clusters)

    def route(query: str) -> "tuple[list[ClusterHit], list[RankedExpert]]":
        vector = embed_query(embeddings, query)
        clusters = index.nearest(vector, k=depth)
        evidence = index.evidence(vector, clusters)
        return clusters, rank_experts(evidence, candidates=index.experts, **given)

    return route


def _over_pool(
    config: "AvengersConfig", index: "ClusterIndex", embeddings: "Embeddings", given: dict[str, Any]
) -> "Route":
    """Rank the config's experts with what the graph's nodes rank by."""
    from langchain_core.messages import HumanMessage

    from avengers_graph.embedding import embed_query
    from avengers_graph.experts.pool import ExpertPool
    from avengers_graph.nodes.embed import resolve_request
    from avengers_graph.nodes.retrieve_cluster import clusters_for
    from avengers_graph.nodes.select_experts import ranked_for
    from avengers_graph.settings.precedence import resolve

    settings = resolve(config.defaults, given)
    # Nobody is asked, so that nobody's key has to be at hand.
    pool = ExpertPool(
        [expert.model_copy(update={"api_key_env": None}) for expert in config.experts]
    )

    def route(query: str) -> "tuple[list[ClusterHit], list[RankedExpert]]":
        messages = [HumanMessage(query)]
        request = resolve_request(settings, question=query, messages=messages)
        vector = embed_query(embeddings, request["routing_text"]).tolist()
        clusters = clusters_for(request, vector=vector, index=index)
        experts = ranked_for(
            request, messages, vector=vector, clusters=clusters, pool=pool, index=index
        )
        return clusters, experts

    return route


def _queries(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RecordsError(
                f"stdin:{number}: not valid JSON ({error}); send JSON lines"
            ) from error
        query = value.get("query") if isinstance(value, dict) else None
        if not isinstance(query, str) or not query.strip():
            raise RecordsError(
                f'stdin:{number}: query is {query!r}; each line needs {{"query": "some text"}}'
            )
        check_unicode(query, f"stdin:{number}: query")
        yield query
