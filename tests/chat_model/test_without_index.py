"""The chat model before there are records: no index and no embedder, from objects or a YAML."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from avengers_graph import ChatAvengers, Expert
from avengers_graph.errors import ConfigError
from tests.calibrated import EXPERTS, SUM
from tests.chat_model.forms import FORMS
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration
Models = Callable[..., ChatAvengers]


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Sum(BaseModel):
    """The answer."""

    value: int


def chat(server: OpenAIServer, model: str, **fields: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=model, base_url=server.base_url, api_key="no-key", max_retries=0, **fields
    )


@pytest.fixture(params=["objects", "yaml"])
def llm_of(
    request: pytest.FixtureRequest, server: OpenAIServer, tmp_path: Path
) -> Callable[..., ChatAvengers]:
    """Makes chat models of three experts: of chat model objects, and of a YAML without index."""

    def of_objects(**given: Any) -> ChatAvengers:
        return ChatAvengers(models=[chat(server, name) for name in EXPERTS], **given)

    def of_yaml(**given: Any) -> ChatAvengers:
        experts = [
            {"name": name, "base_url": server.base_url, "supports": ["system", "tools"]}
            for name in EXPERTS
        ]
        file = tmp_path / "avengers.yaml"
        file.write_text(yaml.safe_dump({"experts": experts}), encoding="utf-8")
        return ChatAvengers.from_config(file, **given)

    return of_objects if request.param == "objects" else of_yaml


def answered(llm: Any, form: str, question: Any = SUM) -> AIMessage:
    """The answer in one of the four forms of a call."""

    async def streamed() -> list[Any]:
        return [chunk async for chunk in llm.astream(question)]

    if form == "invoke":
        found = llm.invoke(question)
    elif form == "ainvoke":
        found = asyncio.run(llm.ainvoke(question))
    else:
        chunks = list(llm.stream(question)) if form == "stream" else asyncio.run(streamed())
        found = chunks[0]
        for chunk in chunks[1:]:
            found = found + chunk
    assert isinstance(found, AIMessage)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_experts_are_asked_and_voted_on(server: OpenAIServer, llm_of: Models, form: str) -> None:
    for name, said in zip(EXPERTS, ("13", "13", "14"), strict=True):
        server.serve(name, said)
    answer = answered(llm_of(samples=3, early_stop=False), form)
    told = answer.response_metadata["avengers"]
    assert (answer.text, told["strategy"], told["clusters"]) == ("13", "multi-model", [])
    assert [expert["name"] for expert in told["experts"]] == list(EXPERTS)
    assert {expert["score"] for expert in told["experts"]} == {0.5}
    assert sorted(request.model for request in server.requests) == sorted(EXPERTS)


@pytest.mark.parametrize("form", FORMS)
def test_calls_of_tools_are_voted_on(server: OpenAIServer, llm_of: Models, form: str) -> None:
    for name, b in zip(EXPERTS, (7, 7, 8), strict=True):
        server.serve(name, Reply(tool_calls=[ToolUse("add", {"a": 6, "b": b})]))
    answer = answered(llm_of(samples=3).bind_tools([add]), form)
    assert [call["args"] for call in answer.tool_calls] == [{"a": 6, "b": 7}]


def test_objects_are_voted_on(server: OpenAIServer, llm_of: Models) -> None:
    for name, value in zip(EXPERTS, (13, 13, 14), strict=True):
        server.serve(name, Reply(tool_calls=[ToolUse("Sum", {"value": value})]))
    assert llm_of(samples=3).with_structured_output(Sum).invoke(SUM) == Sum(value=13)


def test_one_sample_streams_as_it_is_written(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "six and seven make thirteen")
    chunks = [chunk.text for chunk in llm_of(strategy="direct").stream(SUM) if chunk.text]
    assert "".join(chunks) == "six and seven make thirteen"
    assert len(chunks) > 1


def test_a_vote_ends_once_it_is_decided(server: OpenAIServer, llm_of: Models) -> None:
    for name in EXPERTS:
        server.serve(name, "13")
    told = llm_of(samples=30, batching="never").invoke(SUM).response_metadata["avengers"]
    assert told["calls_saved"] + told["calls"] == 30
    assert sum(row["votes"] for row in told["tally"]) < 30


def test_free_texts_are_compared_by_their_words(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "Whales sing under the ice.")
    server.serve("beta", "The sky is blue because air scatters blue light.")
    server.serve("gamma", "Air scatters blue light most, so the sky is blue.")
    answer = llm_of(samples=3).invoke("Why is the sky blue?")
    told = answer.response_metadata["avengers"]
    assert (told["kind"], told["expert"]) == ("free_text", "beta")


def test_settings_that_an_index_would_need_are_ignored_or_work(
    server: OpenAIServer, llm_of: Models
) -> None:
    llm = llm_of(samples=2, top_clusters=3, beta=1.0, explore=1.0)
    told = llm.invoke(SUM, exclude_experts=["alpha"]).response_metadata["avengers"]
    assert [expert["name"] for expert in told["experts"]] == ["beta", "gamma"]
    told = llm.invoke(SUM, force_experts=["gamma"]).response_metadata["avengers"]
    assert told["experts"][0]["why"].startswith("asked for by name; no index")
    with pytest.raises(ConfigError, match=r"the cost of .* is unknown"):
        llm.invoke(SUM, max_cost=0.1)


def test_turns_go_on_from_call_to_call(server: OpenAIServer, llm_of: Models) -> None:
    llm = llm_of(unranked="turns", strategy="direct")
    for _ in range(4):
        llm.invoke(SUM)
    assert [r.model for r in server.requests] == ["alpha", "beta", "gamma", "alpha"]


def test_the_log_says_so_once(
    server: OpenAIServer, llm_of: Models, caplog: pytest.LogCaptureFixture
) -> None:
    llm = llm_of(samples=1)
    with caplog.at_level(logging.INFO, logger="avengers_graph"):
        for _ in range(3):
            llm.invoke(SUM)
    said = [r for r in caplog.records if "routing begins with records" in r.getMessage()]
    assert len(said) == 1


NOT_LOADED = ("torch", "sentence_transformers", "transformers", "chromadb", "sklearn")
PROGRAM = """
import sys
from langchain_openai import ChatOpenAI
from avengers_graph import ChatAvengers, ExpertPool, create_avengers_graph

models = [ChatOpenAI(model=m, base_url=sys.argv[1], api_key="no-key") for m in ("alpha", "beta")]
answers = [
    ChatAvengers(models=models).invoke("Name a colour."),
    ChatAvengers.from_config(sys.argv[2]).invoke("Name a colour."),
    create_avengers_graph(pool=ExpertPool.of_models(models)).invoke(
        {"messages": [("user", "Name a colour.")]}
    )["messages"][-1],
]
assert all(answer.text for answer in answers)
print(*[name for name in sys.argv[3:] if name in sys.modules])
"""


def test_no_embedder_and_no_database_is_imported(server: OpenAIServer, tmp_path: Path) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_text(json.dumps({"experts": [{"name": "alpha", "base_url": server.base_url}]}))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, server.base_url, str(file), *NOT_LOADED],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


class Synchronous(BaseChatModel):
    """A model object whose async half was never written."""

    @property
    def _llm_type(self) -> str:
        return "synchronous"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> Any:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("13"))])


@pytest.mark.parametrize("form", FORMS)
def test_objects_without_async_are_asked_all_the_same(form: str) -> None:
    llm = ChatAvengers(models=[Synchronous(), Synchronous()], samples=2)
    assert answered(llm, form).text == "13"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, r"takes its experts from models=\[\.\.\.\]"),
        ({"models": []}, "models is empty"),
        ({"models": [Synchronous()], "pool": object()}, "give one of them"),
    ],
)
def test_models_or_a_pool_must_be_given(given: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ChatAvengers(**given)


def test_an_expert_may_stand_among_the_models(server: OpenAIServer) -> None:
    named = Expert(name="mine", llm=chat(server, "alpha"))
    llm = ChatAvengers(models=[chat(server, "alpha"), named], samples=2)
    told = llm.invoke(SUM).response_metadata["avengers"]
    assert [expert["name"] for expert in told["experts"]] == ["alpha", "mine"]
