"""Tracers that see calls without their tokens, because the run above has them already.

LangSmith and others add up the usage of every ``llm`` run of a tree. The chat model's run is one,
and callbacks expect the usage of all samples in it; so the experts' runs below have none. What an
expert reported stays readable in the metadata of its message, under ``USAGE``.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation, LLMResult
from langchain_core.tracers.base import AsyncBaseTracer

USAGE = "avengers_usage"
"""Where an expert's message in a trace tells its tokens."""
_SUMMED = ("token_usage", "usage")
"""Names under which clients repeat the usage, in ``llm_output`` and a message's metadata."""


def without_usage(tracer: BaseCallbackHandler) -> BaseCallbackHandler:
    """The tracer, with the same runs and settings, told of no usage at the end of a call."""
    if isinstance(tracer, _Shadow | _AsyncShadow):
        return tracer
    shadow = object.__new__(_class_of(type(tracer)))  # type: ignore[arg-type]
    shadow.__dict__ = tracer.__dict__
    return shadow


@lru_cache(maxsize=64)
def _class_of(tracer: type[BaseCallbackHandler]) -> type[BaseCallbackHandler]:
    """A subclass, so that LangChain takes the shadow for the tracer that it looks for."""
    mixin = _AsyncShadow if issubclass(tracer, AsyncBaseTracer) else _Shadow
    return type(tracer.__name__, (mixin, tracer), {})


class _Shadow:
    def on_llm_end(self, response: LLMResult, **given: Any) -> Any:
        return super().on_llm_end(_without_usage(response), **given)  # type: ignore[misc]


class _AsyncShadow:
    async def on_llm_end(self, response: LLMResult, **given: Any) -> Any:
        return await super().on_llm_end(_without_usage(response), **given)  # type: ignore[misc]


def _without_usage(response: LLMResult) -> LLMResult:
    output = response.llm_output
    return response.model_copy(
        update={
            "generations": [[_uncounted(one) for one in some] for some in response.generations],
            "llm_output": output if output is None else _without(output, _SUMMED),
        }
    )


def _uncounted(generation: Generation | Any) -> Generation | Any:
    message = generation.message if isinstance(generation, ChatGeneration) else None
    if not isinstance(message, AIMessage):
        return generation
    metadata = _without(message.response_metadata, _SUMMED)
    if message.usage_metadata is not None:
        metadata[USAGE] = message.usage_metadata
    update = {"usage_metadata": None, "response_metadata": metadata}
    return generation.model_copy(update={"message": message.model_copy(update=update)})


def _without(fields: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
