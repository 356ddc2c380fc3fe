"""The outcome of a vote as one message: the winner's own text, and how it came about."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, cast

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

from avengers_graph.ballots import Parse
from avengers_graph.experts.wire import EXTRAS
from avengers_graph.settings.precedence import settings_of
from avengers_graph.state import AvengersState, VerdictRecord
from avengers_graph.types import SampleRecord

SHOWN = 200
"""Characters of an answer that a message's metadata repeats."""
LEFT_OUT = ("margin", "abstained", "fallback")
"""Fields of a verdict that a message's metadata leaves out."""


def answer_message(
    state: AvengersState, verdict: VerdictRecord, *, parse: Parse | None = None
) -> AIMessage:
    """The winning sample's own text as one message, with the usage of all samples, once.

    Args:
        parse: how samples were read, where the caller wants data.
    """
    winner = spoken_by(state, winner=verdict["winner"], fallback=verdict["fallback"])
    text, calls = winner["text"], winner["tool_calls"]
    merged = _merged(state, verdict, parse)
    if merged is not None and calls:
        calls = [{**calls[0], "type": "tool_call", "args": json.loads(merged)}]
    elif merged is not None:
        text = merged
    metadata: dict[str, Any] = {
        "finish_reason": winner["finish_reason"],
        "avengers": summary(state, verdict),
    }
    if merged is None and "logprobs" in winner:
        metadata["logprobs"] = winner["logprobs"]
    return AIMessage(
        content=text,
        tool_calls=[c for c in calls if c["type"] == "tool_call"],
        invalid_tool_calls=[{**c, "error": None} for c in calls if c["type"] != "tool_call"],
        usage_metadata=_usage(state),
        additional_kwargs={} if merged is not None else _beside(winner),
        response_metadata=metadata,
    )


def _beside(winner: SampleRecord) -> dict[str, Any]:
    """What the winner said beside its text, where LangChain and the winner's server look for it."""
    found = {
        "refusal": winner.get("refusal"),
        "reasoning_content": winner["reasoning"],
        EXTRAS: winner.get("extras"),
    }
    return {name: value for name, value in found.items() if value}


def spoken_by(state: AvengersState, *, winner: int | None, fallback: int | None) -> SampleRecord:
    """The sample whose text is returned.

    When every sample abstained it is the best-ranked expert's first text, or failing that any
    sample that is no error: a person still gets to read what was said.

    Args:
        winner: index of the sample that won; None when every sample abstained.
        fallback: index of the sample that has any text then; None where there is none.
    """
    index = fallback if winner is None else winner
    if index is not None:
        return next(record for record in state["samples"] if record["index"] == index)
    return next(record for record in state["samples"] if record["ended"] == "answered")


def summary(state: AvengersState, verdict: VerdictRecord) -> dict[str, Any]:
    """What a caller may want to know of how the answer came about.

    It stays with the message in every checkpoint of a conversation: long answers are cut at
    ``SHOWN`` characters here. The whole of them is in the run's ``verdict`` and ``samples``.
    """
    return {
        "strategy": settings_of(state["request"]).strategy,
        "clusters": state["clusters"],
        "experts": state["experts"],
        "cost": state["spent"]["cost"],
        "usage_estimated": any(record["usage_estimated"] for record in state["samples"]),
        **{name: value for name, value in verdict.items() if name not in LEFT_OUT},
        "answer": _cut(verdict["answer"]),
        "tally": [{**row, "answer": _cut(row["answer"])} for row in verdict["tally"]],
    }


def _cut(answer: str | None) -> str | None:
    return answer if answer is None or len(answer) <= SHOWN else answer[:SHOWN] + "..."


def _merged(state: AvengersState, verdict: VerdictRecord, parse: Parse | None) -> str | None:
    """The JSON object that won field by field, which is nobody's own; None without one."""
    answer: str | None = verdict["answer"]
    merges = settings_of(state["request"]).merge
    if not merges or verdict["kind"] != "json" or answer is None:
        return None
    if answer == verdict["tally"][0]["answer"]:
        return None
    if parse is None:
        return answer
    return json.dumps(parse.as_written(json.loads(answer)), ensure_ascii=False)


def _usage(state: AvengersState) -> UsageMetadata:
    """The tokens of all samples; of cached ones and the like as many as were reported."""
    spent, samples = state["spent"], state["samples"]
    usage = UsageMetadata(
        input_tokens=spent["input_tokens"],
        output_tokens=spent["output_tokens"],
        total_tokens=spent["input_tokens"] + spent["output_tokens"],
    )
    if inputs := _summed(record.get("input_token_details") for record in samples):
        usage["input_token_details"] = cast(InputTokenDetails, inputs)
    if outputs := _summed(record.get("output_token_details") for record in samples):
        usage["output_token_details"] = cast(OutputTokenDetails, outputs)
    return usage


def _summed(details: Iterable[Mapping[str, int] | None]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in details:
        total.update(one or {})  # keeps zeros, as `+` would not
    return dict(total)
