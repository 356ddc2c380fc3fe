"""Fifth node: count the ballots, and answer or go back for the plan's next round."""

from typing import Literal

from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from avengers_graph.answer_message import answer_message, spoken_by
from avengers_graph.ballots import Ballots, counted_after, parse_of
from avengers_graph.experts.budget import Budget
from avengers_graph.plans import Plan, Standing, plan_is_done, planned_samples
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import settings_of
from avengers_graph.state import AvengersState, VerdictRecord
from avengers_graph.voting import Verdict


def vote(
    state: AvengersState, runtime: Runtime[Context], *, embeddings: Embeddings | None
) -> Command[Literal["sample", "__end__"]]:
    """Write ``verdict``; then append one AIMessage and end, or go on to the next round.

    Args:
        embeddings: for the most central of free texts; None compares texts by their words.
    """
    settings, plan = settings_of(state["request"]), Plan.model_validate(state["plan"])
    parse = parse_of(runtime)
    ballots = Ballots(
        state,
        plan,
        counted_after(state, plan),
        parse=parse,
        embed=None if embeddings is None else embeddings.embed_documents,
    )
    found = ballots.verdict()
    verdict = verdict_record(state, plan, found)
    standing = _standing(state, plan, ballots, found)
    done = plan_is_done(plan, standing, finished_round=state["round"])
    if not done and Budget.left(settings, state["spent"]).allows_a_call:
        return Command(update={"verdict": verdict, "round": state["round"] + 1}, goto="sample")
    answer = answer_message(state, verdict, parse=parse)
    if settings.min_confidence is not None and found.confidence < settings.min_confidence:
        answer = _as_decided(answer, verdict)
    return Command(update={"verdict": verdict, "messages": [answer]}, goto="__end__")


def verdict_record(state: AvengersState, plan: Plan, found: Verdict) -> VerdictRecord:
    """The verdict as the state holds it."""
    calls = len(state["samples"])
    speaker = spoken_by(state, winner=found.winner, fallback=found.fallback)
    return {
        **found.to_dict(),
        "calls": calls,
        "calls_saved": max(0, planned_samples(plan) - calls),
        "expert": speaker["expert"],
    }


def _standing(state: AvengersState, plan: Plan, ballots: Ballots, found: Verdict) -> Standing:
    """The vote as the plan's stop rules look at it."""
    left = planned_samples(plan, from_round=state["round"] + 1)
    # Where only the last round counts, whatever stands now will not.
    stays = plan.counted == "all" or left == 0
    return Standing(
        agreement=found.agreement,
        votes=[row["votes"] for row in found.tally],
        weights=[row["weight"] for row in found.tally],
        best_weight=ballots.best_weight,
        unbeatable=stays and ballots.is_decided(left),
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
    if not isinstance(decision, str):
        return answer
    # Who answers in words has not agreed to the tool calls that were shown, nor refused, and the
    # tokens are not the model's any more.
    metadata = {k: v for k, v in answer.response_metadata.items() if k != "logprobs"}
    said = {"content": decision, "additional_kwargs": {}, "response_metadata": metadata}
    return answer.model_copy(update={**said, "tool_calls": [], "invalid_tool_calls": []})
