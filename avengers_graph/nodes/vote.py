"""Fifth node: count the ballots, and answer or go back for the plan's next round."""

from typing import Any, Literal

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langgraph.graph import END
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from avengers_graph.nodes.ballots import ranks_of, weights_of
from avengers_graph.plans import plan_is_done, planned_samples
from avengers_graph.settings.context import Context
from avengers_graph.state import AvengersState
from avengers_graph.values import SampleRecord, VerdictRecord
from avengers_graph.voting import vote as count_votes


def vote(
    state: AvengersState,
    runtime: Runtime[Context],
) -> Command[Literal["sample", "__end__"]]:
    """Write ``verdict``; then append one AIMessage and end, or go on to the next round."""
    verdict = verdict_of(state)
    done = plan_is_done(
        state["plan"], finished_round=state["round"], agreement=verdict["agreement"]
    )
    if not done and not _budget_is_spent(state):
        return Command(update={"verdict": verdict, "round": state["round"] + 1}, goto="sample")
    answer = answer_message(state, verdict)
    threshold = state["request"]["settings"]["min_confidence"]
    if threshold is not None and verdict["confidence"] < threshold:
        answer = _as_decided(answer, verdict)
    return Command(update={"verdict": verdict, "messages": [answer]}, goto=END)


def verdict_of(state: AvengersState) -> VerdictRecord:
    """The vote over all samples so far, in sample order, whatever order they arrived in."""
    request = state["request"]
    samples = sorted(state["samples"], key=lambda record: record["index"])
    weights, ranks = weights_of(state), ranks_of(state)
    verdict = count_votes(
        samples,
        question=request["question"],
        kind=request["kind"] or "auto",
        weights=[weights[record["expert"]] for record in samples],
        ranks=[ranks[record["expert"]] for record in samples],
    )
    calls = len(samples)
    return VerdictRecord(
        **verdict.to_dict(),
        calls=calls,
        calls_saved=max(0, planned_samples(state["plan"]) - calls),
        expert=_winning_sample(state, verdict.winner)["expert"],
    )


def _winning_sample(state: AvengersState, winner: int | None) -> SampleRecord:
    """The sample whose text is returned.

    When every sample abstained that is the first text of the best-ranked expert: a person
    still gets to read what was said, and the verdict's ``winner`` is None.
    """
    if winner is not None:
        return next(record for record in state["samples"] if record["index"] == winner)
    ranks = ranks_of(state)
    said = [record for record in state["samples"] if record["error"] is None]
    return min(
        said, key=lambda record: (not record["text"], ranks[record["expert"]], record["index"])
    )


def answer_message(state: AvengersState, verdict: VerdictRecord) -> AIMessage:
    """The winning sample's own text as one message, with the usage of all samples, once."""
    winner = _winning_sample(state, verdict["winner"])
    spent = state["spent"]
    calls = winner["tool_calls"]
    return AIMessage(
        content=winner["text"],
        tool_calls=[c for c in calls if c["type"] == "tool_call"],
        invalid_tool_calls=[{**c, "error": None} for c in calls if c["type"] != "tool_call"],
        usage_metadata=UsageMetadata(
            input_tokens=spent["input_tokens"],
            output_tokens=spent["output_tokens"],
            total_tokens=spent["input_tokens"] + spent["output_tokens"],
        ),
        response_metadata={
            "finish_reason": winner["finish_reason"] or "stop",
            "avengers": summary(state, verdict),
        },
    )


def summary(state: AvengersState, verdict: VerdictRecord) -> dict[str, Any]:
    """What a caller may want to know of how the answer came about."""
    spent = state["spent"]
    return {
        "strategy": state["plan"]["name"],
        "clusters": state["clusters"],
        "experts": state["experts"],
        "expert": verdict.get("expert"),
        "answer": verdict["answer"],
        "kind": verdict["kind"],
        "tally": verdict["tally"],
        "agreement": verdict["agreement"],
        "confidence": verdict["confidence"],
        "winner": verdict["winner"],
        "calls": verdict["calls"],
        "calls_saved": verdict["calls_saved"],
        "cost": spent["cost"],
        "usage_estimated": any(record["usage_estimated"] for record in state["samples"]),
    }


def _budget_is_spent(state: AvengersState) -> bool:
    """Whether no further call may be made."""
    settings, spent = state["request"]["settings"], state["spent"]
    calls, cost = settings["max_calls"], settings["max_cost"]
    return (calls is not None and spent["calls"] >= calls) or (
        cost is not None and spent["cost"] >= cost
    )


def _as_decided(answer: AIMessage, verdict: VerdictRecord) -> AIMessage:
    """Let a person decide: resumed with text, that is the answer; with anything else, ours is."""
    decision = interrupt(
        {
            "answer": answer.text,
            "verdict": verdict,
            "resume_with": "text to answer instead, or true",
        }
    )
    return answer.model_copy(update={"content": decision}) if isinstance(decision, str) else answer
