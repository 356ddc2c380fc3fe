"""Traces of a call: the experts' calls are in them, and each token is counted once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.tracers import BaseTracer
from langchain_core.tracers.base import AsyncBaseTracer
from langchain_core.tracers.context import collect_runs
from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client

from avengers_graph import ChatAvengers, Expert
from avengers_graph.chat_model.usage_once import USAGE
from tests.calibrated import SUM
from tests.chat_model.forms import FORMS, call
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Models = Callable[..., ChatAvengers]


class Tree(BaseTracer):
    """Keeps the last tree."""

    root: Any = None

    def _persist_run(self, run: Any) -> None:
        self.root = run


class AsyncTree(AsyncBaseTracer):
    """Keeps the last tree, as asynchronous tracers do."""

    root: Any = None

    async def _persist_run(self, run: Any) -> None:
        self.root = run


class LangSmith(LangChainTracer):
    """LangSmith's own tracer, of which nothing leaves the process."""

    root: Any = None

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"client": Client(api_key="none", auto_batch_tracing=False), **given})

    def _persist_run_single(self, run: Any) -> None:
        pass

    def _update_run_single(self, run: Any) -> None:
        pass

    def _persist_run(self, run: Any) -> None:
        type(self).root = run


def runs_of(root: Any) -> Iterator[Any]:
    yield root
    for child in root.child_runs:
        yield from runs_of(child)


def message_of(run: Any) -> dict[str, Any]:
    return dict(run.outputs["generations"][0][0]["message"]["kwargs"])


def tokens_of(run: Any) -> int:
    return int((message_of(run).get("usage_metadata") or {}).get("total_tokens", 0))


@pytest.mark.parametrize("tracer", [Tree, AsyncTree, LangSmith])
@pytest.mark.parametrize("form", FORMS)
def test_a_run_tree_counts_each_token_once(
    server: OpenAIServer, llm_of: Models, form: str, tracer: Any
) -> None:
    """The model's run had the tokens of all samples, and each expert's run its own beside."""
    server.serve("alpha", "It is 13.")
    llm = llm_of(experts=("alpha",), early_stop=False, batching="never")
    tree = tracer()
    with get_usage_metadata_callback() as counter:
        call(llm, form, {"callbacks": [tree]})
    reported = counter.usage_metadata["avengers"]["total_tokens"]
    llm_runs = [run for run in runs_of(tree.root) if run.run_type == "llm"]
    assert sum(map(tokens_of, llm_runs)) == reported
    if tracer is not AsyncTree or form in ("ainvoke", "astream"):
        assert [run.name for run in llm_runs[1:]] == ["alpha"] * 3
        kept = [message_of(run)["response_metadata"][USAGE] for run in llm_runs[1:]]
        assert sum(usage["total_tokens"] for usage in kept) == reported


def test_a_model_among_the_experts_is_counted_once(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "It is 13.")
    inner = llm_of(experts=("alpha",), samples=2, early_stop=False, batching="never")
    outer = llm_of(experts=(Expert(name="beta", llm=inner),), samples=2, early_stop=False)
    tree = Tree()
    answer = outer.invoke(SUM, {"callbacks": [tree]})
    llm_runs = [run for run in runs_of(tree.root) if run.run_type == "llm"]
    assert len(llm_runs) == 1 + 2 + 4
    assert answer.usage_metadata is not None
    assert sum(map(tokens_of, llm_runs)) == answer.usage_metadata["total_tokens"]


def test_a_graph_by_itself_keeps_the_usage_of_its_experts(
    server: OpenAIServer, graph_of: Any
) -> None:
    """Nothing stands above the experts there that has it."""
    server.serve("alpha", "It is 13.")
    tree = Tree()
    graph = graph_of(experts=("alpha",))
    given = {"messages": [("user", SUM)]}
    answer = graph.invoke(given, {"callbacks": [tree]}, context={"samples": 2, "early_stop": False})
    llm_runs = [run for run in runs_of(tree.root) if run.run_type == "llm"]
    usage = answer["messages"][-1].usage_metadata
    assert sum(map(tokens_of, llm_runs)) == usage["total_tokens"] > 0


@pytest.mark.parametrize("form", FORMS)
def test_collected_runs_are_one_tree(server: OpenAIServer, llm_of: Models, form: str) -> None:
    server.serve("alpha", "It is 13.")
    with collect_runs() as collected:
        call(llm_of(experts=("alpha",), strategy="direct"), form, {})
    [root] = collected.traced_runs
    assert root.run_type == "llm"
    assert tokens_of(root) > 0


def test_the_usage_counter_of_an_expert_goes_on_counting(
    server: OpenAIServer, llm_of: Models
) -> None:
    """An object's own callbacks hear what its server reported."""
    server.serve("beta", "It is 13.")
    inner = llm_of(experts=("beta",), strategy="direct")
    with get_usage_metadata_callback() as counter:
        pass
    inner.callbacks = [counter]
    outer = llm_of(experts=(Expert(name="beta", llm=inner),), samples=2, early_stop=False)
    answer = outer.invoke(SUM, {"callbacks": [Tree()]})
    assert answer.usage_metadata is not None
    [counted] = counter.usage_metadata.values()
    assert counted["total_tokens"] == answer.usage_metadata["total_tokens"]
