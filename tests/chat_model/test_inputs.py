"""Bad input, and what users of LangChain models expect besides answers."""

import asyncio
import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, HumanMessage, trim_messages
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from avengers_graph import ChatAvengers, ClusterIndex, Context, Expert, ExpertPool
from avengers_graph.errors import ConfigError
from tests.calibrated import SUM, WordEmbeddings
from tests.chat_model.conftest import EVERYTHING
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]


@pytest.fixture
def llm(llm_of: Models) -> ChatAvengers:
    return llm_of(experts=("alpha",))


@pytest.mark.parametrize(
    ("keyword", "value", "said"),
    [
        ("tempratur", 0.2, "'tempratur'.*did you mean `temperature`"),
        ("smaples", 3, "'smaples'.*did you mean `samples`"),
        ("max_retry", 3, "did you mean `max_retries`"),
        ("temperature", "hot", "temperature.*hot"),
        ("samples", "many", "samples.*many"),
        ("tempratur", None, "'tempratur'"),
        ("n", 3, "'n'.*samples"),
        ("max_completion_tokens", 3, "'max_completion_tokens'.*max_tokens"),
        ("model_kwargs", {}, "'model_kwargs'"),
        ("min_confidence", 0.5, "min_confidence"),
        ("samples", 0, "samples.*0"),
        ("temperature", 0.5, None),
        ("alpha", 1.5, "alpha.*1.5"),
        ("extra_body", {"n": 3}, "'n'"),
        ("force_experts", ["delta"], "'delta'"),
        ("exclude_experts", ["delta"], "'delta'"),
        ("parse_sample", print, "'parse_sample'"),
        ("stream_tokens", True, "'stream_tokens'"),
    ],
)
@pytest.mark.parametrize("place", ["constructor", "invoke", "ainvoke", "stream", "astream"])
def test_bad_keywords_are_named_before_any_call(
    server: OpenAIServer, llm_of: Models, place: str, keyword: str, value: Any, said: str | None
) -> None:
    server.serve("alpha", "13")
    given = {keyword: value}

    async def drain(llm: ChatAvengers) -> None:
        async for _ in llm.astream(SUM, **given):
            pass

    def use() -> None:
        llm = llm_of(experts=("alpha",), **(given if place == "constructor" else {}))
        {
            "constructor": lambda: llm.invoke(SUM),
            "invoke": lambda: llm.invoke(SUM, **given),
            "ainvoke": lambda: asyncio.run(llm.ainvoke(SUM, **given)),
            "stream": lambda: list(llm.stream(SUM, **given)),
            "astream": lambda: asyncio.run(drain(llm)),
        }[place]()

    if said is None:
        use()
        assert server.requests[-1].body["temperature"] == value
        return
    with pytest.raises(ConfigError, match=said):
        use()
    assert not server.requests


@pytest.mark.parametrize(
    "contradiction",
    [
        {"strategy": "no-such-plan"},
        {"force_experts": ["alpha"], "exclude_experts": ["alpha"]},
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": {}}}]},
        {"response_format": {"type": "json_object"}},
        {"n": 2, "stream": True},
    ],
    ids=lambda given: "+".join(given),
)
def test_contradictions_fail_before_any_call(
    server: OpenAIServer, llm_of: Models, contradiction: dict[str, Any]
) -> None:
    llm = llm_of(experts=("alpha",), fields={"supports": frozenset({"system"})})
    with pytest.raises(ConfigError):
        llm.invoke(SUM, **contradiction)
    assert not server.requests


def test_keywords_of_the_constructor_are_defaults_of_every_call(
    server: OpenAIServer, llm_of: Models
) -> None:
    server.serve("alpha", "13")
    llm = llm_of(
        experts=("alpha",),
        defaults=Context(samples=2, params={"seed": 1}),
        samples=None,
        early_stop=False,
        batching="never",
        top_p=0.5,
        timeout=30,
    )
    llm.invoke(SUM)
    assert len(server.requests) == 2
    assert server.requests[0].body["seed"] == 1
    assert server.requests[0].body["top_p"] == 0.5
    llm.invoke(SUM, top_p=0.7, samples=1)
    assert server.requests[2].body["top_p"] == 0.7
    assert len(server.requests) == 3


def test_from_config_takes_what_the_constructor_takes(
    server: OpenAIServer, minilm: Embeddings, minilm_index: ClusterIndex, tmp_path: Path
) -> None:
    server.serve("alpha", "13")
    config = {
        "index": {"path": str(minilm_index.place.path)},
        "experts": [{"name": "alpha", "base_url": server.base_url}],
        "defaults": {"samples": 2, "early_stop": False},
    }
    file = tmp_path / "avengers.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(ConfigError, match="'sampels'"):
        ChatAvengers.from_config(file, sampels=3)
    llm = ChatAvengers.from_config(file, batching="never", max_retries=0, model="ours")
    answer = llm.invoke(SUM)
    assert answer.response_metadata["model_name"] == "ours"
    assert len(server.requests) == 2
    again = pickle.loads(pickle.dumps(llm))  # noqa: S301 - our own
    assert again.invoke(SUM).text == "13"
    llm.close()
    again.close()


def test_the_profile_is_the_pools(server: OpenAIServer, llm_of: Models) -> None:
    plain = Expert(name="alpha", base_url=server.base_url, context_length=4096, max_tokens=512)
    able = Expert(
        name="beta",
        base_url=server.base_url,
        supports=EVERYTHING,
        context_length=8192,
        max_tokens=256,
        thinking=True,
    )
    profile = llm_of(experts=(plain, able)).profile
    assert profile["max_input_tokens"] == 8192
    assert profile["max_output_tokens"] == 512
    for capability in ("tool_calling", "structured_output", "image_inputs", "reasoning_output"):
        assert profile[capability] is True, capability
    profile = llm_of(experts=("alpha",), fields={"supports": frozenset()}).profile
    assert not profile["tool_calling"]
    assert not profile["structured_output"]
    assert "max_input_tokens" not in profile


def test_langsmith_parameters(llm_of: Models) -> None:
    llm = llm_of(model="ours", temperature=0.3, max_tokens=9, stop=["x"])
    assert llm._get_ls_params() == {
        "ls_provider": "avengers",
        "ls_model_name": "ours",
        "ls_model_type": "chat",
        "ls_temperature": 0.3,
        "ls_max_tokens": 9,
        "ls_stop": ["x"],
    }
    assert llm._get_ls_params(model="theirs", temperature=1.0)["ls_temperature"] == 1.0
    llm = llm_of(temperature=0.3, defaults=Context(temperature=0.9, params={"max_tokens": 7}))
    assert llm._get_ls_params()["ls_temperature"] == 0.3
    assert llm._get_ls_params()["ls_max_tokens"] == 7
    assert llm_of(defaults=Context(temperature=0.9))._get_ls_params()["ls_temperature"] == 0.9


def test_a_rate_limiter_holds_requests_back(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "13")
    limiter = InMemoryRateLimiter(requests_per_second=4, check_every_n_seconds=0.01)
    llm = llm_of(experts=("alpha",), rate_limiter=limiter)
    began = time.monotonic()
    for _ in range(3):
        llm.invoke(SUM)
    assert time.monotonic() - began > 0.45


def test_closed_connections_open_again(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", "13")

    async def twice() -> None:
        await llm.ainvoke(SUM)
        await llm.aclose()
        await llm.ainvoke(SUM)

    asyncio.run(twice())
    llm.close()
    assert llm.invoke(SUM).text == "13"


def test_the_key_goes_where_an_expert_names_none(
    server: OpenAIServer, llm_of: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_KEY", "own-secret")
    server.serve("alpha", "13")
    server.serve("beta", "13")
    own = Expert(name="beta", base_url=server.base_url, api_key_env="OWN_KEY")
    bare = Expert(name="alpha", base_url=server.base_url)
    llm = llm_of(experts=(bare, own), strategy="multi-model", samples=2, api_key="shared-secret")
    llm.invoke(SUM, early_stop=False)
    assert server.asked("alpha")[0].headers["authorization"] == "Bearer shared-secret"
    assert server.asked("beta")[0].headers["authorization"] == "Bearer own-secret"
    assert "shared-secret" not in repr(llm)
    assert "shared-secret" not in str(llm._identifying_params)
    assert llm.model_copy(update={"samples": 1}).pool.with_key(llm.api_key) is llm._pool


def test_a_pickle_opens_the_index_again_and_holds_no_key(
    server: OpenAIServer, llm_of: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_KEY", "own-secret")
    server.serve("alpha", "13")
    own = Expert(name="alpha", base_url=server.base_url, api_key_env="OWN_KEY")
    llm = llm_of(experts=(own,), samples=2, stop=["x"])
    llm.invoke(SUM)
    pickled = pickle.dumps(llm)
    assert b"own-secret" not in pickled
    again = pickle.loads(pickled)  # noqa: S301 - our own
    assert again.index.generation == llm.index.generation
    assert again.index is not llm.index
    assert again._identifying_params == llm._identifying_params
    assert again.invoke(SUM).text == "13"
    again.close()

    with pytest.raises(ConfigError, match="api_key_env"):
        pickle.dumps(llm_of(experts=("alpha",), api_key="secret"))
    hosted = ChatOpenAI(model="x", api_key=SecretStr("secret"), base_url=server.base_url)
    with pytest.raises(ConfigError, match="alpha"):
        pickle.dumps(llm_of(experts=(Expert(name="alpha", llm=hosted),)))


def ask(llm: ChatAvengers) -> str:
    return llm.invoke(SUM).text


@pytest.mark.integration
def test_it_goes_to_other_processes(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", "13")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(ask, [llm, llm]) == ["13", "13"]


@pytest.mark.integration
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_it_goes_to_forked_processes() -> None:
    """Chroma hangs after a fork: the model gets along without it, and opening says what to do."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chat_model.in_a_fork"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "['13', '13']" in done.stdout, done.stderr
    assert "get_context('spawn')" in done.stdout


def test_any_langchain_model_can_be_an_expert(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("x", Reply('{"total": 13}'))
    theirs = ChatOpenAI(model="x", api_key=SecretStr("secret"), base_url=server.base_url)
    llm = llm_of(experts=(Expert(name="alpha", llm=theirs, supports=EVERYTHING),))
    schema = {"title": "Total", "type": "object", "properties": {"total": {"type": "integer"}}}
    assert llm.with_structured_output(schema, method="json_schema").invoke(SUM) == {"total": 13}
    assert "".join(chunk.text for chunk in llm.stream(SUM, samples=1)) == '{"total": 13}'


def test_the_package_is_typed() -> None:
    assert files("avengers_graph").joinpath("py.typed").is_file()


def test_image_only_questions_are_routed(server: OpenAIServer, small_index: ClusterIndex) -> None:
    server.serve("alpha", "a pixel")
    expert = Expert(name="alpha", base_url=server.base_url, supports=EVERYTHING)
    pool = ExpertPool([expert])
    llm = ChatAvengers(pool=pool, index=small_index, embeddings=WordEmbeddings(), samples=1)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    assert llm.invoke([("user", [image])]).text == "a pixel"
    pool.close()


def test_a_deep_copy_works_and_shares_what_is_heavy(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    server.serve("alpha", "13")
    for again in (copy.deepcopy(llm), llm.model_copy(deep=True)):
        assert again.invoke(SUM).text == "13"
        assert again.index is llm.index
        assert again.pool is llm.pool


def test_tokens_are_counted_without_a_tokenizer_from_the_hub(llm: ChatAvengers) -> None:
    assert 45 < llm.get_num_tokens("word " * 40) < 55
    turns = [HumanMessage("word " * 40), AIMessage("short"), HumanMessage("word " * 4)]
    kept = trim_messages(turns, max_tokens=20, token_counter=llm, strategy="last")
    assert [message.text for message in kept] == ["short", "word " * 4]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strategy": "nope"}, "nope"),
        ({"defaults": Context(strategy="nope")}, "nope"),
        ({"defaults": Context(params={"foo": 3})}, "'foo'"),
        ({"defaults": Context(params={"extra_body": {"n": 3}})}, "extra_body may not set 'n'"),
        ({"tools": [1]}, "tools is"),
        ({"temperature": 5}, "temperature is 5"),
    ],
)
def test_the_constructor_refuses_what_no_call_could_run_with(
    llm_of: Models, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        llm_of(**given)


def test_every_turn_is_sent_as_it_stands(server: OpenAIServer, llm: ChatAvengers) -> None:
    """The state keeps messages by id; one that came twice took the place of the first."""
    server.serve("alpha", "13")
    again, twin = HumanMessage("Really?"), HumanMessage("Sure?", id="1")
    turns = [
        HumanMessage(SUM, id="1"),
        AIMessage("12", id="cached"),
        again,
        AIMessage("14", id="cached"),
        again,
        twin,
    ]
    llm.invoke(turns)
    sent = [turn["content"] for turn in server.requests[-1].body["messages"]]
    assert sent == [SUM, "12", "Really?", "14", "Really?", "Sure?"]
    assert again.id is None
    assert [turn.id for turn in turns] == ["1", "cached", None, "cached", None, "1"]


def test_the_cache_key_is_the_same_in_every_process() -> None:
    """It followed the order of a set, which another process has otherwise."""
    asked = (
        "from avengers_graph import Expert; "
        "from typing import get_args; from avengers_graph.settings.expert import Capability; "
        "print(Expert(name='a', base_url='http://127.0.0.1:1/v1', "
        "supports=frozenset(get_args(Capability))).model_dump_json())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1


def test_stop_may_be_one_text(server: OpenAIServer, llm_of: Models) -> None:
    server.serve("alpha", "13")
    llm_of(experts=("alpha",), samples=1, stop="x").invoke(SUM)
    assert server.requests[0].body["stop"] in ("x", ["x"])
