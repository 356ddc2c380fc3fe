"""Structured output: samples vote as the objects they parse to."""

import json
from collections.abc import Callable
from typing import Any, Literal

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_openai.chat_models.base import OpenAIRefusalError
from pydantic import BaseModel, Field, field_validator
from typing_extensions import TypedDict

from avengers_graph import ChatAvengers
from avengers_graph.errors import ConfigError
from tests.calibrated import SUM
from tests.servers.answers import Reply, ToolUse
from tests.servers.openai_server import OpenAIServer

Models = Callable[..., ChatAvengers]
METHODS = ("json_schema", "function_calling", "json_mode")


class Total(BaseModel):
    """The sum of two numbers."""

    total: int = Field(description="the sum", ge=0)
    unit: Literal["apples", "pears"] = "apples"

    @field_validator("total")
    @classmethod
    def _is_no_dozen(cls, total: int) -> int:
        if total == 12:
            raise ValueError("not a dozen")
        return total


class TotalDict(TypedDict):
    """The sum of two numbers."""

    total: int
    unit: str


JSON_SCHEMA = Total.model_json_schema()


@pytest.fixture
def llm(llm_of: Models) -> ChatAvengers:
    return llm_of(experts=("alpha",), early_stop=False, batching="never")


def answers(server: OpenAIServer, method: str, *texts: str, name: str = "Total") -> None:
    """Let the expert give these as the method has it."""
    if method == "function_calling":
        server.serve("alpha", *(Reply(tool_calls=[ToolUse(name, text)]) for text in texts))
    else:
        server.serve("alpha", *texts)


class Items(BaseModel):
    """Some numbers."""

    items: list[int]


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_data_that_are_cut_off_are_none(server: OpenAIServer, llm_of: Models, method: Any) -> None:
    """They were completed by a guess, outvoted the whole ones, and came back as an answer."""
    llm = llm_of(experts=("alpha",), early_stop=False, samples=3)
    chain = llm.with_structured_output(Items, method=method)
    cut = Reply('{"items": [1, 2', finish_reason="length")
    server.serve("alpha", cut, cut, '{"items": [1, 2, 3]}')
    assert chain.invoke("Which?") == Items(items=[1, 2, 3])
    server.serve("alpha", cut)
    with pytest.raises(OutputParserException, match=r"no whole JSON.*raise max_tokens"):
        chain.invoke("Which?")


def test_a_refusal_is_raised_as_by_chat_openai(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", Reply(refusal="I won't"))
    chain = llm.with_structured_output(Items, method="json_schema")
    with pytest.raises(OpenAIRefusalError, match="I won't"):
        chain.invoke("Which?")
    with pytest.raises(OpenAIRefusalError, match="I won't"):
        list(chain.stream("Which?"))
    raw: Any = llm.with_structured_output(Items, method="json_schema", include_raw=True)
    answer = raw.invoke("Which?")
    assert isinstance(answer["parsing_error"], OpenAIRefusalError)


def test_line_ends_within_a_text_are_data(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", '{"text": "one\ntwo"}')
    schema = {"title": "Note", "type": "object", "properties": {"text": {"type": "string"}}}
    chain = llm.with_structured_output(schema, method="json_mode")
    assert chain.invoke("A note, please.") == {"text": "one\ntwo"}


class Three(BaseModel):
    """Three numbers."""

    a: int
    b: int
    c: int


@pytest.mark.parametrize("method", METHODS)
def test_an_object_merged_field_by_field_is_what_is_parsed(
    server: OpenAIServer, llm_of: Models, method: Any
) -> None:
    objects = [{"a": 1, "b": 2, "c": 9}, {"a": 1, "b": 7, "c": 3}, {"a": 5, "b": 2, "c": 3}]
    answers(server, method, *map(json.dumps, objects), name="Three")
    llm = llm_of(experts=("alpha",), early_stop=False, merge=True, samples=3)
    chain = llm.with_structured_output(Three, method=method, include_raw=True)
    answer: Any = chain.invoke("Give a, b and c.")
    assert answer["parsed"] == Three(a=1, b=2, c=3)
    assert len(answer["raw"].tool_calls) == (method == "function_calling")


@pytest.mark.parametrize("method", METHODS)
def test_the_same_data_is_one_vote(server: OpenAIServer, llm: ChatAvengers, method: Any) -> None:
    answers(
        server,
        method,
        '{"total": 14, "unit": "apples"}',
        '{"unit": "apples", "total": 13}',
        '{"total": "13"}',
    )
    reading = llm.with_structured_output(Total, method=method, include_raw=True)
    given = reading.invoke(SUM)
    assert given["parsed"] == Total(total=13, unit="apples")
    assert given["parsing_error"] is None
    told = given["raw"].response_metadata["avengers"]
    assert told["kind"] == "json"
    assert [row["votes"] for row in told["tally"]] == [2, 1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "bad",
    ['{"total": 12}', '{"total": -1}', '{"sum": 13}', '{"total": 13, "unit": "plums"}', '{"tot'],
    ids=["own validator", "range", "field missing", "not in the list", "cut off"],
)
def test_what_the_schema_refuses_abstains(
    server: OpenAIServer, llm: ChatAvengers, method: Any, bad: str
) -> None:
    answers(server, method, bad, bad, '{"total": 13}')
    given = llm.with_structured_output(Total, method=method, include_raw=True).invoke(SUM)
    assert given["parsed"] == Total(total=13)
    told = given["raw"].response_metadata["avengers"]
    assert told["agreement"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", [TotalDict, JSON_SCHEMA], ids=["TypedDict", "JSON schema"])
def test_dicts_where_the_schema_is_no_class(
    server: OpenAIServer, llm: ChatAvengers, method: Any, schema: Any
) -> None:
    bad, good = '{"total": "many", "unit": "apples"}', '{"total": 13, "unit": "apples"}'
    name = "TotalDict" if schema is TotalDict else "Total"
    answers(server, method, bad, bad, good, name=name)
    reading = llm.with_structured_output(schema, method=method)
    assert reading.invoke(SUM) == {"total": 13, "unit": "apples"}


def test_when_everyone_is_wrong_the_parser_says_so(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", "thirteen")
    with pytest.raises(OutputParserException):
        llm.with_structured_output(Total, method="json_schema").invoke(SUM)
    given = llm.with_structured_output(Total, method="json_schema", include_raw=True).invoke(SUM)
    assert given["parsed"] is None
    assert isinstance(given["parsing_error"], OutputParserException)
    assert given["raw"].text == "thirteen"


def test_what_goes_over_the_wire(server: OpenAIServer, llm: ChatAvengers) -> None:
    answers(server, "json_schema", '{"total": 13}')
    llm.with_structured_output(Total, method="json_schema", strict=True).invoke(SUM)
    sent = server.requests[-1].body["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["name"] == "Total"
    assert sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["schema"]["properties"]["total"]["type"] == "integer"

    llm.with_structured_output(Total, method="json_mode").invoke(SUM)
    assert server.requests[-1].body["response_format"] == {"type": "json_object"}

    answers(server, "function_calling", '{"total": 13}')
    llm.with_structured_output(Total, method="function_calling").invoke(SUM)
    assert server.requests[-1].body["tool_choice"]["function"]["name"] == "Total"
    assert "response_format" not in server.requests[-1].body


@pytest.mark.parametrize(
    ("supports", "sent"),
    [
        ({"tools"}, "tools"),
        ({"tools", "json_schema"}, "tools"),
        ({"json_schema"}, "response_format"),
        ({"json_mode"}, "response_format"),
    ],
)
def test_the_method_is_what_most_experts_can(
    server: OpenAIServer, llm_of: Models, supports: set[str], sent: str
) -> None:
    server.serve("alpha")
    llm = llm_of(experts=("alpha",), fields={"supports": frozenset(supports | {"system"})})
    llm.with_structured_output(Total, include_raw=True).invoke("Give 'total'.")
    assert sent in server.requests[0].body


def test_a_class_as_response_format_votes_too(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", '{"total": 12}', '{"total": 12}', '{"total": 13}')
    assert json.loads(llm.invoke(SUM, response_format=Total).text) == {"total": 13}


def test_it_streams(server: OpenAIServer, llm: ChatAvengers) -> None:
    server.serve("alpha", '{"total": 13, "unit": "pears"}')
    parts = list(llm.with_structured_output(JSON_SCHEMA, method="json_schema").stream(SUM))
    assert parts[-1] == {"total": 13, "unit": "pears"}
    assert len(parts) > 1


def test_unknown_methods_and_keywords_are_named(llm: ChatAvengers) -> None:
    with pytest.raises(ConfigError, match="'json'"):
        llm.with_structured_output(Total, method="json")
    with pytest.raises(ConfigError, match="'methd'"):
        llm.with_structured_output(Total, methd="json_mode")
    with pytest.raises(ConfigError, match="strict"):
        llm.with_structured_output(Total, method="json_mode", strict=True)


def test_a_class_beside_tools_reads_the_words_only(server: OpenAIServer, llm: ChatAvengers) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    one, other = '{"total": 13}', '{"total": 14}'
    server.serve("alpha", one, other, other)
    assert llm.bind_tools([tool], response_format=Total).invoke(SUM).text == other
    made = Reply(tool_calls=[ToolUse("add", "{}")])
    server.serve("alpha", one, made, made)
    assert llm.bind_tools([tool], response_format=Total).invoke(SUM).tool_calls


def test_a_schema_as_a_dict_lets_what_does_not_fit_abstain(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    server.serve("alpha", '{"unit": "pears"}', '{"unit": "pears"}', '{"total": 13}')
    form = {"type": "json_schema", "json_schema": {"name": "Total", "schema": JSON_SCHEMA}}
    assert json.loads(llm.invoke(SUM, response_format=form).text) == {"total": 13}


def test_what_is_given_with_the_call_counts_with_raw_too(
    server: OpenAIServer, llm: ChatAvengers
) -> None:
    server.serve("alpha", '{"total": 13}')
    reading = llm.with_structured_output(Total, method="json_schema", include_raw=True)
    assert reading.invoke(SUM, samples=2)["parsed"] == Total(total=13)
    assert len(server.requests) == 2
    with pytest.raises(ConfigError, match="'smaples'"):
        reading.invoke(SUM, smaples=3)


def test_arguments_written_as_text_are_read(server: OpenAIServer, llm: ChatAvengers) -> None:
    """What small models answer where a tool is the only way to answer."""
    server.serve("alpha", '{"total": 13, "unit": "pears"}')
    found = llm.with_structured_output(Total, method="function_calling").invoke(SUM)
    assert found == Total(total=13, unit="pears")


@pytest.mark.parametrize("method", METHODS)
def test_a_tool_of_openais_form_is_a_schema(
    server: OpenAIServer, llm: ChatAvengers, method: Any
) -> None:
    answers(server, method, '{"total": 13}')
    tool = {"type": "function", "function": {"name": "Total", "parameters": JSON_SCHEMA}}
    assert llm.with_structured_output(tool, method=method).invoke(SUM) == {"total": 13}


@pytest.mark.parametrize(
    ("supports", "method", "lacks"),
    [
        ({"system"}, None, "tools or json_schema or json_mode"),
        ({"system"}, "function_calling", "tools"),
        ({"tools"}, "json_schema", "json_schema"),
        ({"tools"}, "json_mode", "json_mode"),
    ],
)
def test_a_method_that_no_expert_can_follow_is_refused_when_it_is_bound(
    llm_of: Models, supports: set[str], method: Any, lacks: str
) -> None:
    llm = llm_of(experts=("alpha",), fields={"supports": frozenset(supports)})
    with pytest.raises(ConfigError, match=f"alpha does not support {lacks}; .*field supports"):
        llm.with_structured_output(Total, method=method)
