"""What an expert may be, and what is refused by name."""

import pytest
from langchain_core.language_models import GenericFakeChatModel
from pydantic import ValidationError

from avengers_graph.settings.expert import Expert, Price

URL = "http://127.0.0.1:9/v1"
MODEL = GenericFakeChatModel(messages=iter(()))


def test_one_way_to_reach_it() -> None:
    with pytest.raises(ValidationError, match="'a' needs either base_url"):
        Expert(name="a")
    with pytest.raises(ValidationError, match="'a' needs either base_url"):
        Expert(name="a", base_url=URL, llm=MODEL)


@pytest.mark.parametrize("llm", ["gpt-4", 42, MODEL.bind(stop=["x"])])
def test_what_is_no_chat_model_is_refused(llm: object) -> None:
    with pytest.raises(ValidationError, match="'a': llm must be a LangChain chat model"):
        Expert(name="a", llm=llm)


def test_names_and_providers() -> None:
    endpoint = Expert(name="a", base_url=URL, model="org/a")
    assert (endpoint.model_name, endpoint.provider) == ("org/a", "openai-compatible")
    assert Expert(name="a", base_url=URL).model_name == "a"
    assert Expert(name="a", llm=MODEL).provider == "GenericFakeChatModel"


def test_a_key_in_place_of_its_variable_is_not_repeated() -> None:
    with pytest.raises(ValidationError, match="must be the name of an environment") as caught:
        Expert(name="a", base_url=URL, api_key_env="sk-proj-secret")
    assert "secret" not in str(caught.value)


def test_an_expert_is_not_changed_behind_the_pools_back() -> None:
    expert = Expert(name="a", base_url=URL)
    with pytest.raises(ValidationError):
        expert.timeout = 1.0


def test_a_model_object_is_neither_shown_nor_stored() -> None:
    expert = Expert(name="a", llm=MODEL)
    assert "llm" not in repr(expert)
    assert "llm" not in expert.model_dump()


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Expert(name="a", base_url="http://me:s3cret@127.0.0.1:9/v1")
    assert "api_key_env" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("price", [float("inf"), float("nan"), -1.0])
def test_a_price_is_a_finite_number(price: float) -> None:
    with pytest.raises(ValidationError):
        Price(input=price, output=0)
