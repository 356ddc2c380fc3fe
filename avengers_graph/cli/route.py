"""``avengers-graph route``: who would be asked, as JSON lines, without asking anybody."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from avengers_graph.cli.options import Config
from avengers_graph.cli.routing_options import (
    DefaultCost,
    Host,
    IndexPath,
    MaxCost,
    Port,
    config_for,
    index_place,
    opened,
)
from avengers_graph.errors import RecordsError
from avengers_graph.records.record import check_unicode


def route_command(
    index: IndexPath = None,
    host: Host = None,
    port: Port = 8000,
    config: Config = None,
    top_clusters: Annotated[
        int | None,
        typer.Option(min=1, help="Clusters to mix.", show_default="as fitted"),
    ] = None,
    alpha: Annotated[
        float, typer.Option(min=0, max=1, help="1 ranks by accuracy alone, 0 by cost alone.")
    ] = 1.0,
    default_cost: DefaultCost = None,
    max_cost: MaxCost = None,
) -> None:
    """Read JSON lines of {"query": ...} and write each with its clusters and ranked experts.

    Example: echo '{"query": "What is 7 * 8?"}' | avengers-graph route --index index/
    """
    config = config_for(index, host, config)
    place = index_place(index, host, port, config)
    opened_index, embeddings = opened(place, config)
    from avengers_graph.embedding import embed_query
    from avengers_graph.ranking import rank_experts

    depth = top_clusters or opened_index.settings.top_clusters
    for query in _queries(sys.stdin):
        vector = embed_query(embeddings, query)
        clusters = opened_index.nearest(vector, k=depth)
        evidence = opened_index.evidence(vector, clusters)
        experts = rank_experts(
            evidence,
            candidates=opened_index.experts,
            alpha=alpha,
            default_cost=default_cost,
            max_cost=max_cost,
        )
        answer = {"query": query, "clusters": clusters, "experts": experts}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()


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
