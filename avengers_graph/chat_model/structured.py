"""Structured output: what is asked of the experts, and how their answer is parsed."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Set
from operator import itemgetter
from typing import Any, Literal

from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
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

from avengers_graph.chat_model.sample_reader import SampleReader
from avengers_graph.chat_model.settings import RUN
from avengers_graph.errors import ConfigError
from avengers_graph.settings.expert import Capability
from avengers_graph.voting.structured.written_json import json_in

Method = Literal["function_calling", "json_schema", "json_mode"]
Schema = dict[str, Any] | type


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


def capabilities_of(method: Method | None) -> tuple[Capability, ...]:
    """What an expert must support to follow a method; without one, the ways that there are."""
    return tuple(_NEEDS.values()) if method is None else (_NEEDS[method],)


def with_reader(given: Mapping[str, Any]) -> tuple[dict[str, Any], SampleReader | None]:
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
    return keywords, SampleReader(schema, tool=_tool_name(schema) if called else None)


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


def _tool_call_parser(schema: Schema) -> Runnable[Any, Any]:
    if _is_class(schema):
        parser: Runnable[Any, Any] = PydanticToolsParser(tools=[schema], first_tool_only=True)
    else:
        name = _tool_name(schema)
        parser = JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
    return _checked(_with_whole_calls, grows=not _is_class(schema)) | parser


def _text_parser(schema: Schema) -> Runnable[Any, Any]:
    parser: Runnable[Any, Any] = (
        PydanticOutputParser(pydantic_object=schema) if _is_class(schema) else JsonOutputParser()
    )
    return _checked(_of_whole_json, grows=not _is_class(schema)) | parser


def _is_class(schema: Schema) -> bool:
    return not isinstance(schema, dict) and is_basemodel_subclass(schema)


def _tool_name(schema: Schema) -> str:
    return str(convert_to_openai_tool(schema)["function"]["name"])


Check = Callable[[BaseMessage], BaseMessage]
"""An answer as the parser is to read it.

Raises:
    OutputParserException: the answer holds no data, or not all of them.
"""


def _with_whole_calls(answer: BaseMessage) -> BaseMessage:
    if isinstance(answer, AIMessage) and answer.invalid_tool_calls and not answer.tool_calls:
        arguments = answer.invalid_tool_calls[0]["args"]
        raise OutputParserException(
            "the arguments of the answer's call are no whole JSON object (cut off? then raise "
            f"max_tokens): {arguments}",
            llm_output=str(arguments),
        )
    return answer


def _of_whole_json(answer: BaseMessage) -> BaseMessage:
    data = json_in(answer.text)
    if data is None:
        raise OutputParserException(
            f"the answer is no whole JSON (cut off? then raise max_tokens): {answer.text}",
            llm_output=answer.text,
        )
    return AIMessage(json.dumps(data))


def _checked(check: Check, *, grows: bool) -> Runnable[Any, Any]:
    """What stands before a parser that would complete an answer which is cut off.

    Nobody said how such an answer ends. Dicts grow with the pieces of a stream, and the end of it
    is an error when they are not whole by then; an instance of a class is whole from the start.
    """

    def read(messages: Iterator[BaseMessage]) -> Iterator[BaseMessage]:
        answer = _Answer(check, grows=grows)
        for message in messages:
            yield from answer.passed_on(message)
        yield from answer.rest()

    async def aread(messages: AsyncIterator[BaseMessage]) -> AsyncIterator[BaseMessage]:
        answer = _Answer(check, grows=grows)
        async for message in messages:
            for piece in answer.passed_on(message):
                yield piece
        for piece in answer.rest():
            yield piece

    return RunnableGenerator(read, aread)


class _Answer:
    """An answer on its way to the parser, in one message or in pieces."""

    def __init__(self, check: Check, *, grows: bool) -> None:
        self._check = check
        self._grows = grows
        self._pieces: list[BaseMessage] = []
        self._refused = self._grown = False

    def passed_on(self, piece: BaseMessage) -> Iterator[BaseMessage]:
        self._pieces.append(piece)
        self._refused |= bool(piece.additional_kwargs.get("refusal"))
        if not self._grows or self._refused or not isinstance(piece, AIMessageChunk):
            return
        # The last piece brings no data, or it is the sum of all of them.
        if piece.chunk_position != "last":
            self._grown = True
            yield piece

    def rest(self) -> Iterator[BaseMessage]:
        """The whole answer, unless its pieces have been passed on.

        Raises:
            OpenAIRefusalError: the answer is a refusal; the class that ChatOpenAI raises. Raised
                at the end of a stream, as the model's generator could not be closed within it.
            OutputParserException: as the check raises.
        """
        first, *others = self._pieces
        whole: Any = first + others if others else first
        if refusal := whole.additional_kwargs.get("refusal"):
            from langchain_openai.chat_models.base import OpenAIRefusalError

            raise OpenAIRefusalError(refusal)
        checked = self._check(whole)
        if not self._grown:
            yield checked


_NEEDS: Mapping[Method, Capability] = {
    "function_calling": "tools",
    "json_schema": "json_schema",
    "json_mode": "json_mode",
}
_PARSERS: Mapping[str, Callable[[Schema], Runnable[Any, Any]]] = {
    "function_calling": _tool_call_parser,
    "json_schema": _text_parser,
    "json_mode": _text_parser,
}
