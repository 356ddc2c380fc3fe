"""The typed keywords of the chat model against the fields that they set."""

from collections.abc import Mapping
from typing import Any, Optional, get_type_hints

import pytest
from pydantic import SecretStr

from avengers_graph import ChatAvengers, Context
from avengers_graph.chat_model.keywords import ConfigKeywords, ModelKeywords
from avengers_graph.chat_model.settings import SETTINGS
from avengers_graph.plans import Plan
from avengers_graph.settings.call_params import CallParams

TYPES = get_type_hints(ModelKeywords)
FIELDS = ChatAvengers.model_fields
PARTS = {"pool", "index", "embeddings"}
"""Fields that ``ChatAvengers(...)`` names one by one, and ``from_config`` reads from the file."""
WIDER = {"api_key": SecretStr | str | None, "plans": Mapping[str, Plan | Mapping[str, Any]]}
"""What the class converts."""


def test_they_are_all_that_the_model_takes() -> None:
    fields = FIELDS.keys() | {field.alias for field in FIELDS.values() if field.alias}
    settings = SETTINGS - {"min_confidence"}
    assert TYPES.keys() == (fields | settings | CallParams.__annotations__.keys()) - PARTS
    assert get_type_hints(ConfigKeywords).keys() == TYPES.keys() | PARTS


@pytest.mark.parametrize("name", sorted(SETTINGS - {"min_confidence"}))
def test_settings_have_the_types_of_a_context(name: str) -> None:
    assert TYPES[name] == Optional[Context.model_fields[name].annotation]  # noqa: UP045


@pytest.mark.parametrize("name", sorted(CallParams.__annotations__))
def test_parameters_have_the_types_of_a_call(name: str) -> None:
    assert TYPES[name] == Optional[get_type_hints(CallParams)[name]]  # noqa: UP045


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - PARTS))
def test_fields_have_the_types_of_the_class(name: str) -> None:
    assert TYPES[name] == WIDER.get(name, FIELDS[name].annotation)
    if alias := FIELDS[name].alias:
        assert TYPES[alias] == TYPES[name]
