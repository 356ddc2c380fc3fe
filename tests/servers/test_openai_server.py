"""The test server itself, against OpenAI's own client."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration

ASKED: Any = [{"role": "user", "content": "Please add 6 and 7."}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key="sk-1", max_retries=0) as made:
        yield made


def test_a_completion(server: OpenAIServer, client: openai.OpenAI) -> None:
    server.serve("m", Reply("12345678 and so on", reasoning="hm"), "b")
    answer = client.chat.completions.create(
        model="m", messages=ASKED, n=2, stop=[" and"], logprobs=True
    )
    assert [c.message.content for c in answer.choices] == ["12345678", "b"]
    assert answer.choices[0].message.model_extra == {"reasoning_content": "hm"}
    assert answer.choices[0].logprobs is not None
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


def test_the_limit_on_tokens(server: OpenAIServer, client: openai.OpenAI) -> None:
    server.serve("m", "1234567890")
    choice = client.chat.completions.create(model="m", messages=ASKED, max_tokens=2).choices[0]
    assert (choice.message.content, choice.finish_reason) == ("12345678", "length")


@pytest.mark.parametrize("counted", [True, False])
def test_a_stream(server: OpenAIServer, client: openai.OpenAI, counted: bool) -> None:
    server.serve("m", "one two")
    options: Any = {"include_usage": counted}
    events = list(
        client.chat.completions.create(
            model="m", messages=ASKED, stream=True, stream_options=options
        )
    )
    pieces = [e.choices[0].delta.content for e in events if e.choices]
    assert "".join(piece or "" for piece in pieces) == "one two"
    assert [e.usage is not None for e in events].count(True) == counted


def test_a_model_with_manners_calls_the_tool_and_reads_its_result(
    server: OpenAIServer, client: openai.OpenAI
) -> None:
    first = client.chat.completions.create(model="m", messages=ASKED, tools=[TOOL])
    calls: Any = first.choices[0].message.tool_calls
    assert (calls[0].function.name, calls[0].function.arguments) == ("add", '{"a": 6}')
    history: Any = [
        *ASKED,
        first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": calls[0].id, "content": "13"},
    ]
    second = client.chat.completions.create(model="m", messages=history, tools=[TOOL])
    assert second.choices[0].message.content == "The tool says 13"
    history[-1]["tool_call_id"] = "made-up"
    with pytest.raises(openai.BadRequestError, match="made-up"):
        client.chat.completions.create(model="m", messages=history, tools=[TOOL])


def test_keys_and_models(server: OpenAIServer, client: openai.OpenAI) -> None:
    server.serve("m", "a")
    assert [model.id for model in client.models.list()] == ["m"]
    with pytest.raises(openai.NotFoundError, match="`other` does not exist"):
        client.chat.completions.create(model="other", messages=ASKED)
    server.api_key = "sk-2"
    with pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_arguments_that_are_no_json(server: OpenAIServer, client: openai.OpenAI) -> None:
    server.serve("m", Reply(tool_calls=[ToolUse("add", '{"a": ')]))
    answer: Any = client.chat.completions.create(model="m", messages=ASKED, tools=[TOOL])
    assert answer.choices[0].message.tool_calls[0].function.arguments == '{"a": '


def test_it_stops() -> None:
    with OpenAIServer() as running:
        base_url = running.base_url
    with (
        openai.OpenAI(base_url=base_url, api_key="-", max_retries=0) as gone,
        pytest.raises(openai.APIConnectionError),
    ):
        gone.models.list()
