"""One request of a round: sent when the limits allow, retried, recorded."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from langchain_core.messages import AIMessage, AIMessageChunk

from avengers_graph.errors import ExpertError
from avengers_graph.experts.caller import Call, Caller
from avengers_graph.experts.events import SampleEvent, SampleStarted, SampleToken
from avengers_graph.experts.failures import (
    as_expert_error,
    is_out_of_order,
    may_pass,
    retry_after,
)
from avengers_graph.experts.recording import Recording, recorded
from avengers_graph.experts.round_request import RoundRequest

FIRST_PAUSE = 0.5
"""Seconds before the first retry; doubled each time, with full jitter."""
LONGEST_PAUSE = 20.0


@dataclass(slots=True)
class Unit:
    """One request: the samples it is to bring, from one expert."""

    expert: str
    indices: tuple[int, ...]
    position: int
    """Samples of this expert that the request asked for before this unit."""
    sent_at: float | None = None
    characters: int = 0
    """Of its answer, seen so far; known of streams only."""
    heard: bool = False
    """Tokens of it have been passed on: it can be neither repeated nor replaced."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What a unit brought; fewer choices than asked for where the server ignored or refused n."""

    unit: Unit
    choices: list[AIMessage]
    latency: float


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a unit brought nothing, for good."""

    unit: Unit
    error: ExpertError
    latency: float


Tell = Callable[[SampleEvent | Landed | Failed], None]
"""Where a unit reports to."""


async def carry_out(
    unit: Unit,
    *,
    caller: Caller,
    request: RoundRequest,
    recording: Recording | None,
    tell: Tell,
    is_given_up: Callable[[], bool],
    others_left: Callable[[], bool],
) -> None:
    """Send a unit, retrying what may pass; its outcome, ``Landed`` or ``Failed``, is told.

    ``is_given_up`` says whether the expert failed for good meanwhile: then nothing is retried.
    Nor is it when the pause before would outlast the deadline: another expert may still make it.
    Where ``others_left`` says that there is one, an expert that keeps failing is not asked.

    Raises:
        RecordsError: the answer cannot be written to the recording.
    """
    outcome = await _outcome_of(
        unit,
        caller=caller,
        request=request,
        tell=tell,
        is_given_up=is_given_up,
        others_left=others_left,
    )
    if recording is not None and isinstance(outcome, Landed) and outcome.choices:
        call = _call(unit, caller=caller, request=request)
        entry = recorded(
            call,
            outcome.choices,
            expert=unit.expert,
            latency=outcome.latency,
            question_id=request.question_id,
        )
        recording.append(entry)
    tell(outcome)


async def _outcome_of(
    unit: Unit,
    *,
    caller: Caller,
    request: RoundRequest,
    tell: Tell,
    is_given_up: Callable[[], bool],
    others_left: Callable[[], bool],
) -> Landed | Failed:
    failed: Failed | None = None
    retries = caller.expert.retries if request.retries is None else request.retries
    attempt = 0
    while True:
        began = time.monotonic()
        try:
            async with _turn(caller, others_left=others_left) as refusal:
                if failed is not None and (is_given_up() or refusal is not None):
                    return failed
                if refusal is not None:
                    return Failed(unit, refusal, 0.0)
                began = time.monotonic()
                if unit.sent_at is None:
                    tell(SampleStarted(unit.expert, unit.indices))
                unit.sent_at = began
                choices = await _ask(unit, caller=caller, request=request, tell=tell)
            caller.breaker.succeeded()
            return Landed(unit, choices, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - any failure of a call is an outcome
            cause = as_expert_error(error, caller.expert, secrets=caller.secrets)
            failed = Failed(unit, cause, time.monotonic() - began)
            if is_out_of_order(error):
                caller.breaker.failed(cause)
            rests = caller.breaker.is_open and others_left()
            last = attempt == retries or unit.heard or rests
            pause = _pause(attempt, error)
            too_late = request.deadline_at is not None and time.time() + pause > request.deadline_at
            if last or too_late or not may_pass(error) or is_given_up():
                return failed
        await asyncio.sleep(pause)
        if is_given_up():
            return failed
        attempt += 1


@asynccontextmanager
async def _turn(
    caller: Caller, *, others_left: Callable[[], bool]
) -> AsyncIterator[ExpertError | None]:
    """Wait until the expert's limits allow a request; hold its slot.

    Gives why the expert is to be passed over, None when it may be asked. It is looked at again
    after each wait: those in the queue of an expert that fails meanwhile do not ask it as well.
    """
    async with AsyncExitStack() as limits:
        for limit in (caller.slots, caller.throttle):
            if others_left() and (refusal := caller.breaker.refusal()) is not None:
                yield refusal
                return
            if limit is not None:
                await limits.enter_async_context(limit)
        yield caller.breaker.admission() if others_left() else None


def _call(unit: Unit, *, caller: Caller, request: RoundRequest) -> Call:
    return Call(
        messages=request.messages,
        n=len(unit.indices),
        temperature=request.temperature_for(caller.expert),
        position=unit.position,
        params=request.params,
        callbacks=request.callbacks,
        stream=request.stream,
    )


async def _ask(unit: Unit, *, caller: Caller, request: RoundRequest, tell: Tell) -> list[AIMessage]:
    """The unit's answers; of a stream that is watched, each chunk is told."""

    def on_chunk(chunk: AIMessageChunk) -> None:
        unit.characters += len(chunk.text)
        if request.stream:
            unit.heard = True
            tell(SampleToken(unit.expert, unit.indices[0], chunk.text, chunk))

    call = _call(unit, caller=caller, request=request)
    return await caller.answer(call, on_chunk=on_chunk)


def _pause(attempt: int, error: Exception) -> float:
    """Seconds before the next try: what the server asks for, else exponential with jitter."""
    asked = retry_after(error)
    if asked is not None:
        return min(asked, LONGEST_PAUSE)
    return random.uniform(0, min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE))
