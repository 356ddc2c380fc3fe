"""Tools and structured output: what is bound to the calls that follow."""

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from pydantic import Field

from avengers_graph.chat_model.calls import told_apart
from avengers_graph.chat_model.settings import refuse_unknown
from avengers_graph.chat_model.structured import (
    Method,
    Schema,
    best_method,
    call_keywords,
    output_parser,
    with_parser,
)
from avengers_graph.chat_model.tools import AnyTool, openai_tool_choice, openai_tools
from avengers_graph.chat_model.traced import TracedChatModel
from avengers_graph.experts.pool import ExpertPool


class BindingChatModel(TracedChatModel):
    """A chat model over a pool, to which tools and schemas can be bound."""

    pool: ExpertPool = Field(exclude=True)

    def bind_tools(
        self,
        tools: Sequence[AnyTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to every expert that supports them; the majority's call wins.

        Args:
            tool_choice: a tool's name, ``any`` (or True), ``auto``, ``none``, or as OpenAI has it.
            strict: asks servers that can to keep to the tools' schemas.

        Raises:
            ConfigError: ``tool_choice`` names a tool that is not there, or a keyword is unknown.
        """
        formatted = openai_tools(tools, strict=strict)
        choice = openai_tool_choice(tool_choice, formatted)
        refuse_unknown(told_apart(kwargs)[2], what="parameter")
        extra = kwargs if choice is None else {"tool_choice": choice, **kwargs}
        return self.bind(tools=formatted, **extra)

    def with_structured_output(
        self,
        schema: Schema,
        *,
        method: Method | None = None,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as instances of ``schema``; samples vote as the objects they parse to.

        Args:
            schema: a pydantic class, a TypedDict, or a JSON or OpenAI schema.
            method: ``function_calling``, ``json_schema`` or ``json_mode``; None takes what most
                experts of the pool support, the earlier of these on a tie.
            include_raw: whether to return a dict of ``raw``, ``parsed`` and ``parsing_error``.
            strict: asks servers that can to keep to the schema.
            kwargs: settings and parameters of the calls.

        Raises:
            ConfigError: an unknown method or keyword.
        """
        refuse_unknown(kwargs, what="parameter")
        chosen = method or best_method(expert.supports for expert in self.pool)
        keywords = call_keywords(schema, method=chosen, strict=strict)
        described = {"kwargs": {"method": chosen, "strict": strict}, "schema": schema}
        llm = self.bind(
            **keywords, response_schema=schema, ls_structured_output_format=described, **kwargs
        )
        return with_parser(llm, output_parser(schema, method=chosen), include_raw=include_raw)
