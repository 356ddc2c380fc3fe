"""What fits a schema, what does not, and schemas that are none."""

from typing import Any

import pytest

from avengers_graph.answer_check import schema_objection

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"$ref": "#/$defs/years"}},
    "required": ["name"],
    "$defs": {"years": {"type": "integer", "minimum": 0}},
}


@pytest.mark.parametrize("data", [{"name": "Bo"}, {"name": "Bo", "age": 3, "more": None}])
def test_what_fits(data: Any) -> None:
    assert schema_objection(PERSON, data) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [({}, "required"), ({"name": 1}, "not of type"), ({"name": "Bo", "age": -1}, "minimum")],
)
def test_what_does_not(data: Any, words: str) -> None:
    assert words in str(schema_objection(PERSON, data))


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "nonsense"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "http://127.0.0.1:9/schema.json"},
    ],
)
def test_a_schema_that_cannot_be_applied_objects_to_nothing(schema: Any) -> None:
    assert schema_objection(schema, {"name": 1}) is None
