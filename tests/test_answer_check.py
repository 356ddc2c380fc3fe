"""What the call asked for: offered tools, and data that fit a schema."""

from typing import Any

import pytest

from avengers_graph.answer_check import AnswerCheck, schema_objection
from avengers_graph.types import SampleRecord
from tests.states import answered

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


def offered(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


ADD = offered("add", a={"type": "integer"})
LOOK_UP = offered("look_up", word={"type": "string"})
FORCED = {"type": "function", "function": {"name": "add"}}


def called(name: str, args: Any, *, kind: str = "tool_call") -> SampleRecord:
    return answered("", index=0, tool_calls=[{"type": kind, "id": "x", "name": name, "args": args}])


@pytest.mark.parametrize(
    ("record", "params", "words"),
    [
        (called("add", {"a": 1}), {}, None),
        (called("add", {"a": 1}), {"tools": [ADD]}, None),
        (called("add", {"a": "one"}), {"tools": [ADD]}, "calls 'add' with wrong arguments: 'one'"),
        (called("add", {"a": 1}), {"tools": [LOOK_UP]}, "calls 'add', which was not offered"),
        (called("add", '{"a": ', kind="invalid_tool_call"), {"tools": [ADD]}, "no JSON object"),
        (called("add", {"a": 1}), {"tools": [ADD], "tool_choice": "none"}, "tool_choice is none"),
        (
            called("look_up", {"word": "a"}),
            {"tools": [ADD, LOOK_UP], "tool_choice": FORCED},
            "calls 'look_up', which was not offered",
        ),
        (answered("13", index=0), {"tools": [ADD]}, None),
        (answered("13", index=0), {"tools": [ADD], "tool_choice": "required"}, "without the tool"),
        (answered("13", index=0), {"tools": [ADD], "tool_choice": FORCED}, "without the tool"),
        (answered("13", index=0), {"response_format": {"type": "json_object"}}, None),
    ],
)
def test_whether_an_answer_is_what_the_call_asked_for(
    record: SampleRecord, params: Any, words: str | None
) -> None:
    objection = AnswerCheck(params).objection(record)
    assert objection is None if words is None else words in str(objection)


@pytest.mark.parametrize(("text", "fits"), [('{"name": "Bo"}', True), ('{"name": 1}', False)])
def test_a_text_is_held_to_the_schema_of_the_call(text: str, fits: bool) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
    check = AnswerCheck({"response_format": form})
    assert (check.objection(answered(text, index=0)) is None) is fits
