"""Fifth node: count the ballots, and answer or go back for the plan's next round."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from avengers_graph.ballot_box import BallotBox, landed_ballots, parse_of
from avengers_graph.context import Context
from avengers_graph.experts.budget import Budget
from avengers_graph.plans import Plan, Standing, plan_is_done, planned_samples
from avengers_graph.settings import settings_of
from avengers_graph.state import AvengersState
from avengers_graph.types import SampleRecord, VerdictRecord

SHOWN = 200
"""Characters of an answer that a message's metadata repeats."""


def vote(
    state: AvengersState,
    runtime: Runtime[Context],
    *,
    embeddings: Embeddings,
) -> Command[Literal["sample", "__end__"]]:
    """Write ``verdict``; then append one AIMessage and end, or go on to the next round."""
    box = BallotBox(
        state,
        landed_ballots(state),
        parse=parse_of(runtime),
        embed=embeddings.embed_documents,
    )
    verdict = verdict_of(state, box)
    plan = Plan.model_validate(state["plan"])
    done = plan_is_done(plan, _standing(state, box, verdict), finished_round=state["round"])
    settings = settings_of(state["request"])
    if not done and Budget.left(settings, state["spent"]).allows_a_call:
        return Command(update={"verdict": verdict, "round": state["round"] + 1}, goto="sample")
    answer = answer_message(state, verdict)
    threshold = settings.min_confidence
    if threshold is not None and verdict["confidence"] < threshold:
        answer = _as_decided(answer, verdict)
    return Command(update={"verdict": verdict, "messages": [answer]}, goto="__end__")


def _standing(state: AvengersState, box: BallotBox, verdict: VerdictRecord) -> Standing:
    """The vote as the plan's stop rules look at it."""
    plan = Plan.model_validate(state["plan"])
    left = planned_samples(plan, from_round=state["round"] + 1)
    # Where only the last round counts, whatever stands now will not.
    stays = plan.counted == "all" or left == 0
    return Standing(
        agreement=verdict["agreement"],
        votes=[row["votes"] for row in verdict["tally"]],
        unbeatable=stays and box.is_decided(left),
    )


def verdict_of(state: AvengersState, box: BallotBox) -> VerdictRecord:
    """The vote over all samples so far; the order they arrived in does not matter."""
    found = box.verdict()
    calls = len(state["samples"])
    return VerdictRecord(
        answer=found.answer,
        kind=found.kind,
        tally=found.tally,
        agreement=found.agreement,
        margin=found.margin,
        confidence=found.confidence,
        winner=found.winner,
        abstained=found.abstained,
        fallback=found.fallback,
        calls=calls,
        calls_saved=max(0, planned_samples(Plan.model_validate(state["plan"])) - calls),
        expert=_spoken_by(state, found.winner, found.fallback)["expert"],
    )


def _spoken_by(state: AvengersState, winner: int | None, fallback: int | None) -> SampleRecord:
    """The sample whose text is returned.

    When every sample abstained it is the best-ranked expert's first text, or failing that any
    sample that is no error: a person still gets to read what was said.
    """
    index = fallback if winner is None else winner
    if index is not None:
        return next(record for record in state["samples"] if record["index"] == index)
    return next(record for record in state["samples"] if record["ended"] == "answered")


def answer_message(state: AvengersState, verdict: VerdictRecord) -> AIMessage:
    """The winning sample's own text as one message, with the usage of all samples, once."""
    winner = _spoken_by(state, verdict["winner"], verdict["fallback"])
    text, calls = winner["text"], winner["tool_calls"]
    merged = _merged(state, verdict)
    if merged is not None and calls:
        calls = [{**calls[0], "type": "tool_call", "args": json.loads(merged)}]
    elif merged is not None:
        text = merged
    metadata: dict[str, Any] = {
        "finish_reason": winner["finish_reason"] or "stop",
        "avengers": summary(state, verdict),
    }
    if merged is None and "logprobs" in winner:
        metadata["logprobs"] = winner["logprobs"]
    return AIMessage(
        content=text,
        tool_calls=[c for c in calls if c["type"] == "tool_call"],
        invalid_tool_calls=[{**c, "error": None} for c in calls if c["type"] != "tool_call"],
        usage_metadata=_usage(state),
        additional_kwargs={"refusal": winner["refusal"]} if "refusal" in winner else {},
        response_metadata=metadata,
    )


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


def _merged(state: AvengersState, verdict: VerdictRecord) -> str | None:
    """The JSON object that won field by field, which is nobody's own; None without one."""
    merges = settings_of(state["request"]).merge and verdict["kind"] == "json"
    return verdict["answer"] if merges else None


def summary(state: AvengersState, verdict: VerdictRecord) -> dict[str, Any]:
    """What a caller may want to know of how the answer came about.

    It stays with the message in every checkpoint of a conversation: long answers are cut at
    ``SHOWN`` characters here. The whole of them is in the run's ``verdict`` and ``samples``.
    """
    spent = state["spent"]
    return {
        "strategy": settings_of(state["request"]).strategy,
        "clusters": state["clusters"],
        "experts": state["experts"],
        "expert": verdict["expert"],
        "answer": _cut(verdict["answer"]),
        "kind": verdict["kind"],
        "tally": [{**row, "answer": _cut(row["answer"])} for row in verdict["tally"]],
        "agreement": verdict["agreement"],
        "confidence": verdict["confidence"],
        "winner": verdict["winner"],
        "calls": verdict["calls"],
        "calls_saved": verdict["calls_saved"],
        "cost": spent["cost"],
        "usage_estimated": any(record["usage_estimated"] for record in state["samples"]),
    }


def _cut(answer: str | None) -> str | None:
    return answer if answer is None or len(answer) <= SHOWN else answer[:SHOWN] + "..."


def _as_decided(answer: AIMessage, verdict: VerdictRecord) -> AIMessage:
    """Let a person decide: resumed with text, that is the answer; with anything else, ours is."""
    decision = interrupt(
        {
            "answer": answer.text,
            "verdict": verdict,
            "resume_with": "text to answer instead, or true",
        }
    )
    if not isinstance(decision, str):
        return answer
    # Who answers in words has not agreed to the tool calls that were shown, nor refused, and the
    # tokens are not the model's any more.
    metadata = {k: v for k, v in answer.response_metadata.items() if k != "logprobs"}
    said = {"content": decision, "additional_kwargs": {}, "response_metadata": metadata}
    return answer.model_copy(update={**said, "tool_calls": [], "invalid_tool_calls": []})
