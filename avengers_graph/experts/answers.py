"""Answers of an expert as messages, with their tokens: what ``Caller.answer`` gives.

Each is an ``AIMessage`` whose ``usage_metadata`` holds the tokens of this answer, and whose
``response_metadata`` says ``usage_estimated``.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from avengers_graph.experts.prompt import estimated_tokens
from avengers_graph.experts.wire import text_and_thought

ESTIMATED = "usage_estimated"
"""Metadata of an answer: whether its tokens were counted here, by length."""

NOTHING_COUNTED = UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0)
_REASONS = ("finish_reason", "stop_reason", "done_reason")
"""Where models say why they stopped: OpenAI's protocol, Anthropic's, Ollama's."""


def finish_reason(metadata: Mapping[str, Any]) -> str | None:
    """Why the model stopped, in its server's own word; None where that was not said.

    Args:
        metadata: of the answer.
    """
    said = (metadata.get(name) for name in _REASONS)
    return next((reason for reason in said if isinstance(reason, str) and reason), None)


def counted(messages: Sequence[AIMessage], *, prompt: Sequence[BaseMessage]) -> list[AIMessage]:
    """The answers of one request, each with its own tokens; the prompt's are with the first.

    With ``n`` above 1 every message repeats the usage of the whole request, so the usage is
    taken once and shared out by length. llama.cpp counts one choice only there: a total that is
    nearer, as a ratio, to the length of the first choice than to that of all is taken for it.

    Args:
        messages: at least one.
    """
    lengths = [answer_length(message) for message in messages]
    usage = messages[0].usage_metadata
    estimated = usage is None
    if usage is None:
        read, outputs = estimated_tokens(prompt), lengths
        usage = UsageMetadata(input_tokens=read, output_tokens=0, total_tokens=0)
    else:
        total = usage["output_tokens"]
        estimated = len(messages) > 1 and total < math.sqrt(lengths[0] * sum(lengths))
        outputs = _shared_out(
            round(total * sum(lengths) / lengths[0]) if estimated else total, lengths
        )
    first = UsageMetadata(**usage)
    rest = UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0)
    for position, (message, output) in enumerate(zip(messages, outputs, strict=True)):
        own = first if position == 0 else UsageMetadata(**rest)
        own["output_tokens"] = output
        own["total_tokens"] = own["input_tokens"] + output
        message.usage_metadata = own
        message.response_metadata = {**message.response_metadata, ESTIMATED: estimated}
    return list(messages)


def answer_length(message: AIMessage) -> int:
    """Tokens of an answer by its length: four characters each, reasoning and tool calls too."""
    calls = [call["name"] + json.dumps(call["args"]) for call in message.tool_calls]
    calls += [f"{call['name']}{call['args']}" for call in message.invalid_tool_calls]
    text, thought = text_and_thought(message.content)
    reasoning = message.additional_kwargs.get("reasoning_content") or thought
    return max(1, math.ceil(len("".join([text, reasoning, *calls])) / 4))


def _shared_out(total: int, lengths: list[int]) -> list[int]:
    """``total`` tokens in proportion to ``lengths``; the sum is exact."""
    shares, given, seen = [], 0, 0
    for length in lengths:
        seen += length
        upto = round(total * seen / sum(lengths))
        shares.append(upto - given)
        given = upto
    return shares
