"""Tools: who is asked, whose call wins, and what a call that cannot be carried out counts."""

import json
import operator
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool

from avengers_graph import ChatAvengers, Expert
from avengers_graph.errors import ConfigError
from tests.calibrated import SUM
from tests.chat_model.conftest import EVERYTHING
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
def look_up(word: str) -> str:
    """Look a word up."""
    return word.upper()


def call(name: str = "add", identity: str = "", **args: Any) -> ToolUse:
    return ToolUse(name, args, identity)


def calls(*uses: ToolUse) -> Reply:
    return Reply(tool_calls=uses)


def voted(answer: AIMessage) -> dict[str, Any]:
    return answer.response_metadata["avengers"]


def merge(chunks: Iterable[AIMessageChunk]) -> AIMessageChunk:
    """A stream as one message."""
    return reduce(operator.add, chunks)


@pytest.fixture
def llm(llm_of: Models) -> ChatAvengers:
    return llm_of(experts=("alpha",), samples=3, early_stop=False, batching="never")


def test_the_majority_wins_on_canonical_arguments(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve(
        "alpha",
        calls(ToolUse("add", '{"b": 7.0, "a": 6}', "call_x")),
        calls(call(a=6, b=9)),
        calls(ToolUse("add", '{"a":6,"b":7}', "call_y")),
    )
    answer = llm.bind_tools([add, look_up]).invoke(SUM)
    [made] = answer.tool_calls
    assert (made["name"], made["args"], made["type"]) == ("add", {"a": 6, "b": 7}, "tool_call")
    assert made["id"] in ("call_x", "call_y")
    assert [row["votes"] for row in voted(answer)["tally"]] == [2, 1]
    assert voted(answer)["kind"] == "tool_calls"
    sent = server.asked("alpha")[0].body
    assert [offered["function"]["name"] for offered in sent["tools"]] == ["add", "look_up"]


def test_parallel_calls_are_one_vote_in_any_order(server: OpenAIServer, llm: ChatAvengers) -> None:
    six, word = call(a=6, b=7), call("look_up", word="sum")
    server.serve("alpha", calls(six, word), calls(word, six), calls(six))
    answer = llm.bind_tools([add, look_up]).invoke(SUM)
    assert {made["name"] for made in answer.tool_calls} == {"add", "look_up"}
    assert [row["votes"] for row in voted(answer)["tally"]] == [2, 1]
    assert len({made["id"] for made in answer.tool_calls}) == 2


def test_words_against_a_call_is_a_vote(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", "It is 13.", calls(call(a=6, b=7)), "13")
    answer = llm.bind_tools([add]).invoke(SUM)
    assert not answer.tool_calls
    assert answer.text in ("It is 13.", "13")

    server.serve("alpha", "It is 13.", calls(call(a=6, b=7)), calls(call(a=6, b=7)))
    assert llm.bind_tools([add]).invoke(SUM).tool_calls


def test_where_words_win_their_answers_are_voted_on(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    server.serve("alpha", "It is 12.", calls(call(a=6, b=7)), "It is 13.", "13", "So 13.")
    answer = llm.bind_tools([add]).invoke(SUM, samples=5)
    told = voted(answer)
    assert "13" in answer.text
    assert (told["answer"], told["kind"], told["agreement"]) == ("13", "number", 0.6)
    assert [row["votes"] for row in told["tally"]] == [3, 1, 1]


def test_the_vote_on_words_is_not_cut_short(server: OpenAIServer, llm_of: Models) -> None:
    llm = llm_of(experts=("alpha",), samples=5, batching="never", fields={"max_concurrency": 1})
    server.serve("alpha", "12", "13", "12", "13", "13")
    answer = llm.bind_tools([add]).invoke(SUM)
    assert answer.text == "13"
    assert voted(answer)["calls"] == 5


@pytest.mark.parametrize(
    "bad",
    [
        ToolUse("add", '{"a": 6, '),
        ToolUse("add", '["a", 6]'),
        call("subtract", a=6, b=7),
        call(a=6),
    ],
    ids=["no JSON", "no object", "not offered", "argument missing"],
)
def test_calls_that_cannot_be_carried_out_abstain(
    server: OpenAIServer, llm: ChatAvengers, bad: ToolUse
) -> None:
    server.serve("alpha", calls(bad), calls(bad), calls(call(a=6, b=7)))
    answer = llm.bind_tools([add]).invoke(SUM)
    assert [made["args"] for made in answer.tool_calls] == [{"a": 6, "b": 7}]
    assert [row["votes"] for row in voted(answer)["tally"]] == [1]
    assert voted(answer)["agreement"] == pytest.approx(1 / 3)


def test_invalid_calls_of_everyone_are_reported_as_such(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    server.serve("alpha", calls(ToolUse("add", '{"a": 6, ')))
    answer = llm.bind_tools([add]).invoke(SUM)
    assert not answer.tool_calls
    assert [made["name"] for made in answer.invalid_tool_calls] == ["add"]


def test_a_forced_tool_leaves_words_no_vote(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", "13", "13", calls(call(a=6, b=7)))
    assert llm.bind_tools([add], tool_choice="add").invoke(SUM).tool_calls
    assert server.asked("alpha")[0].body["tool_choice"]["function"]["name"] == "add"


def test_ids_are_made_up_where_a_server_gives_none(server: OpenAIServer, llm: ChatAvengers) -> None:
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "alpha",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": identity,
                            "type": "function",
                            "function": {"name": "add", "arguments": f'{{"a": {a}, "b": 7}}'},
                        }
                        for a, identity in ((6, ""), (5, "same"), (4, "same"))
                    ],
                },
            }
        ],
    }
    from tests.servers.answers import Fault

    server.serve("alpha", Fault(status=200, body=json.dumps(body)))
    made = llm.bind_tools([add]).invoke(SUM).tool_calls
    assert len({one["id"] for one in made}) == 3
    assert all(one["id"] for one in made)


def test_every_capable_expert_is_offered_the_tools(server: OpenAIServer, llm_of: Models) -> None:
    for name in ("alpha", "beta", "gamma"):
        server.serve(name, calls(call(a=6, b=7)))
    llm = llm_of(strategy="multi-model", samples=3, early_stop=False)
    llm.bind_tools([add]).invoke(SUM)
    assert {received.model for received in server.requests} == {"alpha", "beta", "gamma"}
    assert all(received.body["tools"] for received in server.requests)


def test_experts_without_tools_are_passed_over(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "13")
    server.serve("beta", calls(call(a=6, b=7)))
    plain = Expert(name="alpha", base_url=server.base_url)
    able = Expert(name="beta", base_url=server.base_url, supports=EVERYTHING)
    llm = llm_of(experts=(plain, able))
    assert llm.bind_tools([add]).invoke(SUM).tool_calls
    assert not server.asked("alpha")


def test_tools_with_only_tool_less_experts_are_refused_when_they_are_bound(
    server: OpenAIServer, llm_of: Models
) -> None:
    llm = llm_of(fields={"supports": frozenset({"system"})})
    said = r"alpha does not support tools; .*field supports, as \[tools, system\]"
    with pytest.raises(ConfigError, match=said):
        llm.bind_tools([add])
    assert llm.bind_tools([]).invoke(SUM).text
    with pytest.raises(ConfigError, match="alpha does not support tools"):
        llm.invoke(SUM, tools=[add])


def test_a_choice_of_no_tool_is_refused_at_once(llm: ChatAvengers) -> None:
    with pytest.raises(ConfigError, match=r"'multiply'.*add"):
        llm.bind_tools([add], tool_choice="multiply")


def test_a_conversation_with_tools_reaches_the_expert_whole(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    server.serve("alpha", "13")
    made = {"name": "add", "args": {"a": 6, "b": 7}, "id": "call_1", "type": "tool_call"}
    history = [
        HumanMessage(SUM),
        AIMessage("", tool_calls=[made]),
        ToolMessage("13", tool_call_id="call_1"),
    ]
    assert llm.bind_tools([add]).invoke(history).text == "13"
    roles = [message["role"] for message in server.requests[0].body["messages"]]
    assert roles == ["user", "assistant", "tool"]


@pytest.mark.parametrize("samples", [1, 3])
def test_calls_stream_as_chunks_that_add_up(
    server: OpenAIServer, llm: ChatAvengers, samples: int
) -> None:
    server.serve("alpha", calls(call(a=6, b=7), call("look_up", word="sum")))
    whole = None
    for chunk in llm.bind_tools([add, look_up]).stream(SUM, samples=samples):
        whole = chunk if whole is None else whole + chunk
    assert [(made["name"], made["args"]) for made in whole.tool_calls] == [
        ("add", {"a": 6, "b": 7}),
        ("look_up", {"word": "sum"}),
    ]
    assert len({made["id"] for made in whole.tool_calls}) == 2


@pytest.mark.parametrize("form", ["invoke", "stream"])
@pytest.mark.parametrize("samples", [1, 3])
def test_a_call_written_as_text_is_a_call(
    server: OpenAIServer, llm: ChatAvengers, form: str, samples: int
) -> None:
    server.serve("alpha", '<tool_call>{"name": "add", "arguments": {"a": 6, "b": 7}}</tool_call>')
    bound = llm.bind_tools([add])
    answer: Any = None
    if form == "invoke":
        answer = bound.invoke(SUM, samples=samples)
        assert answer.text == ""
    else:
        for chunk in bound.stream(SUM, samples=samples):
            answer = chunk if answer is None else answer + chunk
    [made] = answer.tool_calls
    assert (made["name"], made["args"]) == ("add", {"a": 6, "b": 7})


def test_calls_stand_together_against_words(server: OpenAIServer, llm: ChatAvengers) -> None:
    """Six ways to phrase a query are six votes for looking it up."""
    phrasings = [calls(call("look_up", word=f"phrase {number}")) for number in range(3)]
    server.serve("alpha", *phrasings, "about 30 million", "about 30 million")
    answer = llm.bind_tools([look_up]).invoke(SUM, samples=5)
    assert [made["name"] for made in answer.tool_calls] == ["look_up"]
    assert voted(answer)["agreement"] == pytest.approx(1 / 5)
    assert sum(row["votes"] for row in voted(answer)["tally"]) == 5


def test_words_stand_together_against_calls(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", calls(call(a=6, b=7)), calls(call(a=6, b=7)), "13", "14", "13")
    answer = llm.bind_tools([add]).invoke(SUM, samples=5)
    assert not answer.tool_calls
    assert answer.text == "13"
    assert voted(answer)["tally"][0]["votes"] == 2


def test_a_decided_side_is_not_asked_further(server: OpenAIServer, llm_of: Models) -> None:
    model = llm_of(experts=("alpha",), samples=8, batching="never", fields={"max_concurrency": 1})
    server.serve("alpha", calls(call(a=6, b=7)))
    answer = model.bind_tools([add]).invoke(SUM)
    assert voted(answer)["calls"] < 8
    assert answer.tool_calls[0]["args"] == {"a": 6, "b": 7}


@pytest.mark.parametrize("form", ["invoke", "stream"])
def test_without_a_choice_of_tools_a_call_abstains(
    server: OpenAIServer, llm: ChatAvengers, form: str
) -> None:
    server.serve("alpha", calls(call(a=1, b=2)), calls(call(a=1, b=2)), "it is 3")
    bound = llm.bind_tools([add], tool_choice="none")
    answer = bound.invoke(SUM) if form == "invoke" else merge(bound.stream(SUM))
    assert not answer.tool_calls
    assert answer.text == "it is 3"
    written = '{"name": "add", "arguments": {"a": 1, "b": 2}}'
    server.serve("alpha", written)
    assert bound.invoke(SUM).text == written


@pytest.mark.parametrize("args", [{"a": "lots", "b": 7}, {"a": 6, "b": None}])
def test_arguments_of_another_type_abstain(
    server: OpenAIServer, llm: ChatAvengers, args: dict[str, Any]
) -> None:
    server.serve("alpha", calls(call(**args)), calls(call(**args)), calls(call(a=6, b=7)))
    answer = llm.bind_tools([add]).invoke(SUM)
    assert answer.tool_calls[0]["args"] == {"a": 6, "b": 7}


@pytest.mark.parametrize("samples", [1, 3])
def test_ids_stay_unique_in_a_stream(server: OpenAIServer, llm: ChatAvengers, samples: int) -> None:
    server.serve("alpha", calls(call(identity="d", a=6, b=7), call(identity="d", a=5, b=7)))
    whole = None
    for chunk in llm.bind_tools([add]).stream(SUM, samples=samples):
        whole = chunk if whole is None else whole + chunk
    assert len({made["id"] for made in whole.tool_calls}) == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tool_choice": "required"}, "tools of the call are \\[\\]"),
        ({"tools": [add], "tool_choice": "nope"}, "nope"),
        ({"tools": [1]}, "no tool"),
        ({"response_format": "json"}, "response_format is 'json'"),
        ({"response_format": {"type": "nonsense"}}, "nonsense"),
        ({"stop": 5}, "stop is 5"),
        ({"temperature": 3}, "temperature is 3"),
        ({"top_p": 3}, "top_p is 3"),
        ({"max_tokens": -4}, "max_tokens is -4"),
        ({"seed": "a"}, "seed is 'a'"),
    ],
)
def test_what_no_expert_could_take_fails_before_any_call(
    server: OpenAIServer, llm: ChatAvengers, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        llm.invoke(SUM, **given)
    assert server.requests == []


def test_tools_can_be_given_with_the_call(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", calls(call(a=6, b=7)))
    assert llm.invoke(SUM, tools=[add], tool_choice="any").tool_calls[0]["name"] == "add"
    assert server.requests[0].body["tool_choice"] == "required"


@pytest.mark.parametrize(
    "nothing", [Reply(""), Reply("Once upon a", finish_reason="length"), Reply("  \n")]
)
def test_nothing_said_is_no_answer_in_words(
    server: OpenAIServer, llm: ChatAvengers, nothing: Reply
) -> None:
    server.serve("alpha", nothing, nothing, calls(call(a=6, b=7)))
    answer = llm.bind_tools([add]).invoke(SUM)
    assert [made["args"] for made in answer.tool_calls] == [{"a": 6, "b": 7}]
    assert voted(answer)["agreement"] == pytest.approx(1 / 3)


def test_a_text_that_calls_a_tool_not_offered_is_no_vote(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    """Three such texts outvoted a proper call, and an agent ended with raw JSON."""
    foreign = '{"name": "subtract", "args": {"a": 6}}'
    server.serve("alpha", foreign, foreign, calls(call(a=6, b=7)))
    answer = llm.bind_tools([add]).invoke(SUM)
    assert [made["args"] for made in answer.tool_calls] == [{"a": 6, "b": 7}]
    assert [row["votes"] for row in voted(answer)["tally"]] == [1]


def test_everybody_saying_nothing_is_reported(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", Reply(""))
    answer = llm.bind_tools([add]).invoke(SUM)
    assert answer.text == ""
    assert voted(answer)["tally"] == []
