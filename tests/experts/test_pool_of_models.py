"""A pool of chat model objects: names, and what is no such object."""

from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_openai import ChatOpenAI

from avengers_graph.errors import ConfigError
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert, Price


def chat(model: str = "alpha") -> ChatOpenAI:
    return ChatOpenAI(model=model, api_key="no-key", base_url="http://127.0.0.1:1/v1")


def test_experts_stand_in_the_order_given_among_objects() -> None:
    priced = Expert(name="alpha", llm=chat(), price=Price(input=1, output=1))
    pool = ExpertPool.of_models([chat(), priced, chat("beta")])
    assert pool.names == ("alpha-2", "alpha", "beta")
    assert pool["alpha"] is priced


SHARED = chat()


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([], "models is empty; give at least one"),
        (chat(), "models is a ChatOpenAI; give a list"),
        ("gpt-5", "models is a str; give a list"),
        (["gpt-5"], r"models\[0\] is str; give a LangChain chat model object"),
        ([chat(), None], r"models\[1\] is NoneType; "),
        ([ChatOpenAI], r"models\[0\] is the class ChatOpenAI; "),
        ([chat().bind(stop="x")], r"models\[0\] is \w+Binding; .*not into \.bind\(\)"),
        ([SHARED, chat("b"), SHARED], r"models\[2\] is the same object as models\[0\]; .*samples"),
    ],
)
def test_what_makes_no_pool_is_one_clear_line(models: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        ExpertPool.of_models(models)
    assert "\n" not in str(caught.value)


def test_models_that_say_nothing_of_themselves_do() -> None:
    models = [GenericFakeChatModel(messages=iter(())) for _ in range(2)]
    assert ExpertPool.of_models(models).names == (
        "GenericFakeChatModel",
        "GenericFakeChatModel-2",
    )
