"""The graph: five nodes, one way through, and a loop back for plans of several rounds.

::

    embed -> retrieve_cluster -> select_experts -> sample -> vote -> END
                                                     ^        |
                                                     +--------+  the plan's next round
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Checkpointer

from avengers_graph import nodes
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.plans import Plan, checked_plans
from avengers_graph.routing import ClusterIndex, NoIndex, Router, open_index
from avengers_graph.settings.config import AvengersConfig
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import WITHOUT_INDEX, resolve
from avengers_graph.state import AvengersState, InputState, OutputState


def create_avengers_graph(
    *,
    pool: ExpertPool,
    index: ClusterIndex | None = None,
    embeddings: Embeddings | None = None,
    checkpointer: Checkpointer = None,
    interrupt_before: Sequence[str] = (),
    defaults: Context | None = None,
    plans: Mapping[str, Plan | Mapping[str, Any]] | None = None,
) -> CompiledStateGraph[AvengersState, Context, InputState, OutputState]:
    """Compile the state machine.

    Args:
        pool: the experts; those the index has no scores for are ranked last.
        index: the fitted clusters; without them no question is embedded, and experts are ranked
            as ``Context.unranked`` says.
        embeddings: what the index was fitted with; None loads that. Without an index they compare
            free texts in the vote; None compares texts by their words then.
        checkpointer: as for any graph; None inherits a parent's.
        interrupt_before: names of nodes to stop before, for a person to look or change.
        defaults: settings of runs whose context leaves them out.
        plans: strategies of your own, by name, each a ``Plan`` or its plain form.

    Raises:
        ConfigError: a plan has a wrong or unknown field.
        EmbeddingError: the embedder of the index cannot be loaded.
    """
    routing: Router | NoIndex = NoIndex()
    settings = defaults or Context()
    if index is None:
        settings = resolve(WITHOUT_INDEX, settings)
    else:
        embeddings = embeddings or index.load_embeddings()
        routing = Router(index, embeddings)
    builder = StateGraph(
        AvengersState, context_schema=Context, input_schema=InputState, output_schema=OutputState
    )
    embed = partial(
        nodes.embed,
        pool=pool,
        routing=routing,
        defaults=settings,
        plans=checked_plans(plans or {}),
    )
    retrieve_cluster = partial(nodes.retrieve_cluster, routing=routing)
    select_experts = partial(nodes.select_experts, pool=pool, routing=routing)
    # The one node that waits on I/O, in its synchronous and its asynchronous form.
    sample = RunnableLambda(
        partial(nodes.sample, pool=pool), partial(nodes.asample, pool=pool), name="sample"
    )
    vote = partial(nodes.vote, embeddings=embeddings)

    builder.add_node("embed", embed)
    builder.add_node("retrieve_cluster", retrieve_cluster)
    builder.add_node("select_experts", select_experts)
    builder.add_node("sample", sample)
    builder.add_node("vote", vote, destinations=("sample", END))

    builder.add_edge(START, "embed")
    builder.add_edge("embed", "retrieve_cluster")
    builder.add_edge("retrieve_cluster", "select_experts")
    builder.add_edge("select_experts", "sample")
    builder.add_edge("sample", "vote")
    return builder.compile(
        checkpointer=checkpointer, interrupt_before=list(interrupt_before), name="avengers"
    )


def index_of_config(config: AvengersConfig) -> tuple[ClusterIndex | None, Embeddings | None]:
    """The index that an ``avengers.yaml`` names and its embedder; neither where it names none.

    Raises:
        ClusterIndexError: the index is missing, damaged, or of another embedder.
        EmbeddingError: the embedder cannot be loaded.
    """
    if config.index is None:
        return None, None
    return open_index(config.index, embedding=config.embedding.model)


def graph_of_config(config: AvengersConfig) -> CompiledStateGraph[Any, Context, Any, Any]:
    """The graph that an ``avengers.yaml`` describes.

    Raises:
        ClusterIndexError: the index is missing, damaged, or of another embedder.
        EmbeddingError: the embedder cannot be loaded.
    """
    index, embeddings = index_of_config(config)
    return create_avengers_graph(
        pool=ExpertPool(config.experts),
        index=index,
        embeddings=embeddings,
        defaults=config.defaults,
        plans=config.plans,
    )
