"""What chat model objects say of themselves."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.language_models import GenericFakeChatModel
from langchain_openai import ChatOpenAI

from avengers_graph.settings.chat_models import names_of, takes_temperature
from avengers_graph.settings.expert import Expert


def chat(model: str = "alpha", **fields: Any) -> ChatOpenAI:
    return ChatOpenAI(model=model, api_key="no-key", base_url="http://127.0.0.1:1/v1", **fields)


def fake() -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter(()))


def test_models_of_one_name_are_numbered() -> None:
    models = [chat("gpt-5"), chat("gpt-5"), chat("llama"), chat("gpt-5")]
    assert names_of(models) == ["gpt-5", "gpt-5-2", "llama", "gpt-5-3"]


def test_a_number_takes_nobodys_name() -> None:
    assert names_of([chat("a"), chat("a"), chat("a-2")]) == ["a", "a-3", "a-2"]
    assert names_of([chat("a")], taken=["a"]) == ["a-2"]


def test_an_object_without_a_model_is_named_by_its_class() -> None:
    assert names_of([fake(), fake()]) == ["GenericFakeChatModel", "GenericFakeChatModel-2"]


NAMES = st.sampled_from(["a", "a-2", "a-3", "b"])


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, max_size=6), st.sets(NAMES))
def test_names_differ_whatever_the_models_are_called(models: list[str], taken: set[str]) -> None:
    found = names_of([chat(model) for model in models], taken=sorted(taken))
    assert len({*found, *taken}) == len(models) + len(taken)


@pytest.mark.parametrize(
    ("profile", "supports"),
    [
        ({"tool_calling": True}, {"system", "tools"}),
        ({"tool_calling": False, "image_inputs": True}, {"system", "images"}),
        (
            {"structured_output": True, "tool_calling": True},
            {"system", "json_schema", "tools"},
        ),
        (None, {"system", "tools"}),  # what its class can bind, as nothing speaks against it
    ],
)
def test_capabilities_are_those_of_the_profile(profile: Any, supports: set[str]) -> None:
    assert Expert(name="alpha", llm=chat(profile=profile)).supports == supports


def test_a_class_that_binds_no_tools_has_none() -> None:
    assert Expert(name="alpha", llm=fake()).supports == {"system"}


def test_what_the_user_says_comes_before_the_profile() -> None:
    llm = chat(temperature=0.2, profile={"tool_calling": True, "max_input_tokens": 4096})
    assert Expert(name="alpha", llm=llm).context_length == 4096
    told = Expert(
        name="alpha", llm=llm, supports=frozenset({"n"}), context_length=9, temperature=1.0
    )
    assert (told.supports, told.context_length, told.temperature) == ({"n"}, 9, 1.0)


@pytest.mark.parametrize(("given", "found"), [(0.2, 0.2), (0, 0.0), (None, None)])
def test_the_temperature_of_an_object_is_its_experts(given: Any, found: float | None) -> None:
    assert Expert(name="alpha", llm=chat(temperature=given)).temperature == found


def test_reasoning_models_take_no_temperature_by_their_profile() -> None:
    assert not takes_temperature(chat("gpt-5"))
    assert takes_temperature(chat("gpt-4o"))
    assert takes_temperature(chat())
