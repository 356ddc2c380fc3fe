"""The sampling engine: one round of calls, reported as they land.

``run_round`` is the only place in the package that sends anything to an expert. Throttle,
cap on requests in flight, retries, failover, deadline, budget, cancellation and early stop all
wrap its iterator.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage

from avengers_graph.errors import ExpertError
from avengers_graph.experts.caller import Call, Caller, Choice, answer_length
from avengers_graph.experts.events import (
    FailedOver,
    SampleCancelled,
    SampleEvent,
    SampleFinished,
    SampleStarted,
    SampleToken,
)
from avengers_graph.experts.failures import as_expert_error, may_pass, retry_after, status_of
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import estimated_tokens
from avengers_graph.experts.recording import Recorded, plain_prompt
from avengers_graph.experts.records import answered, plain_tool_calls, unanswered
from avengers_graph.plans import Ask
from avengers_graph.values import SampleRecord

FIRST_PAUSE = 0.5
"""Seconds before the first retry; doubled each time, with full jitter."""
LONGEST_PAUSE = 20.0

DECIDED = "cancelled: the vote was decided"
OUT_OF_TIME = "cancelled: the deadline passed"
OVER_BUDGET = "cancelled: the budget was spent"

Enough = Callable[[SampleRecord, Sequence[str]], bool]
"""``enough(landed, outstanding experts)``: True when no answer still to come can matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRequest:
    """Everything one round needs."""

    messages: Sequence[BaseMessage]
    asks: Sequence[Ask]
    reserves: Sequence[str] = ()
    """Experts by rank that may take over from one that fails, those asked included."""
    params: dict[str, Any] = field(default_factory=dict)
    temperature: float | None = None
    round_number: int = 0
    first_index: int = 0
    """Index of the round's first sample within the request."""
    asked_before: Mapping[str, int] = field(default_factory=dict)
    """Samples asked of each expert in earlier rounds of the request."""
    batching: Literal["auto", "never", "always"] = "auto"
    needs_all: bool = False
    """Whether the round's outcome needs every sample, so that one request for n loses nothing."""
    stream: bool = False
    """Report tokens as they come; for rounds of one sample."""
    deadline_at: float | None = None
    """Unix time in seconds."""
    calls_left: int | None = None
    cost_left: float | None = None
    """USD."""
    enough: Enough | None = None
    callbacks: Any = None
    question_id: str | None = None
    """Goes into a recording."""


@dataclass(slots=True)
class _Unit:
    """One request: the samples it is to bring, from one expert."""

    expert: str
    indices: tuple[int, ...]
    position: int
    """Samples of this expert that the request asked for before this unit."""
    sent_at: float | None = None
    heard: bool = False
    """Tokens of it have been passed on: it can be neither repeated nor replaced."""


@dataclass(frozen=True, slots=True)
class _Landed:
    unit: _Unit
    choices: list[Choice]
    latency: float


@dataclass(frozen=True, slots=True)
class _Failed:
    unit: _Unit
    error: ExpertError
    latency: float


async def run_round(request: RoundRequest, *, pool: ExpertPool) -> AsyncIterator[SampleEvent]:
    """Ask the experts of one round; yield what happens, in the order it happens.

    Ends when every sample has landed or failed, or as soon as ``request.enough`` says that
    the rest cannot matter; what is in flight then is cancelled and reported with estimated
    usage. Closing the iterator cancels everything in flight.
    """
    run = _Round(request, pool)
    try:
        run.start()
        while run.tasks:
            happened = await run.next_or_deadline()
            if happened is None:
                for event in run.cancel(OUT_OF_TIME):
                    yield event
                return
            for event in run.react(happened):
                yield event
            if run.over is not None:
                for event in run.cancel(run.over):
                    yield event
                return
    finally:
        await run.close()


class _Round:
    """The calls of one round that are waiting, in flight, landed or failed."""

    def __init__(self, request: RoundRequest, pool: ExpertPool) -> None:
        self.request = request
        self.pool = pool
        self.tasks: dict[asyncio.Task[None], _Unit] = {}
        self.over: str | None = None
        """Why the rest is not needed any more; None while it is."""
        self._inbox: asyncio.Queue[SampleEvent | _Landed | _Failed] = asyncio.Queue()
        self._next_index = request.first_index
        self._given_up: dict[str, str] = {}
        self._calls_left = request.calls_left
        self._asked = dict(request.asked_before)
        self._cost_left = request.cost_left

    # -- starting ---------------------------------------------------------------------------

    def start(self) -> None:
        """Put every call of the round on its way."""
        for ask in self.request.asks:
            self._assign(ask.expert, ask.samples)

    def _assign(self, expert: str, samples: int) -> None:
        """Start ``samples`` new samples of an expert, within the budget of calls."""
        if self._calls_left is not None:
            samples = min(samples, self._calls_left)
            self._calls_left -= samples
        indices = range(self._next_index, self._next_index + samples)
        self._next_index += samples
        caller = self.pool.caller(expert)
        size = self._batch_size(caller, samples)
        before = self._asked.get(expert, 0)
        self._asked[expert] = before + samples
        for start in range(0, samples, size):
            self._launch(caller, tuple(indices[start : start + size]), position=before + start)

    def _batch_size(self, caller: Caller, samples: int) -> int:
        """Samples per request. A server takes no more at once than it has slots."""
        wanted = self.request.batching == "always" or (
            self.request.batching == "auto" and self.request.needs_all
        )
        if not wanted or not caller.honours_n:
            return 1
        return max(1, min(samples, caller.expert.max_concurrency))

    def _launch(self, caller: Caller, indices: tuple[int, ...], *, position: int) -> None:
        unit = _Unit(caller.expert.name, indices, position)
        self.tasks[asyncio.create_task(self._carry_out(caller, unit))] = unit

    # -- one request ------------------------------------------------------------------------

    async def _carry_out(self, caller: Caller, unit: _Unit) -> None:
        """Send a unit, retrying what may pass; the outcome goes to the inbox."""
        began = time.monotonic()
        for attempt in range(caller.expert.retries + 1):
            try:
                async with AsyncExitStack() as limits:
                    await limits.enter_async_context(caller.slots)
                    if caller.throttle is not None:
                        await limits.enter_async_context(caller.throttle)
                    began = time.monotonic()
                    if unit.sent_at is None:
                        self._inbox.put_nowait(SampleStarted(unit.expert, unit.indices))
                    unit.sent_at = began
                    choices = await self._send(caller, unit)
                took = time.monotonic() - began
                if self.pool.recording is not None:
                    self.pool.recording.append(self._recorded(unit, choices, took))
                self._inbox.put_nowait(_Landed(unit, choices, took))
                return
            except Exception as error:  # noqa: BLE001 - any failure of a call is an outcome
                failure = as_expert_error(error, caller.expert, key=caller.key)
                last = attempt == caller.expert.retries or unit.heard
                if last or not may_pass(error) or unit.expert in self._given_up:
                    self._settle_failure(caller, unit, error, failure, time.monotonic() - began)
                    return
                await asyncio.sleep(_pause(attempt, error))

    def _settle_failure(
        self, caller: Caller, unit: _Unit, error: Exception, failure: ExpertError, took: float
    ) -> None:
        refused_n = len(unit.indices) > 1 and status_of(error) in (400, 422)
        if refused_n:
            caller.honours_n = False
            self._inbox.put_nowait(_Landed(unit, [], took))
        else:
            self._inbox.put_nowait(_Failed(unit, failure, took))

    async def _send(self, caller: Caller, unit: _Unit) -> list[Choice]:
        call = Call(
            messages=self.request.messages,
            n=len(unit.indices),
            temperature=self._temperature(caller),
            position=unit.position,
            params=self.request.params,
            callbacks=self.request.callbacks,
        )
        if call.n > 1 or not (self.request.stream or caller.expert.stream_requests):
            return await caller.send(call)
        whole: AIMessageChunk | None = None
        async for chunk in caller.stream(call):
            whole = chunk if whole is None else whole + chunk
            if self.request.stream:
                unit.heard = True
                token = SampleToken(unit.expert, unit.indices[0], chunk.text, chunk)
                self._inbox.put_nowait(token)
        if whole is None:
            raise ExpertError(f"{caller.expert.name} ended its stream without a chunk")
        return [_streamed_choice(whole, prompt=self.request.messages)]

    def _recorded(self, unit: _Unit, choices: list[Choice], took: float) -> Recorded:
        request = self.request
        calls = [plain_tool_calls(choice.message) for choice in choices]
        return Recorded(
            id=request.question_id,
            expert=unit.expert,
            prompt=plain_prompt(request.messages),
            temperature=self._temperature(self.pool.caller(unit.expert)),
            params=request.params,
            texts=[choice.message.text for choice in choices],
            tool_calls=calls if any(calls) else [],
            finish_reasons=[choice.finish_reason for choice in choices],
            input_tokens=sum(choice.input_tokens for choice in choices),
            output_tokens=[choice.output_tokens for choice in choices],
            latency=round(took, 3),
        )

    def _temperature(self, caller: Caller) -> float | None:
        """Per-call over round over Context (both resolved before) over the expert's own."""
        if self.request.temperature is not None:
            return self.request.temperature
        return caller.expert.temperature if caller.expert.temperature is not None else 0.7

    # -- what happened ----------------------------------------------------------------------

    async def next_or_deadline(self) -> "SampleEvent | _Landed | _Failed | None":
        """The next thing to happen; None when the deadline passes first.

        What had happened by then still counts, however late it is looked at.
        """
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        if self.request.deadline_at is None:
            return await self._inbox.get()
        left = self.request.deadline_at - time.time()
        try:
            return await asyncio.wait_for(self._inbox.get(), timeout=max(0.0, left))
        except TimeoutError:
            return None

    def react(self, happened: "SampleEvent | _Landed | _Failed") -> Iterator[SampleEvent]:
        """Turn an outcome into events, and start what it calls for."""
        if isinstance(happened, _Landed):
            yield from self._landed(happened)
        elif isinstance(happened, _Failed):
            self._forget(happened.unit)
            yield from self._give_up(happened.unit, happened.error, latency=happened.latency)
        else:
            yield happened

    def _landed(self, landed: _Landed) -> Iterator[SampleEvent]:
        unit = landed.unit
        self._forget(unit)
        missing = unit.indices[len(landed.choices) :]
        if missing:
            # The server ignored n, or refused it: ask for the rest one by one.
            caller = self.pool.caller(unit.expert)
            caller.honours_n = False
            for number, index in enumerate(missing, start=len(landed.choices)):
                self._launch(caller, (index,), position=unit.position + number)
        pairs = list(zip(unit.indices, landed.choices, strict=False))
        for position, (index, choice) in enumerate(pairs, start=1):
            record = answered(
                choice,
                expert=unit.expert,
                index=index,
                round_number=self.request.round_number,
                latency=landed.latency,
            )
            yield SampleFinished(record)
            self._spend(record)
            # The choices of one answer land together and are counted one by one: those not
            # counted yet can still change the vote.
            uncounted = [unit.expert] * (len(pairs) - position)
            outstanding = [*uncounted, *self._outstanding()]
            if self.request.enough is not None and self.request.enough(record, outstanding):
                self.over = DECIDED

    def _spend(self, record: SampleRecord) -> None:
        if self._cost_left is None:
            return
        cost = self.pool.cost(
            record["expert"],
            input_tokens=record["input_tokens"],
            output_tokens=record["output_tokens"],
        )
        self._cost_left -= cost or 0.0
        if self._cost_left <= 0:
            self.over = self.over or OVER_BUDGET

    def _outstanding(self) -> list[str]:
        """The experts of the samples still to come, one entry a sample."""
        return [unit.expert for unit in self.tasks.values() for _ in unit.indices]

    def _give_up(self, unit: _Unit, error: ExpertError, *, latency: float) -> Iterator[SampleEvent]:
        """Record the failure and hand the unit's samples to the next-ranked expert."""
        cause = str(error)
        self._given_up.setdefault(unit.expert, cause)
        for index in unit.indices:
            yield SampleFinished(
                unanswered(
                    expert=unit.expert,
                    index=index,
                    round_number=self.request.round_number,
                    latency=latency,
                    error=cause,
                )
            )
        left = [name for name in self.request.reserves if name not in self._given_up]
        replacement = left[0] if left and not unit.heard else None
        samples = len(unit.indices)
        if replacement is not None:
            samples += self._withdraw_unsent(unit.expert)
        if self._calls_left == 0:
            replacement = None
        yield FailedOver(unit.expert, cause, replacement)
        if replacement is not None:
            self._assign(replacement, samples)

    def _withdraw_unsent(self, expert: str) -> int:
        """Take back what still waits for its turn with an expert that failed; how many samples."""
        waiting = {t: u for t, u in self.tasks.items() if u.expert == expert and u.sent_at is None}
        for task in waiting:
            task.cancel()
        self.tasks = {task: unit for task, unit in self.tasks.items() if task not in waiting}
        withdrawn = sum(len(unit.indices) for unit in waiting.values())
        if self._calls_left is not None:
            self._calls_left += withdrawn
        return withdrawn

    # -- ending -----------------------------------------------------------------------------

    def _forget(self, unit: _Unit) -> None:
        self.tasks = {task: u for task, u in self.tasks.items() if u is not unit}

    def cancel(self, why: str) -> Iterator[SampleEvent]:
        """Cancel what is left; report what had been sent, with its usage estimated."""
        prompt = estimated_tokens(self.request.messages)
        for task, unit in self.tasks.items():
            task.cancel()
            if unit.sent_at is None:
                continue
            for position, index in enumerate(unit.indices):
                record = unanswered(
                    expert=unit.expert,
                    index=index,
                    round_number=self.request.round_number,
                    latency=time.monotonic() - unit.sent_at,
                    error=why,
                    input_tokens=prompt if position == 0 else 0,
                    cancelled=True,
                )
                yield SampleCancelled(record)

    async def close(self) -> None:
        """Leave nothing running."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _pause(attempt: int, error: Exception) -> float:
    """Seconds before the next try: what the server asks for, else exponential with jitter."""
    asked = retry_after(error)
    if asked is not None:
        return min(asked, LONGEST_PAUSE)
    return random.uniform(0, min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE))


def _streamed_choice(whole: AIMessageChunk, *, prompt: Sequence[BaseMessage]) -> Choice:
    """The chunks of a stream as one answer."""
    message = AIMessage(
        content=whole.content,
        tool_calls=whole.tool_calls,
        invalid_tool_calls=whole.invalid_tool_calls,
        additional_kwargs=whole.additional_kwargs,
        usage_metadata=whole.usage_metadata,
    )
    usage = whole.usage_metadata
    return Choice(
        message=message,
        finish_reason=whole.response_metadata.get("finish_reason"),
        input_tokens=usage["input_tokens"] if usage else estimated_tokens(prompt),
        output_tokens=usage["output_tokens"] if usage else answer_length(message),
        usage_estimated=usage is None,
    )
