"""Fourth node: ask the experts of the plan's current round.

Everything about calling is in ``experts.engine``; the node says whom to ask, listens, and
keeps the books.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.exceptions import ModelTimeoutError
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import Runtime

from avengers_graph.ballots import Ballots, Parse, counted_before, parse_of
from avengers_graph.context import Context
from avengers_graph.errors import ExpertError, ExpertTimeoutError
from avengers_graph.experts.budget import Budget, cost_of
from avengers_graph.experts.engine import run_round
from avengers_graph.experts.events import SampleCancelled, SampleEvent, SampleFinished
from avengers_graph.experts.model_errors import all_failed
from avengers_graph.experts.owned_loop import Bridge
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.round_request import Enough, RoundRequest
from avengers_graph.experts.shown_answers import with_answers
from avengers_graph.plans import Plan, asks_for
from avengers_graph.settings import settings_of, temperature_of
from avengers_graph.state import AvengersState
from avengers_graph.types import SampleRecord, Spent

WithRecord = SampleFinished | SampleCancelled
"""The events that bring a record."""


def sample(
    state: AvengersState, runtime: Runtime[Context], config: RunnableConfig, *, pool: ExpertPool
) -> dict[str, Any]:
    """Append to ``samples`` and ``spent``.

    Raises:
        AllExpertsFailedError: not one answer; names each expert's cause. It is the LangChain
            error that fits as well.
    """
    heard: list[WithRecord] = []
    began = time.monotonic()
    request = round_request(state, config, pool=pool, parse=parse_of(runtime))
    for event in Bridge(run_round(request, pool=pool)):
        heard += _heard(event, runtime)
    return _outcome(state, heard, pool, elapsed=time.monotonic() - began)


async def asample(
    state: AvengersState, runtime: Runtime[Context], config: RunnableConfig, *, pool: ExpertPool
) -> dict[str, Any]:
    """As ``sample``, without blocking the caller's loop."""
    heard: list[WithRecord] = []
    began = time.monotonic()
    request = round_request(state, config, pool=pool, parse=parse_of(runtime))
    async for event in Bridge(run_round(request, pool=pool)):
        heard += _heard(event, runtime)
    return _outcome(state, heard, pool, elapsed=time.monotonic() - began)


def round_request(
    state: AvengersState, config: RunnableConfig, *, pool: ExpertPool, parse: Parse | None = None
) -> RoundRequest:
    """What the engine has to do in the plan's current round."""
    request, number = state["request"], state["round"]
    plan = Plan.model_validate(state["plan"])
    settings = settings_of(request)
    planned = plan.rounds[number]
    ranked = [expert["name"] for expert in state["experts"]]
    asks = asks_for(planned, ranked, thinking=pool.thinking)
    wanted = sum(ask.samples for ask in asks)
    enough = _enough(state, parse) if wanted > 1 and _only_counted(state) else None
    return RoundRequest(
        messages=_messages(state),
        asks=asks,
        reserves=ranked,
        params={name: value for name, value in settings.params.items() if name != "temperature"},
        temperature=temperature_of(settings, planned),
        round_number=number,
        first_index=_next_index(state["samples"]),
        asked_before=Counter(record["expert"] for record in state["samples"]),
        batching=settings.batching,
        needs_all=wanted > 1 and enough is None,
        # Only where nothing else can become the answer: what was heard cannot be taken back.
        stream=settings.stream_tokens and wanted == len(plan.rounds) == 1,
        deadline_at=_deadline_at(state),
        budget=Budget.left(settings, state["spent"]),
        expected_costs=_expected_costs(state),
        enough=enough,
        retries=settings.retries,
        callbacks=config.get("callbacks"),
    )


def _next_index(samples: Sequence[SampleRecord]) -> int:
    """Indices have gaps: what was withdrawn or called off before it was sent has no record."""
    return max((record["index"] for record in samples), default=-1) + 1


def _deadline_at(state: AvengersState) -> float | None:
    """When this round must end, Unix time; what a person took at an interrupt is not counted."""
    allowed = settings_of(state["request"]).deadline
    return None if allowed is None else time.time() + allowed - state["spent"]["elapsed"]


def _only_counted(state: AvengersState) -> bool:
    """Whether the winner is all that the round is for.

    A stop rule still to be tested looks at the size of the majority, and so does the confidence
    under which a person is asked; a later round that is shown the answers reads them all.
    """
    plan, number = Plan.model_validate(state["plan"]), state["round"]
    if settings_of(state["request"]).min_confidence is not None:
        return False
    shown_later = any(planned.shown for planned in plan.rounds[number + 1 :])
    return plan.rounds[number].stop is None and not shown_later


def _messages(state: AvengersState) -> Sequence[BaseMessage]:
    """The conversation; in a round that is shown the answers so far, with them at its end."""
    messages = state["messages"]
    if not Plan.model_validate(state["plan"]).rounds[state["round"]].shown:
        return messages
    return with_answers(messages, state["samples"], before_round=state["round"])


def _enough(state: AvengersState, parse: Parse | None) -> Enough | None:
    """When a landed sample settles the vote; None where only all samples together can tell."""
    request = state["request"]
    settings = settings_of(request)
    # Running programs takes its time, and this is asked on the loop that serves every expert.
    if not settings.early_stop or settings.run_code or request["kind"] is None:
        return None
    plan = Plan.model_validate(state["plan"])
    ballots = Ballots(state, plan, counted_before(state, plan), parse=parse)

    def enough(landed: SampleRecord, outstanding: Sequence[str]) -> bool:
        ballots.add(landed)
        return ballots.is_decided(len(outstanding))

    return enough


def _heard(event: SampleEvent, runtime: Runtime[Context]) -> list[WithRecord]:
    """Pass an event on to whoever streams the graph; keep it if it brings a record."""
    runtime.stream_writer(event.to_dict())
    return [event] if isinstance(event, WithRecord) else []


def _outcome(
    state: AvengersState, heard: list[WithRecord], pool: ExpertPool, *, elapsed: float
) -> dict[str, Any]:
    records = [event.record for event in heard]
    so_far = [*state["samples"], *records]
    if all(record["ended"] != "answered" for record in so_far):
        finished = [event for event in heard if isinstance(event, SampleFinished)]
        raised = {e.record["index"]: e.error for e in finished if e.error is not None}
        cause = next(iter(raised.values()), None)
        raise all_failed(_failures(so_far, raised, state)) from cause
    so_long = state["spent"]["elapsed"] + elapsed
    return {"samples": records, "spent": _spent(so_far, pool, state, elapsed=so_long)}


def _failures(
    records: list[SampleRecord], raised: Mapping[int, ExpertError], state: AvengersState
) -> dict[str, ExpertError]:
    """Each expert's last failure.

    Args:
        raised: what the engine reported, by the index of the record.
    """
    if not records:
        allowed = settings_of(state["request"]).deadline
        late = _late(f"not asked within {allowed} s")
        return {expert["name"]: late for expert in state["experts"]}
    last = {record["expert"]: record for record in records}
    return {
        name: raised.get(record["index"]) or _recalled(record, state)
        for name, record in last.items()
    }


def _recalled(record: SampleRecord, state: AvengersState) -> ExpertError:
    """A failure that only its record tells of: called off, or from an earlier step's state."""
    if record["ended"] != "out_of_time":
        return ExpertError(record["error"] or "")
    allowed = settings_of(state["request"]).deadline
    return _late(f"no answer before the deadline of {allowed:g} s")


def _late(message: str) -> ExpertTimeoutError:
    return ExpertTimeoutError(message, kind=ModelTimeoutError, is_retryable=True)


def _expected_costs(state: AvengersState) -> dict[str, float]:
    """USD per answer of the ranked experts for whom it is known."""
    return {e["name"]: e["cost"] for e in state["experts"] if e["cost"] is not None}


def _spent(
    records: list[SampleRecord], pool: ExpertPool, state: AvengersState, *, elapsed: float
) -> Spent:
    expected = _expected_costs(state)
    return Spent(
        calls=len(records),
        input_tokens=sum(record["input_tokens"] for record in records),
        output_tokens=sum(record["output_tokens"] for record in records),
        cost=sum(cost_of(record, pool=pool, expected_costs=expected) for record in records),
        seconds=sum(record["latency"] for record in records),
        elapsed=elapsed,
    )
