"""The chat model as a part of larger things: chains, agents, graphs, caches, callbacks."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.globals import get_llm_cache, set_llm_cache
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableParallel
from langchain_core.tools import tool
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel
from typing_extensions import TypedDict

from avengers_graph import ChatAvengers, Context
from avengers_graph.errors import AllExpertsFailedError
from tests.calibrated import CAPITAL, SUM
from tests.chat_model.forms import FORMS, call
from tests.servers.answers import Fault, Reply, ToolUse
from tests.servers.openai_server import OpenAIServer, Received

Models = Callable[..., ChatAvengers]


@pytest.fixture
def llm(llm_of: Models) -> ChatAvengers:
    return llm_of(early_stop=False, batching="never")


def say(server: OpenAIServer, *texts: Any) -> None:
    for name in ("alpha", "beta", "gamma"):
        server.serve(name, *texts)


def test_in_chains_and_in_parallel(server: OpenAIServer, llm: ChatAvengers) -> None:
    say(server, lambda received: received.prompt.upper())
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{word}")])
    chain = prompt | llm | StrOutputParser()
    assert chain.invoke({"word": "hello"}) == "BE BRIEF.\nHELLO"
    both = RunnableParallel(one=chain, other=prompt | llm.bind(samples=1))
    given = asyncio.run(both.ainvoke({"word": "hello"}))
    assert given["one"] == given["other"].text == "BE BRIEF.\nHELLO"
    assert len(chain.batch([{"word": word} for word in "abcd"])) == 4


def test_with_retry_and_with_fallbacks(server: OpenAIServer, llm_of: Models) -> None:
    broken = Fault(400, "no such luck")
    server.serve("alpha", broken, "13")
    server.serve("beta", "13")
    llm = llm_of(experts=("alpha",), samples=1, max_retries=0)
    with pytest.raises(AllExpertsFailedError, match="no such luck"):
        llm.invoke(SUM)
    server.serve("alpha", broken, "13")
    again = llm.with_retry(stop_after_attempt=2, retry_if_exception_type=(AllExpertsFailedError,))
    assert again.invoke(SUM).text == "13"
    server.serve("alpha", broken)
    assert llm.with_fallbacks([llm_of(experts=("beta",))]).invoke(SUM).text == "13"


def test_max_retries_holds_for_every_expert(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", Fault(503))
    with pytest.raises(AllExpertsFailedError):
        llm_of(experts=("alpha",), samples=1, max_retries=3).invoke(SUM)
    assert len(server.requests) == 4


def test_configurable_fields_share_what_is_heavy(server: OpenAIServer, llm: ChatAvengers) -> None:
    say(server, "13")
    tuned = llm.configurable_fields(
        samples=ConfigurableField(id="samples"), strategy=ConfigurableField(id="strategy")
    )
    answer = tuned.invoke(SUM, {"configurable": {"samples": 5}})
    assert answer.response_metadata["avengers"]["calls"] == 5
    copy, _ = tuned.prepare({"configurable": {"samples": 5}})
    assert copy is not llm
    assert copy.pool is llm.pool
    assert copy.index is llm.index
    assert copy.embeddings is llm.embeddings
    assert "".join(c.text for c in tuned.stream(SUM, {"configurable": {"samples": 1}})) == "13"


class TestCache:
    @pytest.fixture(autouse=True)
    def _cache(self) -> Iterator[None]:
        before = get_llm_cache()
        set_llm_cache(InMemoryCache())
        yield
        set_llm_cache(before)

    def test_samples_never_share_an_entry(self, server: OpenAIServer, llm: ChatAvengers) -> None:
        say(server, "12", "13", "13")
        first = llm.invoke(SUM)
        assert len(server.requests) == 3
        assert [row["votes"] for row in first.response_metadata["avengers"]["tally"]] == [2, 1]
        assert llm.invoke(SUM).text == first.text == "13"
        assert len(server.requests) == 3, "the answer itself is cached"

    @pytest.mark.parametrize(
        "other",
        [
            {"samples": 2},
            {"strategy": "direct"},
            {"temperature": 0.1},
            {"top_experts": 2},
            {"model": "other"},
            {"routing_text": "conversation"},
            {"experts": ("alpha", "beta")},
            {"fields": {"max_tokens": 7}},
        ],
    )
    def test_configurations_are_told_apart(
        self, server: OpenAIServer, llm_of: Models, other: dict[str, Any]
    ) -> None:
        say(server, "13")
        llm_of().invoke(SUM)
        before = len(server.requests)
        llm_of().invoke(SUM)
        assert len(server.requests) == before, "the same configuration has the same key"
        llm_of(**other).invoke(SUM)
        assert len(server.requests) > before

    def test_schemas_are_told_apart(self, server: OpenAIServer, llm: ChatAvengers) -> None:
        def number(name: str) -> type[BaseModel]:
            return type("Number", (BaseModel,), {"__annotations__": {name: int}})

        say(server, '{"a": 13, "b": 14}')
        for schema in (number("a"), number("b"), number("a")):
            llm.with_structured_output(schema, method="json_mode").invoke(SUM)
        assert len(server.requests) == 6


class Starts(BaseCallbackHandler):
    def __init__(self) -> None:
        self.models = 0

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        self.models += 1


@pytest.mark.parametrize("form", ["invoke", "stream", "ainvoke"])
def test_usage_and_runs_are_counted_once(
    server: OpenAIServer, llm: ChatAvengers, form: str
) -> None:
    say(server, "thirteen it is")
    starts = Starts()
    config: Any = {"callbacks": [starts]}
    with get_usage_metadata_callback() as counted:
        if form == "stream":
            chunks = list(llm.stream(SUM, config))
            usage = next(c.usage_metadata for c in chunks if c.usage_metadata)
        elif form == "ainvoke":
            usage = asyncio.run(llm.ainvoke(SUM, config)).usage_metadata
        else:
            usage = llm.invoke(SUM, config).usage_metadata
    assert starts.models == 1
    assert list(counted.usage_metadata) == ["avengers"]
    assert counted.usage_metadata["avengers"]["total_tokens"] == usage["total_tokens"]
    assert usage["output_tokens"] == 3 * 4, "the server counts 4 tokens for each answer"


def below(run: Any) -> list[Any]:
    return [one for child in run.child_runs for one in (child, *below(child))]


@pytest.mark.parametrize("form", FORMS)
def test_traces_nest_below_the_model(server: OpenAIServer, llm: ChatAvengers, form: str) -> None:
    say(server, "13")
    collector = RunCollectorCallbackHandler()
    call(llm, form, {"callbacks": [collector]})
    [run] = collector.traced_runs
    assert run.run_type == "llm"
    [graph] = run.child_runs
    assert graph.name == "avengers"
    nodes = [child.name for child in graph.child_runs]
    assert nodes[0] == "embed"
    assert nodes[-1] == "vote"
    sampled = next(child for child in graph.child_runs if child.name == "sample")
    assert [run.name for run in below(sampled) if run.run_type == "llm"] == ["alpha"] * 3


def test_images_reach_the_expert(server: OpenAIServer, llm: ChatAvengers) -> None:
    say(server, "a pixel")
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    message = HumanMessage([{"type": "text", "text": "What is it?"}, image])
    assert llm.invoke([message]).text == "a pixel"
    sent = server.requests[0].body["messages"][0]["content"]
    assert [block["type"] for block in sent] == ["text", "image_url"]


def routed(answer: AIMessage) -> str:
    return answer.response_metadata["avengers"]["experts"][0]["name"]


def test_a_long_history_is_routed_by_its_last_question(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    """alpha is the expert for sums, beta the one for capitals."""
    say(server, "yes")
    history = [SystemMessage("Be kind.")]
    for number in range(40):
        history += [HumanMessage(f"What is {number} plus 3?"), AIMessage(str(number + 3))]
    history.append(HumanMessage(CAPITAL))
    assert routed(llm.invoke(history)) == "beta"
    assert len(server.requests[0].body["messages"]) == 82
    assert routed(llm.invoke(history, routing_text="conversation")) == "alpha"
    assert routed(llm.invoke([HumanMessage(CAPITAL)], routing_text="conversation")) == "beta"


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def agentic(received: Received) -> Reply:
    """Adds, then says what came out."""
    last = received.body["messages"][-1]
    if last["role"] == "tool":
        return Reply(f"It is {last['content']}.")
    return Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})])


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_agent_calls_its_tool_and_answers(
    server: OpenAIServer, llm: ChatAvengers, asynchronous: bool
) -> None:
    say(server, agentic)
    agent = create_agent(llm, tools=[add], system_prompt="Use tools.")
    asked: Any = {"messages": [("user", SUM)]}
    result = asyncio.run(agent.ainvoke(asked)) if asynchronous else agent.invoke(asked)
    assert [type(m).__name__ for m in result["messages"]] == [
        "HumanMessage",
        "AIMessage",
        "ToolMessage",
        "AIMessage",
    ]
    assert result["messages"][-1].text == "It is 13."
    assert len(server.requests) == 6


def test_an_agent_with_a_response_format(server: OpenAIServer, llm: ChatAvengers) -> None:
    class Total(BaseModel):
        """The sum."""

        total: int

    def answer(received: Received) -> Reply:
        if received.body["messages"][-1]["role"] != "tool":
            return Reply(tool_calls=[ToolUse("add", {"a": 6, "b": 7})])
        return Reply('{"total": 13}')

    say(server, answer)
    agent = create_agent(llm, tools=[add], response_format=Total)
    assert agent.invoke({"messages": [("user", SUM)]})["structured_response"] == Total(total=13)


def test_twenty_turns_with_a_checkpointer(server: OpenAIServer, llm: ChatAvengers) -> None:
    """As a node: the parent's state holds messages only, and no vote leaks into the next turn."""
    say(server, lambda received: f"turn {len(received.body['messages'])}")

    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [llm.invoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    saver = InMemorySaver()
    app = builder.compile(checkpointer=saver)
    sizes = []
    for turn in range(20):
        for thread in ("one", "two"):
            config: Any = {"configurable": {"thread_id": thread}}
            given = app.invoke({"messages": [("user", f"What is {turn} plus 3?")]}, config)
            told = given["messages"][-1].response_metadata["avengers"]
            assert told["calls"] == 3
            assert sum(row["votes"] for row in told["tally"]) == 3
            assert given["messages"][-1].text == f"turn {2 * turn + 1}"
        state = app.get_state(config).values
        assert set(state) == {"messages"}
        sizes.append(len(json.dumps([message.model_dump() for message in state["messages"]])))
    growth = [later - earlier for earlier, later in pairwise(sizes)]
    assert max(growth) < 1.2 * min(growth) < 4000, "each turn adds its own messages, no more"
    namespaces = {item.config["configurable"]["checkpoint_ns"] for item in saver.list(None)}
    assert namespaces == {""}, "the graph within the model saves nothing"


def test_as_a_subgraph_of_a_checkpointed_app(
    server: OpenAIServer, graph_of: Callable[..., Any]
) -> None:
    say(server, "13")
    builder = StateGraph(MessagesState, context_schema=Context)
    builder.add_node("avengers", graph_of())
    builder.add_edge(START, "avengers")
    app = builder.compile(checkpointer=InMemorySaver())
    for turn in range(3):
        config: Any = {"configurable": {"thread_id": "one"}}
        asked: Any = {"messages": [("user", SUM)]}
        given = app.invoke(asked, config, context=Context(samples=3, early_stop=False))
        assert set(given) == {"messages"}
        assert len(given["messages"]) == 2 * (turn + 1)
        assert given["messages"][-1].response_metadata["avengers"]["calls"] == 3


def test_long_answers_do_not_pile_up_in_checkpoints(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    """Losing samples stay out of the messages; what is kept of them is a line."""
    server.serve("alpha", *(f"{number} " + "word " * 700 for number in range(3)))
    answer = llm.invoke("Tell me a story about plums.", force_experts=["alpha"])
    told = json.dumps(answer.response_metadata)
    assert len(answer.text) > 3000
    assert len(told) < 4000
    assert all(len(row["answer"]) < 210 for row in answer.response_metadata["avengers"]["tally"])


class TheirContext(TypedDict):
    """What an application around the graph may pass to its own nodes."""

    user: str
    samples: int


@dataclass
class TheirDataclass:
    """The same as an object."""

    user: str = "u"


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        (TheirContext, {"user": "u"}),
        (TheirContext, {"user": "u", "samples": 2}),
        (TheirDataclass, TheirDataclass()),
    ],
)
def test_a_surrounding_app_may_have_a_context_of_its_own(
    server: OpenAIServer, graph_of: Any, schema: Any, given: Any
) -> None:
    say(server, "13")
    builder = StateGraph(MessagesState, context_schema=schema)
    builder.add_node("avengers", graph_of(defaults=Context(samples=3, early_stop=False)))
    builder.add_edge(START, "avengers")
    app = builder.compile()
    result = app.invoke({"messages": [("user", SUM)]}, context=given)
    assert result["messages"][-1].text == "13"
    asked = given.get("samples", 3) if isinstance(given, dict) else 3
    assert len(server.requests) == asked


def test_a_setting_that_is_unknown_is_still_an_error_at_the_top(graph_of: Any) -> None:
    with pytest.raises(ValueError, match="smaples"):
        graph_of().invoke({"messages": [("user", SUM)]}, context={"smaples": 2})
