"""The third node: whom a request may go to, and in which order."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from avengers_graph.errors import ConfigError
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert, Price
from tests.calibrated import SUM
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]


def ranked(result: dict[str, Any]) -> list[str]:
    told = result["messages"][-1].response_metadata["avengers"]
    return [expert["name"] for expert in told["experts"]]


def asked(graph: Any, run: Run, **context: Any) -> dict[str, Any]:
    given = Context(**{"strategy": "direct", **context})
    return run(graph, {"messages": [HumanMessage(SUM)]}, context=given)


def test_forced_experts_are_asked_in_the_order_given(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    result = asked(graph_of(), run, force_experts=["beta", "alpha"])
    assert ranked(result) == ["beta", "alpha"]
    assert [r.model for r in server.requests] == ["beta"]
    why = result["messages"][-1].response_metadata["avengers"]["experts"][0]["why"]
    assert why.startswith("asked for by name; ")


def test_preferred_experts_come_first_as_far_as_they_can_take_the_request(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    preferred = asked(graph_of(), run, prefer_experts=["beta", "gamma", "beta"])
    assert ranked(preferred) == ["beta", "gamma", "alpha"]
    without = asked(graph_of(), run, prefer_experts=["beta"], exclude_experts=["beta"])
    assert ranked(without) == ["alpha", "gamma"]


def test_a_preferred_expert_that_is_not_there_is_named(graph_of: Graphs, run: Run) -> None:
    with pytest.raises(ConfigError, match="unknown expert 'delta'"):
        asked(graph_of(), run, prefer_experts=["delta"])


def test_a_forced_expert_that_fails_is_replaced_only_by_another_forced_one(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13")
    server.serve("gamma", "13")
    result = asked(graph_of(), run, force_experts=["beta", "gamma"])
    assert result["verdict"]["expert"] == "gamma"
    assert server.asked("alpha") == []


def test_the_decision_is_logged_without_the_prompt(
    server: OpenAIServer, graph_of: Graphs, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="avengers_graph"):
        asked(graph_of(), run)
    line = next(r for r in caplog.records if r.name == "avengers_graph.nodes.select_experts")
    assert re.fullmatch(
        r"cluster \d at distance 0\.\d+; experts alpha 0\.\d+, gamma 0\.\d+, beta 0\.\d+",
        line.getMessage(),
    )
    assert SUM not in caplog.text


def test_excluded_experts_are_not_asked(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    result = asked(graph_of(), run, exclude_experts=["alpha"], strategy="multi-model", samples=4)
    assert ranked(result) == ["gamma", "beta"]
    assert server.asked("alpha") == []


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"exclude_experts": ["alpha", "beta", "gamma"]}, "alpha is excluded; beta is excluded"),
        ({"force_experts": ["alpha"], "exclude_experts": ["alpha"]}, r"names \['alpha'\]"),
        ({"params": {"tools": [TOOL]}}, "alpha does not support tools"),
        ({"params": {"logprobs": True}}, "does not support logprobs"),
    ],
)
def test_contradictions_fail_before_any_call(
    server: OpenAIServer, graph_of: Graphs, run: Run, context: Any, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        asked(graph_of(), run, **context)
    assert server.requests == []


def test_only_experts_that_can_are_ranked(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    able = Expert(name="beta", base_url=server.base_url, supports=frozenset({"tools"}))
    graph = graph_of(experts=("alpha", able, "gamma"))
    result = asked(graph, run, params={"tools": [TOOL], "tool_choice": "required"})
    assert ranked(result) == ["beta"]
    assert result["messages"][-1].tool_calls[0]["name"] == "add"


def test_an_expert_without_scores_comes_last(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    result = asked(graph_of(experts=("unscored", "beta", "alpha")), run)
    assert ranked(result) == ["alpha", "beta", "unscored"]


def test_an_expert_whose_context_is_too_short_is_left_out(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    short = Expert(name="alpha", base_url=server.base_url, context_length=4)
    assert ranked(asked(graph_of(experts=(short, "beta", "gamma")), run)) == ["gamma", "beta"]


def test_an_expert_forced_twice_is_asked_once(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    forced = ["alpha", "alpha"]
    result = asked(
        graph_of(),
        run,
        force_experts=forced,
        strategy="self-consistency",
        samples=3,
        early_stop=False,
    )
    assert ranked(result) == ["alpha"]
    assert len(server.requests) == 3


def priced(server: OpenAIServer, **prices: float) -> tuple[Expert, ...]:
    """One expert per name, all answering, at that many USD per million tokens."""
    return tuple(
        Expert(name=name, base_url=server.base_url, price=Price(input=price, output=price))
        for name, price in prices.items()
    )


def test_prices_stand_in_for_costs_that_calibration_did_not_measure(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(experts=priced(server, alpha=9, beta=1, gamma=3))
    assert ranked(asked(graph, run, alpha=0)) == ["beta", "gamma", "alpha"]


def test_without_cost_and_price_alpha_needs_a_default(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(experts=("alpha", *priced(server, beta=1, gamma=3)))
    with pytest.raises(ConfigError, match=r"the cost of \['alpha'\] is unknown.*default_cost"):
        asked(graph, run, alpha=0)
    assert server.requests == []
    assert ranked(asked(graph, run, alpha=0, default_cost=1.0)) == ["beta", "gamma", "alpha"]
    assert ranked(asked(graph, run, alpha=0, default_cost=0)) == ["alpha", "beta", "gamma"]


def test_experts_one_answer_of_which_is_too_dear_are_left_out(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(experts=priced(server, alpha=9000, beta=1, gamma=3))
    assert ranked(asked(graph, run, max_cost=0.5)) == ["gamma", "beta"]
    assert server.asked("alpha") == []
    with pytest.raises(ConfigError, match=r"no expert costs 1e-09 USD or less .* raise max_cost"):
        asked(graph, run, max_cost=1e-9)
    with pytest.raises(ConfigError, match=r"names \['alpha'\], .* above max_cost"):
        asked(graph, run, max_cost=0.5, force_experts=["alpha"])


def test_a_budget_needs_to_know_what_each_expert_costs(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(experts=("alpha", *priced(server, beta=1, gamma=3)))
    with pytest.raises(ConfigError, match=r"the cost of \['alpha'\] is unknown.*default_cost"):
        asked(graph, run, max_cost=1.0)
    assert server.requests == []
    assert ranked(asked(graph, run, max_cost=1.0, default_cost=0.1))[0] == "alpha"


@pytest.mark.parametrize(("share", "first"), [(0.0, "alpha"), (1.0, "unscored")])
def test_an_expert_without_scores_is_explored_in_a_share_of_the_requests(
    server: OpenAIServer, graph_of: Graphs, run: Run, share: float, first: str
) -> None:
    graph = graph_of(experts=("unscored", "beta", "alpha"))
    result = asked(graph, run, explore=share)
    assert ranked(result)[0] == first
    assert [request.model for request in server.requests] == [first]


def test_a_repeated_request_is_explored_alike_and_another_seed_draws_anew(
    graph_of: Graphs, run: Run
) -> None:
    graph = graph_of(experts=("unscored", "beta", "alpha"))
    firsts = [
        [ranked(asked(graph, run, explore=0.5, params={"seed": seed}))[0] for _ in range(2)]
        for seed in range(8)
    ]
    assert all(one == again for one, again in firsts)
    assert {one for one, _ in firsts} == {"alpha", "unscored"}


def test_forced_experts_are_not_displaced_by_exploring(graph_of: Graphs, run: Run) -> None:
    graph = graph_of(experts=("unscored", "beta", "alpha"))
    result = asked(graph, run, explore=1.0, force_experts=["beta", "unscored"])
    assert ranked(result) == ["beta", "unscored"]
