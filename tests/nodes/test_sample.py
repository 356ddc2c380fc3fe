"""The fourth node: rounds, budgets, deadlines."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from avengers_graph.errors import AllExpertsFailedError
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Price
from tests.calibrated import EXPERTS, SUM
from tests.conftest import Clock
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Run = Callable[..., dict[str, Any]]
Graphs = Callable[..., Any]
LATE = Reply("late", delay=60)


def asked(graph: Any, run: Run, **context: Any) -> dict[str, Any]:
    return run(graph, {"messages": [HumanMessage(SUM)]}, context=Context(**context))


def plan(*rounds: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"mine": {"rounds": rounds, **fields}}


TWO_ROUNDS = plan(
    {
        "calls": [{"samples": 2}],
        "temperature": 0.1,
        "stop": {"rule": "agreement", "threshold": 0.9},
    },
    {"calls": [{"expert": 1, "samples": 3}]},
)


def test_a_plan_goes_on_while_its_experts_disagree(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13", "14")
    server.serve("gamma", "14")
    graph = graph_of(plans=TWO_ROUNDS, checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    context = Context(strategy="mine", early_stop=False, temperature=0.9)
    result = run(graph, {"messages": [HumanMessage(SUM)]}, config=thread, context=context)
    assert result["verdict"]["answer"] == "14"
    assert (result["verdict"]["calls"], result["verdict"]["calls_saved"]) == (5, 0)
    samples = sorted(graph.get_state(thread).values["samples"], key=lambda s: s["index"])
    assert [(s["index"], s["round"], s["expert"]) for s in samples] == [
        (0, 0, "alpha"),
        (1, 0, "alpha"),
        (2, 1, "gamma"),
        (3, 1, "gamma"),
        (4, 1, "gamma"),
    ]
    assert {r.body["temperature"] for r in server.asked("alpha")} == {0.1}
    assert {r.body["temperature"] for r in server.asked("gamma")} == {0.9}


def test_a_plan_ends_when_its_experts_agree(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13")
    server.serve("gamma", "14")
    result = asked(graph_of(plans=TWO_ROUNDS), run, strategy="mine")
    assert (result["verdict"]["calls"], result["verdict"]["calls_saved"]) == (2, 3)
    assert server.asked("gamma") == []


def test_a_second_round_that_fails_leaves_the_first(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13", "14", Fault(400))
    server.serve("beta", Fault(400))
    server.serve("gamma", Fault(400))
    graph = graph_of(plans=TWO_ROUNDS, fields={"max_concurrency": 1})
    assert asked(graph, run, strategy="mine")["verdict"]["answer"] == "13"


def test_samples_withdrawn_in_one_round_leave_the_next_ones_indices_alone(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", Fault(400))
    server.serve("gamma", "13", "14")
    server.serve("beta", "14")
    first = {"calls": [{"samples": 6}], "stop": {"rule": "agreement", "threshold": 1.0}}
    plans = plan(first, {"calls": [{"expert": 1, "samples": 6}]})
    graph = graph_of(plans=plans, checkpointer=InMemorySaver(), fields={"max_concurrency": 1})
    thread: Any = {"configurable": {"thread_id": "1"}}
    given = {"messages": [HumanMessage(SUM)]}
    result = run(graph, given, config=thread, context=Context(strategy="mine"))
    indices = [record["index"] for record in graph.get_state(thread).values["samples"]]
    assert len(set(indices)) == len(indices)
    assert result["verdict"]["answer"] == "14"


def test_a_round_is_shown_the_answers_so_far(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    for name in EXPERTS:
        server.serve(name, f"{name} says 12", f"{name} says 13")
    result = asked(graph_of(), run, strategy="aggregation", samples=3)
    last = server.requests[-1]
    assert last.model == "alpha"
    assert all(f"{name} says 12" in last.prompt for name in EXPERTS)
    assert result["messages"][-1].content == "alpha says 13"
    assert [row["votes"] for row in result["verdict"]["tally"]] == [1]


@pytest.mark.parametrize("early_stop", [True, False])
def test_a_last_round_that_counts_alone_is_decided_by_its_own_samples(
    server: OpenAIServer, graph_of: Graphs, run: Run, early_stop: bool
) -> None:
    """The answers it was shown must not pass for ballots while it runs."""
    server.serve("alpha", *["13"] * 4, "13", *["14"] * 4)
    last_counts = plan({"calls": [{"samples": 4}]}, {"calls": [{"samples": 5}], "shown": True})
    last_counts["mine"]["counted"] = "last"
    graph = graph_of(plans=last_counts, fields={"max_concurrency": 1})
    result = asked(graph, run, strategy="mine", early_stop=early_stop)
    assert result["verdict"]["answer"] == "14"


def test_nothing_is_unbeatable_where_only_a_later_round_counts(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", *["13"] * 4, "14")
    first = {"calls": [{"samples": 4}], "stop": {"rule": "unbeatable"}}
    last_counts = plan(first, {"calls": [{"samples": 1}], "shown": True})
    last_counts["mine"]["counted"] = "last"
    result = asked(graph_of(plans=last_counts), run, strategy="mine")
    assert result["verdict"]["answer"] == "14"


def test_a_per_call_temperature_comes_first(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13")
    params = {"temperature": 0.5}
    asked(graph_of(plans=TWO_ROUNDS), run, strategy="mine", temperature=0.9, params=params)
    assert {r.body["temperature"] for r in server.requests} == {0.5}


def test_a_decided_vote_stops_the_rest(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", *["13"] * 5, LATE)
    result = asked(graph_of(), run, samples=8)
    verdict = result["verdict"]
    assert verdict["answer"] == "13"
    assert verdict["tally"][0]["votes"] == 5
    assert result["messages"][-1].response_metadata["avengers"]["usage_estimated"]
    server.wait_for(lambda: all(r.finished or r.disconnected for r in server.requests))
    assert sum(r.finished for r in server.requests) == 5


@pytest.mark.parametrize(
    "rounds",
    [
        # A stop rule looks at the size of the majority, a round that is shown the answers at all.
        ({"calls": [{"samples": 4}], "stop": {"rule": "agreement", "threshold": 0.8}}, {}),
        ({"calls": [{"samples": 4}]}, {"shown": True}),
    ],
    ids=["stop rule", "shown"],
)
def test_a_decided_vote_does_not_end_a_round_for_which_more_than_the_winner_matters(
    server: OpenAIServer, graph_of: Graphs, run: Run, rounds: Any
) -> None:
    first, second = rounds
    server.serve("alpha", *["13"] * 3, Reply("14", delay=0.2), "13")
    server.serve("gamma", "13")
    plans = plan(first, {"calls": [{"expert": 1, "samples": 1}], **second})
    result = asked(graph_of(plans=plans), run, strategy="mine")
    assert [row["votes"] for row in result["verdict"]["tally"]] == [4, 1]


def test_without_early_stop_all_are_waited_for(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", *["13"] * 7, Reply("12", delay=0.1))
    verdict = asked(graph_of(), run, samples=8, early_stop=False)["verdict"]
    assert [row["votes"] for row in verdict["tally"]] == [7, 1]


def test_one_request_for_all_samples(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", "13", "13", "14")
    graph = graph_of(fields={"supports": {"n", "system"}})
    verdict = asked(graph, run, samples=3, early_stop=False)["verdict"]
    assert [r.n for r in server.requests] == [3]
    assert [row["samples"] for row in verdict["tally"]] == [[0, 1], [2]]


def test_no_more_calls_than_allowed(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", *[str(n) for n in range(20)])
    result = asked(graph_of(), run, samples=8, max_calls=3)
    assert (result["verdict"]["calls"], result["verdict"]["calls_saved"]) == (3, 0)
    assert len(server.requests) == 3


def test_calls_are_counted_over_rounds(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", "13", "14")
    server.serve("gamma", "15")
    result = asked(graph_of(plans=TWO_ROUNDS), run, strategy="mine", max_calls=4)
    assert (result["verdict"]["calls"], len(server.asked("gamma"))) == (4, 2)


def test_no_more_money_than_allowed(server: OpenAIServer, graph_of: Graphs, run: Run) -> None:
    server.serve("alpha", *[str(n) for n in range(20)])
    price = Price(input=0, output=1e6)  # one USD a token, one token an answer
    graph = graph_of(fields={"price": price, "max_concurrency": 1})
    result = asked(graph, run, samples=8, max_cost=2.5, params={"max_tokens": 1})
    told = result["messages"][-1].response_metadata["avengers"]
    # Three answers, and what a fourth that had just left may have cost.
    assert 3 <= told["cost"] <= 4
    assert len(server.requests) <= 4


def test_answers_without_a_price_are_counted_at_their_known_cost(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", *[str(n) for n in range(20)])
    graph = graph_of(fields={"max_concurrency": 1})
    result = asked(graph, run, samples=8, max_cost=2.5, default_cost=1.0)
    told = result["messages"][-1].response_metadata["avengers"]
    assert 3 <= told["cost"] <= 4
    assert len(server.requests) <= 4


def test_the_known_cost_counts_over_rounds(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13", "14")
    server.serve("gamma", *[str(n) for n in range(20)])
    graph = graph_of(plans=TWO_ROUNDS, fields={"max_concurrency": 1})
    result = asked(graph, run, strategy="mine", max_cost=2.5, default_cost=1.0)
    assert 3 <= result["messages"][-1].response_metadata["avengers"]["cost"] <= 4
    assert len(server.asked("gamma")) <= 2


class Answered(AsyncCallbackHandler):
    """Knows whether an expert has answered, as the engine hears it."""

    happened = False

    async def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        self.happened = True


def test_what_is_there_at_the_deadline_is_voted_on(
    server: OpenAIServer, graph_of: Graphs, run: Run, clock: Clock
) -> None:
    server.serve("alpha", LATE)
    server.serve("gamma", "13")
    server.serve("beta", LATE)
    answered = Answered()
    clock.jump_once(lambda: answered.happened)
    result = run(
        graph_of(),
        {"messages": [HumanMessage(SUM)]},
        context=Context(strategy="multi-model", samples=3, deadline=600),
        config={"callbacks": [answered]},
    )
    assert result["verdict"]["answer"] == "13"
    server.wait_for(lambda: all(r.disconnected for r in server.asked("beta")))


def test_nothing_at_the_deadline_is_an_error(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", LATE)
    with pytest.raises(AllExpertsFailedError, match=r"no answer before the deadline of 0\.1 s"):
        asked(graph_of(), run, samples=2, deadline=0.1)


def test_what_earlier_rounds_took_counts_against_the_deadline(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", LATE)
    graph = graph_of(checkpointer=InMemorySaver(), interrupt_before=["sample"])
    thread: Any = {"configurable": {"thread_id": "1"}}
    given = {"messages": [HumanMessage(SUM)]}
    run(graph, given, config=thread, context=Context(samples=2, deadline=600))
    spent = graph.get_state(thread).values["spent"]
    graph.update_state(thread, {"spent": {**spent, "elapsed": 599.9}})
    with pytest.raises(AllExpertsFailedError, match="no answer before the deadline of 600 s"):
        run(graph, None, config=thread)


def test_the_time_of_all_rounds_is_added_up(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13")
    graph = graph_of(checkpointer=InMemorySaver(), interrupt_before=["sample"])
    thread: Any = {"configurable": {"thread_id": "1"}}
    run(graph, {"messages": [HumanMessage(SUM)]}, config=thread, context=Context(samples=2))
    spent = graph.get_state(thread).values["spent"]
    graph.update_state(thread, {"spent": {**spent, "elapsed": 100.0}})
    run(graph, None, config=thread)
    assert graph.get_state(thread).values["spent"]["elapsed"] > 100


def test_a_failed_sample_is_an_abstention_not_an_answer(
    server: OpenAIServer, graph_of: Graphs, run: Run
) -> None:
    server.serve("alpha", "13", Fault(400, "13 13 13"))
    graph = graph_of(experts=("alpha",), fields={"max_concurrency": 1})
    verdict = asked(graph, run, samples=3, early_stop=False)["verdict"]
    assert verdict["tally"] == [{"answer": "13", "votes": 1, "weight": 1.0, "samples": [0]}]
    assert verdict["abstained"] == [1, 2]
