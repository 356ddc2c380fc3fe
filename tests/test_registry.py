"""Rows of a registry as the values of a field."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from avengers_graph.registry import OneOf


def test_one_of_names_what_there_is() -> None:
    colours = TypeAdapter(Annotated[str, OneOf({"red": 1, "blue": 2})])
    assert colours.validate_python("red") == "red"
    assert colours.json_schema() == {"enum": ["red", "blue"], "type": "string"}
    with pytest.raises(ValidationError, match="'red' or 'blue'"):
        colours.validate_python("green")
