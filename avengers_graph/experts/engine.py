"""The sampling engine: one round of calls, reported as they land.

``run_round`` is the only place in the package that sends anything to an expert. Throttle,
cap on requests in flight, retries, failover, deadline, budget, cancellation and early stop all
wrap its iterator.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator

from avengers_graph.call_params import forced_tool
from avengers_graph.errors import ExpertError
from avengers_graph.experts.attempt import Failed, Landed, Unit, carry_out
from avengers_graph.experts.budget import Budget, cost_of
from avengers_graph.experts.caller import Caller
from avengers_graph.experts.events import (
    FailedOver,
    SampleCancelled,
    SampleEvent,
    SampleFinished,
)
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import estimated_tokens
from avengers_graph.experts.round_request import RoundRequest
from avengers_graph.experts.sample_record import CALLED_OFF, answered, unanswered
from avengers_graph.types import CalledOff, SampleRecord

CHARACTERS_PER_TOKEN = 4
"""Where no server counted."""


async def run_round(request: RoundRequest, *, pool: ExpertPool) -> AsyncIterator[SampleEvent]:
    """Ask the experts of one round; yield what happens, in the order it happens.

    Ends when every sample has landed or failed, or as soon as ``request.enough`` says that
    the rest cannot matter; what is in flight then is cancelled and reported with estimated
    usage. Closing the iterator cancels everything in flight. After the deadline nothing is sent.

    Raises:
        RecordsError: an answer cannot be written to the pool's recording.
    """
    if request.deadline_at is not None and request.deadline_at <= time.time():
        return
    run = _Round(request, pool)
    try:
        run.start()
        while run.tasks:
            happened = await run.next_or_deadline()
            if happened is None:
                for event in run.cancel("out_of_time"):
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


Happened = SampleEvent | Landed | Failed | BaseException
"""What the task of a unit tells; an exception is what the task itself died of."""


class _Round:
    """The calls of one round that are waiting, in flight, landed or failed."""

    def __init__(self, request: RoundRequest, pool: ExpertPool) -> None:
        self.request = request
        self.pool = pool
        self.tasks: dict[asyncio.Task[None], Unit] = {}
        self.over: CalledOff | None = None
        """Why the rest is not needed any more; None while it is."""
        self._inbox: asyncio.Queue[Happened] = asyncio.Queue()
        self._budget = request.budget
        self._next_index = request.first_index
        self._given_up: dict[str, str] = {}
        self._asked = dict(request.asked_before)
        self._lengths: dict[str, list[int]] = {}

    # -- starting ---------------------------------------------------------------------------

    def start(self) -> None:
        """Put every call of the round on its way."""
        for ask in self.request.asks:
            self._assign(ask.expert, ask.samples)

    def _assign(self, expert: str, samples: int) -> None:
        """Start ``samples`` new samples of an expert, within the budget of calls."""
        samples = self._budget.affordable(samples)
        self._budget = self._budget.less(calls=samples)
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
        unit = Unit(caller.expert.name, indices, position)
        work = carry_out(
            unit,
            caller=caller,
            request=self.request,
            recording=self.pool.recording,
            tell=self._inbox.put_nowait,
            is_given_up=lambda: unit.expert in self._given_up,
            others_left=lambda: bool(self._reserves(besides=unit.expert)),
        )
        task = asyncio.create_task(work)
        self.tasks[task] = unit
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Have the round hear of a task that ended without telling its outcome."""
        unit = self.tasks.get(task)
        if unit is not None and task.cancelled():
            error = ExpertError(f"{unit.expert} cancelled its own call")
            self._inbox.put_nowait(Failed(unit, error, 0.0))
        elif not task.cancelled() and (died_of := task.exception()) is not None:
            self._inbox.put_nowait(died_of)

    # -- what happened ----------------------------------------------------------------------

    async def next_or_deadline(self) -> Happened | None:
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
            return None if self._inbox.empty() else self._inbox.get_nowait()

    def react(self, happened: Happened) -> Iterator[SampleEvent]:
        """Turn an outcome into events, and start what it calls for.

        Raises:
            BaseException: what a task died of that should have told an outcome.
        """
        if isinstance(happened, BaseException):
            raise happened
        if isinstance(happened, Landed):
            yield from self._landed(happened)
        elif isinstance(happened, Failed):
            self._forget(happened.unit)
            yield from self._give_up(happened.unit, happened.error, latency=happened.latency)
        else:
            yield happened

    def _landed(self, landed: Landed) -> Iterator[SampleEvent]:
        unit = landed.unit
        self._forget(unit)
        missing = unit.indices[len(landed.choices) :]
        if missing:
            # The server ignored n, or refused it: ask for the rest one by one.
            caller = self.pool.caller(unit.expert)
            caller.honours_n = False
            for number, index in enumerate(missing, start=len(landed.choices)):
                self._launch(caller, (index,), position=unit.position + number)
        records = self._records(landed)
        lengths = self._lengths.setdefault(unit.expert, [])
        lengths += [record["output_tokens"] for record in records]
        for position, record in enumerate(records, start=1):
            yield SampleFinished(record)
            if self._spend(record).is_used_up:
                self.over = self.over or "over_budget"
            # The choices of one answer land together and are counted one by one: those not
            # counted yet can still change the vote.
            uncounted = [unit.expert] * (len(records) - position)
            outstanding = [*uncounted, *self._outstanding()]
            if self.request.enough is not None and self.request.enough(record, outstanding):
                self.over = "decided"

    def _spend(self, record: SampleRecord) -> Budget:
        """Take a sample's tokens and money off the budget; what is left."""
        self._budget = self._budget.less(
            tokens=record["input_tokens"] + record["output_tokens"],
            cost=cost_of(record, pool=self.pool, expected_costs=self.request.expected_costs),
        )
        return self._budget

    def _records(self, landed: Landed) -> list[SampleRecord]:
        params = self.request.params
        forbidden = params.get("tool_choice") == "none"
        tools = () if forbidden else params.get("tools") or ()
        pairs = zip(landed.unit.indices, landed.choices, strict=False)
        return [
            answered(
                choice,
                expert=landed.unit.expert,
                index=index,
                round_number=self.request.round_number,
                latency=landed.latency,
                tools=tools,
                forced=forced_tool(params),
            )
            for index, choice in pairs
        ]

    def _outstanding(self) -> list[str]:
        """The experts of the samples still to come, one entry a sample."""
        return [unit.expert for unit in self.tasks.values() for _ in unit.indices]

    def _give_up(self, unit: Unit, error: ExpertError, *, latency: float) -> Iterator[SampleEvent]:
        """Record the failure and hand the unit's samples to the next-ranked expert.

        Once the round is over nobody takes its place.
        """
        cause = str(error)
        self._given_up.setdefault(unit.expert, cause)
        left = self._reserves(besides=unit.expert)
        replacement = left[0] if left and not unit.heard and self.over is None else None
        samples = len(unit.indices)
        if replacement is not None:
            samples += self._withdraw_unsent(unit.expert)
        if not self._budget.affordable(1):
            replacement = None
        for position, index in enumerate(unit.indices):
            allowed = self._budget.affordable(position + 1) > position
            yield SampleFinished(
                unanswered(
                    expert=unit.expert,
                    index=index,
                    round_number=self.request.round_number,
                    latency=latency,
                    ended="replaced" if replacement is not None and allowed else "failed",
                    error=cause,
                ),
                error,
            )
        yield FailedOver(unit.expert, cause, replacement)
        if replacement is not None:
            self._assign(replacement, samples)

    def _reserves(self, *, besides: str) -> list[str]:
        """Who may take over from an expert, best first: all that have not failed yet."""
        return [n for n in self.request.reserves if n != besides and n not in self._given_up]

    def _withdraw_unsent(self, expert: str) -> int:
        """Take back what still waits for its turn with an expert that failed; how many samples."""
        waiting = {t: u for t, u in self.tasks.items() if u.expert == expert and u.sent_at is None}
        for task in waiting:
            task.cancel()
        self.tasks = {task: unit for task, unit in self.tasks.items() if task not in waiting}
        withdrawn = sum(len(unit.indices) for unit in waiting.values())
        self._budget = self._budget.less(calls=-withdrawn)
        return withdrawn

    # -- ending -----------------------------------------------------------------------------

    def _forget(self, unit: Unit) -> None:
        self.tasks = {task: u for task, u in self.tasks.items() if u is not unit}

    def cancel(self, why: CalledOff) -> Iterator[SampleEvent]:
        """Cancel what is left; report what had been sent, with its usage estimated.

        An answer that is here already, though nobody looked at it yet, was paid for: it is
        reported as it is, and so is a failure.

        Raises:
            BaseException: what a task died of that should have told an outcome.
        """
        self.over = why
        while not self._inbox.empty():
            happened = self._inbox.get_nowait()
            if isinstance(happened, Landed):
                self._forget(happened.unit)
                yield from map(SampleFinished, self._records(happened))
            elif isinstance(happened, Failed | BaseException):
                yield from self.react(happened)
        prompt = estimated_tokens(self.request.messages)
        for task, unit in self.tasks.items():
            if task.done() and not task.cancelled():
                task.result()  # it told no outcome: raises what it died of
            task.cancel()
            if unit.sent_at is None:
                continue
            for position, index in enumerate(unit.indices):
                record = unanswered(
                    expert=unit.expert,
                    index=index,
                    round_number=self.request.round_number,
                    latency=time.monotonic() - unit.sent_at,
                    ended=why,
                    error=CALLED_OFF[why],
                    input_tokens=prompt if position == 0 else 0,
                    output_tokens=self._likely_tokens(unit),
                )
                yield SampleCancelled(record)

    def _likely_tokens(self, unit: Unit) -> int:
        """Tokens of each answer of a cancelled unit: by what came of it, else as usual here."""
        if unit.characters:
            return math.ceil(unit.characters / CHARACTERS_PER_TOKEN)
        lengths = self._lengths.get(unit.expert)
        return round(sum(lengths) / len(lengths)) if lengths else 0

    async def close(self) -> None:
        """Leave nothing running."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
