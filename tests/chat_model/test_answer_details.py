"""What servers report besides the text reaches the answer, as with ``ChatOpenAI``."""

import json
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import LLMResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from avengers_graph import ChatAvengers
from tests.calibrated import SUM
from tests.servers.answers import Fault, Reply
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

Models = Callable[..., ChatAvengers]
ONE = {"strategy": "direct"}
VOTE = {"early_stop": False, "batching": "never", "fields": {"max_concurrency": 1}}
BATCH = {"early_stop": False, "batching": "always"}
Settings = dict[str, Any]
each_way = pytest.mark.parametrize("settings", [ONE, VOTE, BATCH], ids=["one", "vote", "batch"])
each_form = pytest.mark.parametrize("streamed", [False, True], ids=["invoke", "stream"])


@pytest.fixture
def openai(server: OpenAIServer) -> ChatOpenAI:
    key = SecretStr("none")
    return ChatOpenAI(model="alpha", base_url=server.base_url, api_key=key, stream_usage=True)


def answer_of(llm: Any, streamed: bool, **keywords: Any) -> AIMessage:
    whole: AIMessage = (
        reduce(add, llm.stream(SUM, **keywords)) if streamed else llm.invoke(SUM, **keywords)
    )
    return whole


@each_form
@each_way
def test_logprobs_are_the_winners(
    server: OpenAIServer, llm_of: Models, openai: ChatOpenAI, settings: Settings, streamed: bool
) -> None:
    server.serve("alpha", "It is 13.")
    expected = answer_of(openai, streamed, logprobs=True).response_metadata["logprobs"]
    server.serve("alpha", "It is 13.", "So it is 13.", "12")
    llm = llm_of(experts=("alpha",), **settings)
    assert answer_of(llm, streamed, logprobs=True).response_metadata["logprobs"] == expected
    assert "logprobs" not in answer_of(llm, streamed).response_metadata


@each_form
@each_way
def test_cached_and_reasoning_tokens_are_those_of_all_samples(
    server: OpenAIServer, llm_of: Models, openai: ChatOpenAI, settings: Settings, streamed: bool
) -> None:
    server.serve("alpha", "It is 13.", usage="detailed")
    usage = answer_of(openai, streamed).usage_metadata
    assert usage is not None
    server.requests.clear()
    llm = llm_of(experts=("alpha",), **settings)
    with get_usage_metadata_callback() as counter:
        answer = answer_of(llm, streamed)
    assert answer.usage_metadata == {
        "input_tokens": (asked := len(server.requests)) * usage["input_tokens"],
        "output_tokens": (said := sum(r.n for r in server.requests)) * usage["output_tokens"],
        "total_tokens": asked * usage["input_tokens"] + said * usage["output_tokens"],
        "input_token_details": {"cache_read": asked * usage["input_token_details"]["cache_read"]},
        "output_token_details": {"reasoning": said},
    }
    assert counter.usage_metadata == {"avengers": answer.usage_metadata}
    server.serve("alpha", "It is 13.")
    assert set(answer_of(llm, streamed).usage_metadata or {}) == {
        "input_tokens",
        "output_tokens",
        "total_tokens",
    }


@each_form
@each_way
def test_a_refusal_of_all_is_one_of_the_answer(
    server: OpenAIServer, llm_of: Models, openai: ChatOpenAI, settings: Settings, streamed: bool
) -> None:
    server.serve("alpha", Reply(refusal="I won't do that."))
    answer = answer_of(llm_of(experts=("alpha",), **settings), streamed)
    expected = openai.invoke(SUM)
    assert (answer.content, answer.additional_kwargs) == ("", {"refusal": "I won't do that."})
    assert (answer.content, answer.additional_kwargs) == (
        expected.content,
        expected.additional_kwargs,
    )


@each_form
def test_a_refusal_of_some_is_no_answer(
    server: OpenAIServer, llm_of: Models, streamed: bool
) -> None:
    server.serve("alpha", Reply(refusal="The answer is 12."), Reply(refusal="12"), "13")
    answer = answer_of(llm_of(experts=("alpha",), **BATCH), streamed)
    assert (answer.content, answer.additional_kwargs) == ("13", {})


class Ends(BaseCallbackHandler):
    """Keeps what each call ended with."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        self.outputs.append(response.llm_output)


def test_token_usage_stands_where_callbacks_look_for_it(
    server: OpenAIServer, llm_of: Models, openai: ChatOpenAI
) -> None:
    server.serve("alpha", "It is 13.")
    one = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    both = {name: 2 * count for name, count in one.items()}
    for llm, name in ((openai, "alpha"), (llm_of(experts=("alpha",), **ONE), "avengers")):
        ends = Ends()
        message = llm.invoke(SUM, {"callbacks": [ends]})
        assert one.items() <= message.response_metadata["token_usage"].items()
        assert one.items() <= ends.outputs[0]["token_usage"].items()
        assert ends.outputs[0]["model_name"] == name
        result = llm.generate([[HumanMessage(SUM)], [HumanMessage(SUM)]])
        assert result.llm_output == {"token_usage": both, "model_name": name}
        list(llm.stream(SUM, {"callbacks": [ends]}))
        assert ends.outputs[1] is None


def test_token_usage_is_that_of_all_samples(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "It is 13.")
    metadata = llm_of(experts=("alpha",), **VOTE).invoke(SUM).response_metadata
    assert metadata["token_usage"] == {
        "prompt_tokens": 15,
        "completion_tokens": 9,
        "total_tokens": 24,
    }
    assert metadata["model_name"] == "avengers"


@pytest.mark.parametrize("settings", [ONE, VOTE], ids=["one", "vote"])
def test_a_reason_that_was_not_sent_is_not_made_up(
    server: OpenAIServer, llm_of: Models, settings: Settings
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "It is 13."}}
    server.serve("alpha", Fault(status=200, body=json.dumps({"id": "x", "choices": [choice]})))
    answer = answer_of(llm_of(experts=("alpha",), **settings), streamed=False)
    assert answer.text == "It is 13."
    assert answer.response_metadata.get("finish_reason") is None


@each_form
@each_way
def test_half_a_character_is_a_replacement_character(
    server: OpenAIServer, llm_of: Models, settings: Settings, streamed: bool
) -> None:
    """An emoji cut in two ended the request with an error of pydantic."""
    server.serve("alpha", "The answer is 13 \ud83d")
    answer = answer_of(llm_of(experts=("alpha",), **settings), streamed)
    assert answer.text == "The answer is 13 \ufffd"
