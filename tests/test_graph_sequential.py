"""The sequential strategy through the graph: whom it asks, when it ends, and that order is nothing.

On a real HTTP server, and on recordings where many runs are compared.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from avengers_graph.experts.recording import Recorded
from avengers_graph.experts.replay import ReplayPool
from avengers_graph.graph import create_avengers_graph
from avengers_graph.plans import make_plan
from avengers_graph.routing import ClusterIndex
from avengers_graph.settings.context import Context
from tests.calibrated import EXPERTS, SUM, WordEmbeddings, records
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]

ASKED = {"messages": [HumanMessage(SUM)]}


@pytest.fixture(scope="module")
def close_index(tmp_path_factory: pytest.TempPathFactory) -> ClusterIndex:
    """alpha at 0.9 on sums, beta and gamma a little behind it."""
    scores = dict(zip(EXPERTS, (0.9, 0.87, 0.85), strict=True))
    close = [replace(record, scores=scores) for record in records()]
    folder = tmp_path_factory.mktemp("close-index")
    return ClusterIndex.fit(close, WordEmbeddings(), n_clusters=2, path=folder)


@pytest.mark.integration
def test_two_answers_of_the_best_that_agree_are_enough(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13")
    verdict = run(graph_of(), ASKED, context=Context(strategy="sequential"))["verdict"]
    assert (verdict["answer"], verdict["calls"], verdict["calls_saved"]) == ("13", 2, 6)


@pytest.mark.integration
def test_without_peers_the_best_expert_goes_on(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    """The small index has no expert within 0.07 of alpha."""
    server.serve("alpha", "13", "14", "13", "13")
    verdict = run(graph_of(), ASKED, context=Context(strategy="sequential"))["verdict"]
    assert (verdict["answer"], verdict["calls"], verdict["calls_saved"]) == ("13", 4, 4)
    assert verdict["expert"] == "alpha"


@pytest.mark.integration
def test_where_the_best_disagrees_with_itself_its_peers_are_asked(
    server: OpenAIServer, graph_of: Graphs, run: Run, close_index: ClusterIndex
) -> None:
    server.serve("alpha", "13", "14")
    for name in ("beta", "gamma"):
        server.serve(name, "14")
    graph = graph_of(index=close_index)
    verdict = run(graph, ASKED, context=Context(strategy="sequential"))["verdict"]
    assert (verdict["answer"], verdict["expert"]) == ("14", "alpha")
    # 14 leads by the ballots of beta and gamma, which weigh a little less than two of alpha.
    assert (verdict["calls"], verdict["calls_saved"]) == (6, 2)


@pytest.mark.integration
def test_calls_of_tools_are_voted_on_in_turn_too(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    server.serve("alpha", Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})]))
    context = Context(strategy="sequential", params={"tools": [tool]})
    result = run(graph_of(fields={"supports": {"tools"}}), ASKED, context=context)
    assert result["messages"][-1].tool_calls[0]["args"] == {"a": 6, "b": 7}
    assert (result["verdict"]["calls"], result["verdict"]["kind"]) == (2, "tool_calls")


@pytest.mark.integration
@pytest.mark.parametrize(("limit", "calls"), [(1, 1), (3, 3)])
def test_a_budget_of_calls_ends_it(
    server: OpenAIServer, graph_of: Graphs, run: Run, limit: int, calls: int
) -> None:
    server.serve("alpha", "13", "14", "15", "16")
    context = Context(strategy="sequential", max_calls=limit)
    verdict = run(graph_of(), ASKED, context=context)["verdict"]
    assert (verdict["answer"], verdict["calls"], verdict["calls_saved"]) == ("13", calls, 0)


ANSWERS = st.lists(st.sampled_from(["13", "14", "15", "no idea"]), min_size=8, max_size=8)


def replayed(index: ClusterIndex, texts: dict[str, list[str]], **given: Any) -> Any:
    """A graph over experts whose answers to the sum are known."""
    recording = [
        Recorded(
            expert=name,
            prompt=SUM,
            texts=said,
            finish_reasons=["stop"] * len(said),
            output_tokens=[1] * len(said),
            input_tokens=5,
            latency=0.0,
        )
        for name, said in texts.items()
    ]
    return create_avengers_graph(
        pool=ReplayPool(recording), index=index, embeddings=WordEmbeddings(), **given
    )


@settings(max_examples=15, deadline=None)
@given(alpha=ANSWERS, beta=ANSWERS, gamma=ANSWERS, samples=st.integers(2, 8))
def test_ending_early_gives_the_answer_of_the_whole_plan(
    close_index: ClusterIndex, alpha: list[str], beta: list[str], gamma: list[str], samples: int
) -> None:
    """Calling off what is in flight, and ending at a lead that cannot be beaten, change nothing."""
    whole = make_plan("sequential", samples=samples, top_experts=3).model_dump()
    for planned in whole["rounds"]:
        planned["stop"] = None
    unbeatable = make_plan("sequential", samples=samples, top_experts=3).model_dump()
    for planned in unbeatable["rounds"]:
        planned["stop"]["threshold"] = 100.0
    plans = {"whole": whole, "unbeatable": unbeatable}
    graph = replayed(close_index, {"alpha": alpha, "beta": beta, "gamma": gamma}, plans=plans)

    def answer(strategy: str, *, early_stop: bool) -> str | None:
        context = Context(strategy=strategy, samples=samples, early_stop=early_stop)
        found: str | None = graph.invoke(ASKED, context=context)["verdict"]["answer"]
        return found

    assert answer("whole", early_stop=True) == answer("whole", early_stop=False)
    assert answer("unbeatable", early_stop=True) == answer("whole", early_stop=False)
    assert answer("sequential", early_stop=True) == answer("sequential", early_stop=False)
