"""From what came over the wire to the sample record of the state."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

from langchain_core.messages import AIMessage

from avengers_graph.experts.answers import ESTIMATED, NOTHING_COUNTED, finish_reason
from avengers_graph.experts.streamed_answer import BROKEN_OFF
from avengers_graph.experts.wire import EXTRAS, mended, text_and_thought
from avengers_graph.types import CalledOff, Ending, SampleRecord
from avengers_graph.voting.structured.tools import read_tools
from avengers_graph.voting.structured.written_calls import written_calls
from avengers_graph.voting.texts.reasoning import split_reasoning

CALLED_OFF: Mapping[CalledOff, str] = {
    "decided": "cancelled: the vote was decided",
    "over_budget": "cancelled: the budget was spent",
    "out_of_time": "cancelled: the deadline passed",
}
"""Why a call was called off, as a person reads it."""


def plain_tool_calls(message: AIMessage) -> list[dict[str, Any]]:
    """Valid and invalid tool calls of a message as plain dicts, in the order given.

    Each has an id of its own: some servers leave it out or repeat it, and the results of the
    tools are matched with the calls by it.
    """
    kinds = [
        *(("tool_call", call) for call in message.tool_calls),
        *(("invalid_tool_call", call) for call in message.invalid_tool_calls),
    ]
    plain: list[dict[str, Any]] = []
    seen: set[str | None] = {None, ""}
    for kind, call in kinds:
        identity = call["id"] if call["id"] not in seen else f"call_{uuid4().hex}"
        seen.add(identity)
        plain.append({"type": kind, "id": identity, "name": call["name"], "args": call["args"]})
    return cast(list[dict[str, Any]], mended(plain))


def answer_record(
    message: AIMessage,
    *,
    expert: str,
    index: int,
    round_number: int,
    latency: float,
    tools: Sequence[Mapping[str, Any]] = (),
    forced: str | None = None,
) -> SampleRecord:
    """The record of an answer; calls of ``tools`` that it holds as text become tool calls.

    Args:
        message: as ``Caller.answer`` gives it.
        forced: the tool that must be called, if there is one.
    """
    content, in_blocks = text_and_thought(message.content)
    text, in_text = split_reasoning(mended(content))
    calls = plain_tool_calls(message)
    if tools and not calls:
        written = written_calls(text, read_tools(tools), forced=forced)
        if written.made:
            calls = [{"id": f"call_{uuid4().hex}", **call} for call in written.made]
            text = written.said
    beside, metadata = message.additional_kwargs, message.response_metadata
    usage = message.usage_metadata or NOTHING_COUNTED
    record = SampleRecord(
        expert=expert,
        index=index,
        round=round_number,
        text=text,
        reasoning=mended(beside.get("reasoning_content") or in_blocks or in_text),
        tool_calls=calls,
        finish_reason=finish_reason(metadata),
        input_tokens=usage["input_tokens"],
        output_tokens=usage["output_tokens"],
        usage_estimated=bool(metadata.get(ESTIMATED)),
        latency=latency,
        ended="answered",
        error=None,
    )
    if metadata.get(BROKEN_OFF):
        record["broken_off"] = True
    if refusal := beside.get("refusal"):
        record["refusal"] = refusal
    if extras := beside.get(EXTRAS):
        record["extras"] = extras
    if inputs := usage.get("input_token_details"):
        record["input_token_details"] = cast(dict[str, int], inputs)
    if outputs := usage.get("output_token_details"):
        record["output_token_details"] = cast(dict[str, int], outputs)
    if logprobs := metadata.get("logprobs"):
        record["logprobs"] = logprobs
    return record


def unanswered_record(
    *,
    expert: str,
    index: int,
    round_number: int,
    latency: float,
    ended: Ending,
    error: str,
    input_tokens: int = 0,
    output_tokens: int = 0,
) -> SampleRecord:
    """The record of a call that gave no answer: it failed, or was called off."""
    return SampleRecord(
        expert=expert,
        index=index,
        round=round_number,
        text="",
        reasoning=None,
        tool_calls=[],
        finish_reason=None,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        usage_estimated=True,
        latency=latency,
        ended=ended,
        error=error,
    )
