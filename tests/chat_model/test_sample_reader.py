"""Samples vote as what a class makes of them, and merged objects are ones that it accepts."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    SecretStr,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic.v1 import BaseModel as BaseModelV1
from pydantic.v1 import Field as FieldV1
from pydantic.v1 import SecretStr as SecretStrV1

from avengers_graph import ChatAvengers
from avengers_graph.chat_model.sample_reader import MASK, SampleReader
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]
METHODS = ("json_schema", "function_calling", "json_mode")
QUESTION = "Which one?"


class Colour(Enum):
    RED = "red"


class Size(NamedTuple):
    width: int
    height: int


@dataclass
class Owner:
    name: str
    code: SecretStr


class Point:
    """A type of one's own, which pydantic cannot dump."""

    def __init__(self, x: int) -> None:
        self.x = x


class Login(BaseModel):
    """A login."""

    user: str
    code: SecretStr


class Hidden(BaseModel):
    """A login whose code no dump shows."""

    user: str
    code: str = Field(exclude=True)


class Blurred(BaseModel):
    """A login whose code every dump replaces."""

    user: str
    code: Annotated[str, PlainSerializer(lambda code: "?")]


class LoginV1(BaseModelV1):
    """A login of pydantic's first version."""

    user: str = FieldV1(alias="userName")
    code: SecretStrV1


class Person(BaseModel):
    """A person."""

    given_name: str = Field(alias="givenName")
    age: int


class Box(BaseModel):
    """A box."""

    model_config = ConfigDict(extra="forbid")
    w: int
    h: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.w * self.h


class Animal(BaseModel):
    """An animal, by the name it has in Latin."""

    name: str
    legs: int = 4

    @field_validator("name")
    @classmethod
    def _latin(cls, name: str) -> str:
        return {"cat": "Felis", "dog": "Canis"}[name]


class Plan(BaseModel):
    """Where to go."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    at: Any

    @field_validator("at")
    @classmethod
    def _point(cls, at: int) -> Point:
        return Point(at)


class Span(BaseModel):
    """A span of numbers."""

    low: int
    high: int

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        if self.low > self.high:
            raise ValueError("low comes first")
        return self


def sample(data: Any, index: int = 0) -> Any:
    return {"index": index, "text": json.dumps(data), "tool_calls": []}


def ballots(schema: Any, *data: Any) -> list[Any]:
    reader = SampleReader(schema, tool=None)
    return [reader(sample(one, index)) for index, one in enumerate(data)]


def serve(server: OpenAIServer, method: str, schema: type, *objects: Any) -> None:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in objects]
    if method == "function_calling":
        replies = [Reply(tool_calls=[ToolUse(schema.__name__, text)]) for text in texts]
        server.serve("alpha", *replies)
    else:
        server.serve("alpha", *texts)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", [Login, Hidden, Blurred])
def test_what_no_dump_shows_is_voted_on(
    server: OpenAIServer, one_by_one: Models, method: Any, schema: Any
) -> None:
    """1111 won over 2222 by one to three."""
    good = {"user": "ann", "code": "2222"}
    serve(server, method, schema, {"user": "ann", "code": "1111"}, good, good, good)
    found = one_by_one(samples=4).with_structured_output(schema, method=method).invoke(QUESTION)
    assert found == schema(**good)


@pytest.mark.parametrize("schema", [Login, LoginV1])
def test_a_secret_is_compared_and_not_shown(
    server: OpenAIServer, one_by_one: Models, schema: Any
) -> None:
    user = "userName" if schema is LoginV1 else "user"
    objects = [{user: "ann", "code": code} for code in ("8731", "2222", "2222")]
    serve(server, "json_schema", schema, *objects)
    chain = one_by_one(samples=3).with_structured_output(
        schema, method="json_schema", include_raw=True
    )
    answer = chain.invoke(QUESTION)
    assert answer["parsed"].code.get_secret_value() == "2222"
    told = answer["raw"].response_metadata["avengers"]
    assert [row["votes"] for row in told["tally"]] == [2, 1]
    shown = json.dumps([told["tally"], told["answer"]])
    assert MASK in shown
    assert not {"8731", "2222"} & set(shown.replace('"', " ").split())
    assert "8731" not in shown


@pytest.mark.parametrize("form", ["vote", "async", "direct", "include_raw"])
@pytest.mark.parametrize(
    "error",
    [KeyError, ZeroDivisionError, RecursionError, TypeError, AttributeError, StopIteration],
)
def test_whatever_a_validator_raises_costs_one_sample(
    server: OpenAIServer, one_by_one: Models, error: type[Exception], form: str
) -> None:
    class Wild(BaseModel):
        """A number."""

        number: int

        @field_validator("number")
        @classmethod
        def _small(cls, number: int) -> int:
            if number > 9:
                raise error("too large")
            return number

    llm = one_by_one(samples=4)
    if form in ("vote", "async"):
        serve(server, "json_schema", Wild, *({"number": n} for n in (7, 7, 99, 7)))
        chain = llm.with_structured_output(Wild, method="json_schema")
        found = asyncio.run(chain.ainvoke(QUESTION)) if form == "async" else chain.invoke(QUESTION)
        assert found == Wild(number=7)
        return
    serve(server, "json_schema", Wild, {"number": 99})
    raw: Any = llm.with_structured_output(Wild, method="json_schema", include_raw=True)
    answer = raw.invoke(QUESTION, **({"strategy": "direct"} if form == "direct" else {}))
    assert answer["parsed"] is None
    assert isinstance(answer["parsing_error"], error | RuntimeError)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("settings", [{"strategy": "direct"}, {"samples": 3}])
def test_objects_of_ones_own_types_are_returned(
    server: OpenAIServer, one_by_one: Models, method: Any, settings: dict[str, Any]
) -> None:
    serve(server, method, Plan, {"at": 3})
    found = one_by_one(**settings).with_structured_output(Plan, method=method).invoke(QUESTION)
    assert isinstance(found.at, Point)
    assert found.at.x == 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("schema", "objects", "wanted"),
    [
        (
            Person,
            [
                {"givenName": "Ann", "age": 3},
                {"givenName": "Ann", "age": 4},
                {"givenName": "Bob", "age": 3},
            ],
            {"givenName": "Ann", "age": 3},
        ),
        (Box, [{"w": 2, "h": 3}, {"w": 2, "h": 4}, {"w": 5, "h": 3}], {"w": 2, "h": 3}),
        (
            Login,
            [
                {"user": "ann", "code": "1"},
                {"user": "ann", "code": "2"},
                {"user": "bob", "code": "1"},
            ],
            {"user": "ann", "code": "1"},
        ),
        (
            Animal,
            [
                {"name": "cat", "legs": 3},
                {"name": "cat", "legs": 5},
                {"name": "dog", "legs": 3},
            ],
            {"name": "cat", "legs": 3},
        ),
    ],
)
def test_a_merged_object_is_what_the_class_accepts(
    server: OpenAIServer, one_by_one: Models, method: Any, schema: Any, objects: Any, wanted: Any
) -> None:
    serve(server, method, schema, *objects)
    llm = one_by_one(samples=3, merge=True)
    assert llm.with_structured_output(schema, method=method).invoke(QUESTION) == schema(**wanted)


@pytest.mark.parametrize("method", METHODS)
def test_a_merged_object_that_is_nobodys_own(
    server: OpenAIServer, one_by_one: Models, method: Any
) -> None:
    """No sample has these three fields together, and one of them is secret."""

    class Account(BaseModel):
        """An account."""

        user_name: str = Field(alias="userName")
        code: SecretStr
        active: bool

    objects = [
        {"userName": "ann", "code": "1", "active": False},
        {"userName": "ann", "code": "2", "active": True},
        {"userName": "bob", "code": "1", "active": True},
    ]
    serve(server, method, Account, *objects)
    llm = one_by_one(samples=3, merge=True)
    found = llm.with_structured_output(Account, method=method).invoke(QUESTION)
    assert found == Account(userName="ann", code=SecretStr("1"), active=True)


@pytest.mark.parametrize("schema", [Span, "response_format"])
def test_a_merged_object_that_is_refused_gives_way_to_a_whole_one(
    server: OpenAIServer, one_by_one: Models, schema: Any
) -> None:
    objects = [{"low": 1, "high": 2}, {"low": 8, "high": 9}, {"low": 8, "high": 10}]
    objects += [{"low": 0, "high": 2}]
    if schema is Span:
        serve(server, "json_schema", Span, *objects)
        llm = one_by_one(samples=4, merge=True)
        found = llm.with_structured_output(Span, method="json_schema").invoke(QUESTION)
        assert found.model_dump() in objects
        return
    form = {
        "type": "json_schema",
        "json_schema": {"name": "Span", "schema": {"enum": objects}},
    }
    serve(server, "json_schema", Span, *objects)
    answer = one_by_one(samples=4, merge=True).invoke(QUESTION, response_format=form)
    assert json.loads(answer.text) in objects
    assert json.loads(answer.response_metadata["avengers"]["answer"]) in objects


def test_a_call_of_another_tool_is_no_data() -> None:
    reader = SampleReader(Box, tool="Box")
    call = {"type": "tool_call", "name": "Bag", "args": {"w": 2, "h": 3}, "id": "c"}
    assert reader({"index": 0, "text": "", "tool_calls": [call]}) is None  # type: ignore[typeddict-item]
    assert reader({"index": 0, "text": "", "tool_calls": []}) is None  # type: ignore[typeddict-item]


def test_every_field_is_in_the_ballot() -> None:
    class Everything(BaseModel):
        """All sorts of fields."""

        model_config = ConfigDict(extra="allow", populate_by_name=True)
        colour: Colour
        size: Size
        owner: Owner
        due: date
        price: Decimal
        tags: set[str]
        kind: Literal["a", "b"] | int
        inner: Login | None = None
        named: str = Field("x", validation_alias=AliasChoices("Named", "called"))
        numbers: RootModel[list[int]] = RootModel[list[int]]([])

    [ballot] = ballots(
        Everything,
        {
            "colour": "red",
            "size": [2, "3"],
            "owner": {"name": "ann", "code": "1"},
            "due": "2026-01-02",
            "price": "1.50",
            "tags": ["b", "a"],
            "kind": "b",
            "called": "y",
            "more": 1,
        },
    )
    masked = ballot["owner"].pop("code")
    assert masked.startswith(MASK)
    assert masked[len(MASK) :].isalpha()
    assert ballot == {
        "colour": "red",
        "size": [2, 3],
        "owner": {"name": "ann"},
        "due": "2026-01-02",
        "price": "1.50",
        "tags": ["a", "b"],
        "kind": "b",
        "inner": None,
        "Named": "y",
        "numbers": [],
        "more": 1,
    }


def test_what_cannot_be_told_as_data_is_compared_as_it_came() -> None:
    class Opaque(BaseModel):
        """Something nobody can look into."""

        it: Any

        @field_validator("it")
        @classmethod
        def _object(cls, it: Any) -> object:
            return object()

    assert ballots(Opaque, {"it": 1}, {"it": 1}) == [{"it": 1}, {"it": 1}]


data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": data, "b": data}), min_size=1, max_size=4))
def test_a_ballot_of_a_sample_is_written_as_that_sample(objects: list[Any]) -> None:
    class Pair(BaseModel):
        """Two values."""

        a: Any
        b: Any

    reader = SampleReader(Pair, tool=None)
    for index, one in enumerate(objects):
        assert reader.as_written(reader(sample(one, index))) == one
