"""Structured output: what is asked of the experts, how it is parsed, and how it is voted on.

Samples vote as the objects they parse to: two spellings of the same data are one vote, and a
sample that the schema does not accept abstains.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Set
from operator import itemgetter
from typing import Any, Literal

from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import (
    convert_to_json_schema,
    convert_to_openai_function,
    convert_to_openai_tool,
)
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel, ValidationError
from pydantic.v1 import ValidationError as ValidationErrorV1

from avengers_graph.answer_check import schema_objection
from avengers_graph.chat_model.settings import RUN
from avengers_graph.errors import ConfigError
from avengers_graph.types import SampleRecord
from avengers_graph.voting.written_json import json_in

Method = Literal["function_calling", "json_schema", "json_mode"]
Schema = dict[str, Any] | type
Parse = Callable[[SampleRecord], Any]
"""A sample as plain data of the schema; None when it is none."""


def call_keywords(schema: Schema, *, method: Method, strict: bool | None) -> dict[str, Any]:
    """What a call must carry so that the experts answer in the schema.

    Raises:
        ConfigError: there is no such method, or it knows no ``strict``.
    """
    if method not in _PARSERS:
        raise ConfigError(f"unknown method {method!r}; choose one of {', '.join(_PARSERS)}")
    if method == "json_mode":
        if strict is not None:
            raise ConfigError("strict has no meaning with method='json_mode'; leave it out")
        return {"response_format": {"type": "json_object"}}
    if method == "json_schema":
        return {"response_format": json_schema_format(schema, strict=strict)}
    tool = convert_to_openai_tool(schema, strict=strict)
    choice = {"type": "function", "function": {"name": tool["function"]["name"]}}
    return {"tools": [tool], "tool_choice": choice}


def best_method(supports: Iterable[Set[str]]) -> Method:
    """The method that most experts can follow; the earlier one of ``_NEEDS`` on a tie."""
    having = Counter(need for able in supports for need in able)
    return max(_NEEDS, key=lambda method: having[_NEEDS[method]])


def with_reader(given: Mapping[str, Any]) -> tuple[dict[str, Any], Parse | None]:
    """A call's keywords as experts are passed them, and how its samples are read as data.

    The schema of the answer is that of the one tool which must be called, or else of the text;
    beside other tools it is only the text that is read.
    """
    keywords = dict(given)
    schema = keywords.pop("response_schema", None)
    if isinstance(keywords.get("response_format"), type):
        schema = schema or keywords["response_format"]
        keywords["response_format"] = json_schema_format(keywords["response_format"])
    if schema is None:
        return keywords, None
    called = "response_format" not in keywords
    if called or not keywords.get("tools"):
        keywords.setdefault("answer_kind", "json")
    return keywords, sample_parser(schema, called=called)


def traced_keywords(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """A call's keywords for traces and the cache: a schema class as the schema it stands for."""
    plain = {name: value for name, value in keywords.items() if name != RUN}
    if plain.get("response_schema") is not None:
        plain["response_schema"] = convert_to_json_schema(plain["response_schema"])
    return plain


def json_schema_format(schema: Schema, *, strict: bool | None = None) -> dict[str, Any]:
    """A schema as ``response_format`` takes it."""
    if isinstance(schema, dict) and schema.get("type") == "json_schema":
        return schema
    if isinstance(schema, dict) and "name" in schema and "schema" in schema:
        return {"type": "json_schema", "json_schema": schema}
    if isinstance(schema, dict) and schema.get("type") == "function" and "function" in schema:
        schema = schema["function"]
    function = convert_to_openai_function(schema, strict=strict)
    named = {"name": function["name"], "schema": function["parameters"]}
    more = {key: function[key] for key in ("description", "strict") if key in function}
    return {"type": "json_schema", "json_schema": {**named, **more}}


def output_parser(schema: Schema, *, method: Method) -> Runnable[Any, Any]:
    """From the answer to an instance of the class, or a dict where the schema is no class."""
    return _PARSERS[method](schema)


def with_parser(
    llm: Runnable[LanguageModelInput, Any], parser: Runnable[Any, Any], *, include_raw: bool
) -> Runnable[LanguageModelInput, Any]:
    """The model and its parser; with ``include_raw`` a dict of raw, parsed and parsing_error."""
    if not include_raw:
        return llm | parser
    parsed: Runnable[Any, Any] = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    failed: Runnable[Any, Any] = RunnablePassthrough.assign(parsed=lambda _: None)
    # The model comes first: what a caller gives per call reaches the first step only.
    raw: Runnable[Any, Any] = RunnableMap(raw=RunnablePassthrough())
    return llm | raw | parsed.with_fallbacks([failed], exception_key="parsing_error")


def sample_parser(schema: Schema, *, called: bool) -> Parse:
    """How a sample is read for the vote.

    Args:
        called: whether the data are the arguments of its tool call, or else its text.
    """
    accept = _accepting(schema)

    def parse(record: SampleRecord) -> Any:
        try:
            data = _called_with(record) if called else json_in(record["text"])
            return accept(data) if isinstance(data, Mapping | list) else None
        except (ValidationError, ValidationErrorV1):
            return None

    return parse


def _called_with(record: SampleRecord) -> Any:
    return record["tool_calls"][0]["args"] if record["tool_calls"] else None


def _accepting(schema: Schema) -> Callable[[Any], Any]:
    """A function from data to the plain form of what the schema makes of it; None to abstain."""
    if not isinstance(schema, dict) and is_basemodel_subclass(schema):
        if issubclass(schema, BaseModel):
            return lambda data: schema.model_validate(data).model_dump(mode="json")
        return lambda data: json.loads(schema.parse_obj(data).json())  # type: ignore[attr-defined]
    plain = _json_schema(schema)
    return lambda data: data if schema_objection(plain, data) is None else None


def _json_schema(schema: Schema) -> dict[str, Any]:
    if isinstance(schema, dict):
        inner = schema.get("json_schema", schema)
        if isinstance(inner.get("schema"), dict):
            return dict(inner["schema"])
    return convert_to_json_schema(schema)


def _tool_call_parser(schema: Schema) -> Runnable[Any, Any]:
    if not isinstance(schema, dict) and is_basemodel_subclass(schema):
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    name = convert_to_openai_tool(schema)["function"]["name"]
    return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


def _whole(message: BaseMessage) -> BaseMessage:
    """An answer as strict JSON, before a parser that would complete what is cut off.

    Nobody said how it ends. The pieces of a stream pass: they are completed one by one.

    Raises:
        OutputParserException: the text is no JSON, or not all of it.
    """
    if isinstance(message, AIMessageChunk):
        return message
    data = json_in(message.text)
    if data is None:
        raise OutputParserException(
            f"the answer is no whole JSON (cut off? then raise max_tokens): {message.text}",
            llm_output=message.text,
        )
    return message.model_copy(update={"content": json.dumps(data)})


def _each_whole(messages: Iterator[BaseMessage]) -> Iterator[BaseMessage]:
    refusal = None
    for message in messages:
        refusal = message.additional_kwargs.get("refusal") or refusal
        if refusal is None:
            yield _whole(message)
    _raise(refusal)


async def _aeach_whole(messages: AsyncIterator[BaseMessage]) -> AsyncIterator[BaseMessage]:
    refusal = None
    async for message in messages:
        refusal = message.additional_kwargs.get("refusal") or refusal
        if refusal is None:
            yield _whole(message)
    _raise(refusal)


def _raise(refusal: str | None) -> None:
    """At the end of a stream: raised within it, the model's generator could not be closed.

    Raises:
        OpenAIRefusalError: the answer is a refusal; the class that ChatOpenAI raises.
    """
    if refusal is None:
        return
    from langchain_openai.chat_models.base import OpenAIRefusalError

    raise OpenAIRefusalError(refusal)


def _text_parser(schema: Schema) -> Runnable[Any, Any]:
    whole: Runnable[Any, Any] = RunnableGenerator(_each_whole, _aeach_whole)
    if not isinstance(schema, dict) and is_basemodel_subclass(schema):
        return whole | PydanticOutputParser(pydantic_object=schema)
    return whole | JsonOutputParser()


_NEEDS: Mapping[Method, str] = {
    "function_calling": "tools",
    "json_schema": "json_schema",
    "json_mode": "json_mode",
}
_PARSERS: Mapping[str, Callable[[Schema], Runnable[Any, Any]]] = {
    "function_calling": _tool_call_parser,
    "json_schema": _text_parser,
    "json_mode": _text_parser,
}
