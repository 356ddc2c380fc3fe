"""The pool: names, eligibility, one caller for each expert, closing."""

import asyncio
import gc
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from avengers_graph.errors import ConfigError
from avengers_graph.experts.owned_loop import submit
from avengers_graph.experts.pool import ANSWER_TOKENS, KEYED_POOLS, ExpertPool
from avengers_graph.experts.recording import Recording
from avengers_graph.settings.expert import Expert, Price
from tests.experts.rounds import listen
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

Pools = Callable[..., ExpertPool]
URL = "http://127.0.0.1:9/v1"


def expert(name: str, **fields: object) -> Expert:
    return Expert(name=name, base_url=URL, **fields)


def test_a_pool_needs_experts() -> None:
    with pytest.raises(ConfigError, match="at least one expert"):
        ExpertPool([])


def test_names_differ() -> None:
    with pytest.raises(ConfigError, match=r"\['a'\] are listed twice"):
        ExpertPool([expert("a"), expert("b"), expert("a")])


def test_a_pool_is_read_like_a_mapping() -> None:
    pool = ExpertPool([expert("b"), expert("a")])
    assert pool.names == ("b", "a")
    assert len(pool) == 2
    assert [e.name for e in pool] == ["b", "a"]
    assert "a" in pool
    assert "c" not in pool
    assert pool["a"].name == "a"
    with pytest.raises(ConfigError, match="unknown expert 'c'; have b, a"):
        pool["c"]


def test_eligible_says_what_each_one_lacks() -> None:
    pool = ExpertPool(
        [
            expert("plain"),
            expert("tools", supports={"tools", "system"}),
            expert("short", supports={"tools"}, context_length=10),
        ]
    )
    question = [HumanMessage("x" * 100)]
    assert pool.eligible(question) == ["plain", "tools"]
    assert pool.eligible(question, needs=["tools"]) == ["tools"]
    assert pool.eligible([HumanMessage("x")], exclude=["plain"]) == ["tools", "short"]
    assert pool.eligible([HumanMessage("x")], max_tokens=50) == ["plain", "tools"]
    with pytest.raises(ConfigError) as caught:
        pool.eligible(question, needs=["tools"], exclude=["tools"])
    assert str(caught.value) == (
        "no expert can take this request: plain does not support tools (see its supports); "
        "tools is excluded; short has a context of only 10 tokens"
    )


def test_only_a_shorter_prompt_is_asked_for_where_it_would_be_taken() -> None:
    pool = ExpertPool([expert("plain"), expert("short", supports={"tools"}, context_length=10)])
    question = [HumanMessage("x" * 100)]
    with pytest.raises(ContextOverflowError, match="short has a context of only 10") as caught:
        pool.eligible(question, needs=["tools"])
    assert isinstance(caught.value, ConfigError)
    unable: list[dict[str, Any]] = [{"needs": ["images"]}, {"needs": ["tools"], "max_tokens": 11}]
    for lacking in unable:
        with pytest.raises(ConfigError) as other:
            pool.eligible(question, **lacking)
        assert not isinstance(other.value, ContextOverflowError), "shortening does not help"


def test_cost() -> None:
    pool = ExpertPool([expert("free"), expert("paid", price=Price(input=2, output=10))])
    assert pool.cost("free", input_tokens=1, output_tokens=1) is None
    assert pool.cost("paid", input_tokens=500_000, output_tokens=100_000) == pytest.approx(2.0)


def test_expected_costs_go_by_the_prompt_and_a_usual_answer() -> None:
    paid = Expert(name="paid", base_url=URL, price=Price(input=1.0, output=10.0))
    pool = ExpertPool([Expert(name="unpriced", base_url=URL), paid])
    short, long = [HumanMessage("x" * 40)], [HumanMessage("x" * 4000)]
    assert set(pool.expected_costs(short)) == {"paid"}
    first = pool.expected_costs(short)["paid"]
    assert first == pytest.approx((12 + 10 * ANSWER_TOKENS) / 1e6, rel=0.01)
    assert pool.expected_costs(long)["paid"] > first
    assert pool.expected_costs(short, max_tokens=30)["paid"] == pytest.approx(312 / 1e6, rel=0.02)
    assert pool.expected_costs(short, max_tokens=9999)["paid"] == first


def test_from_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "avengers.yaml"
    file.write_text(f"index: {{path: idx}}\nexperts:\n  - {{name: a, base_url: '{URL}'}}\n")
    assert ExpertPool.from_yaml(file).names == ("a",)
    monkeypatch.setenv("AVENGERS_CONFIG", str(file))
    assert ExpertPool.from_yaml().names == ("a",)


def test_an_expert_has_one_caller_per_process() -> None:
    pool = ExpertPool([expert("a")])

    async def two() -> bool:
        return pool.caller("a") is pool.caller("a")

    assert submit(two()).result()


def hosted(header: str) -> ChatOpenAI:
    return ChatOpenAI(
        model="m",
        api_key=SecretStr("sk-own"),
        base_url=URL,
        model_kwargs={"extra_headers": {"x-api-key": header}},
    )


def test_identity_tells_pools_apart_without_any_key() -> None:
    def identity(header: str, extra: str) -> list[dict[str, object]]:
        given = Expert(name="given", llm=hosted(header))
        return ExpertPool([given, expert("own", extra_body={"api_key": extra})]).identity()

    known = identity("of-the-header", "of-the-body")
    assert known == identity("of-the-header", "of-the-body")
    assert known != identity("another", "of-the-body")
    assert known != identity("of-the-header", "another")
    assert not any(secret in str(known) for secret in ("of-the-header", "of-the-body", "sk-own"))


def test_a_header_that_holds_a_key_does_not_go_into_a_pickle() -> None:
    class Plain(GenericFakeChatModel):
        default_headers: dict[str, str]

    llm = Plain(messages=iter(()), default_headers={"x-api-key": "of-the-header"})
    with pytest.raises(ConfigError, match=r"\['given'\] cannot be pickled"):
        pickle.dumps(ExpertPool([Expert(name="given", llm=llm)]))


def test_keyed_pools_are_kept_while_they_are_used() -> None:
    pool = ExpertPool([expert("a")])
    first = pool.with_key(SecretStr("sk-1"))
    assert pool.with_key(SecretStr("sk-1")) is first
    others = [SecretStr(f"sk-{number}") for number in range(2, KEYED_POOLS + 4)]
    for key in others:
        pool.with_key(key)
    assert pool.with_key(SecretStr("sk-1")) is first, "it is still held"
    del first
    for key in others:
        pool.with_key(key)
    gc.collect()
    assert len(pool._keyed) == KEYED_POOLS
    assert "sk-" not in repr(dict(pool._keyed))


def test_a_pool_with_a_key_records_where_its_pool_does(tmp_path: Path) -> None:
    pool = ExpertPool([expert("a")])
    keyed = pool.with_key(SecretStr("sk-1"))
    with Recording(tmp_path / "run.jsonl") as pool.recording:
        assert keyed.recording is pool.recording is not None


@pytest.mark.integration
def test_the_connections_of_a_pool_not_used_lately_are_closed(
    server: OpenAIServer, pool_of: Pools
) -> None:
    """But not under a call that is on its way."""
    server.serve("alpha", Reply("42", delay=0.4))
    pool = pool_of("alpha", timeout=1.0)
    first = pool.with_key(SecretStr("sk-1"))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(listen, first, ("alpha", 1))
        server.wait_for(lambda: len(server.requests) == 1)
        caller: Any = first._callers["alpha"]
        http = caller._http
        for number in range(KEYED_POOLS):
            pool.with_key(SecretStr(f"sk-{number + 2}"))
        assert answer.result().texts == {0: "42"}
    server.wait_for(lambda: http.is_closed)
    assert listen(first, ("alpha", 1)).texts == {0: "42"}, "it opens new ones"


@pytest.mark.integration
def test_a_closed_pool_opens_again(server: OpenAIServer, pool_of: Pools) -> None:
    pool = pool_of("alpha")
    for _ in range(2):
        assert len(listen(pool, ("alpha", 1)).answers) == 1
        pool.close()
        asyncio.run(pool.aclose())


@pytest.mark.integration
def test_one_pool_serves_two_successive_event_loops(server: OpenAIServer, pool_of: Pools) -> None:
    """A client that belonged to a closed loop would raise "Event loop is closed"."""
    pool = pool_of("alpha")

    async def ask() -> int:
        return len((await asyncio.to_thread(listen, pool, ("alpha", 1))).answers)

    assert [asyncio.run(ask()) for _ in range(2)] == [1, 1]
