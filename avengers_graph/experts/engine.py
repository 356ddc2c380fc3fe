"""The sampling engine: one round of calls, reported as they land.

``run_round`` is the only place in the package that sends anything to an expert. A round starts
all of its calls. Each of them waits for its turn and is retried in ``pending_call``; here it is
decided what follows from its end: failover, the end of the round, cancellation.
"""

import asyncio
import contextvars
import logging
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence

from langchain_core.messages import AIMessage

from avengers_graph.errors import ExpertError
from avengers_graph.experts.budget import cost_of
from avengers_graph.experts.caller import Caller
from avengers_graph.experts.events import (
    FailedOver,
    SampleEnded,
    SampleEvent,
)
from avengers_graph.experts.failover import Reserves
from avengers_graph.experts.pending_call import PendingCall
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import estimated_tokens
from avengers_graph.experts.round_request import RoundRequest
from avengers_graph.experts.sample_record import CALLED_OFF, answer_record, unanswered_record
from avengers_graph.settings.call_params import forced_tool
from avengers_graph.types import CalledOff, SampleRecord

LOGGER = logging.getLogger(__name__)

CHARACTERS_PER_TOKEN = 4
"""Where no server counted."""


async def run_round(request: RoundRequest, *, pool: ExpertPool) -> AsyncIterator[SampleEvent]:
    """Ask the experts of one round; yield what happens, in the order it happens.

    The round ends when every sample has landed or failed, or as soon as ``request.enough`` says
    that the rest cannot matter, the budget is spent or the deadline passes. What is in flight
    then is cancelled and reported with estimated usage. Closing the iterator cancels everything
    in flight. After the deadline nothing is sent.

    Raises:
        RecordsError: an answer cannot be written to the pool's recording.
    """
    if request.deadline_at is not None and request.deadline_at <= pool.clock():
        return
    run = _Round(request, pool)
    try:
        for ask in request.asks:
            run.ask(ask.expert, ask.samples)
        while run.calls:
            for event in run.react(await run.next_or_deadline()):
                yield event
            if run.over is not None:
                for event in run.cancel(run.over):
                    yield event
                return
    finally:
        await run.close()


Call = asyncio.Task[list[AIMessage]]
Happened = SampleEvent | Call
"""What a call tells while it runs; the call itself once it has ended."""


class _Round:
    """The calls of one round that are waiting or in flight, and what follows from their ends."""

    def __init__(self, request: RoundRequest, pool: ExpertPool) -> None:
        self.calls: dict[Call, PendingCall] = {}
        self.over: CalledOff | None = None
        """Why the rest is not needed any more; None while it is."""
        self._request = request
        self._pool = pool
        self._inbox: asyncio.Queue[Happened] = asyncio.Queue()
        self._budget = request.budget
        self._reserves = Reserves(request.reserves)
        self._next_index = request.first_index
        self._asked = dict(request.asked_before)
        self._lengths: dict[str, list[int]] = {}

    # -- starting ---------------------------------------------------------------------------

    def ask(self, expert: str, samples: int) -> None:
        """Ask an expert for ``samples`` new samples, within the budget of calls."""
        samples = self._budget.affordable(samples)
        self._budget = self._budget.less(calls=samples)
        indices = range(self._next_index, self._next_index + samples)
        self._next_index += samples
        caller = self._pool.caller(expert)
        size = self._batch_size(caller, samples)
        before = self._asked.get(expert, 0)
        self._asked[expert] = before + samples
        for start in range(0, samples, size):
            self._launch(caller, tuple(indices[start : start + size]), position=before + start)

    def _batch_size(self, caller: Caller, samples: int) -> int:
        """Samples per request. A server takes no more at once than it has slots."""
        batching = self._request.settings.batching
        wanted = batching == "always" or (batching == "auto" and self._request.needs_all)
        if not wanted or not caller.honours_n:
            return 1
        return max(1, min(samples, caller.expert.max_concurrency))

    def _launch(self, caller: Caller, indices: tuple[int, ...], *, position: int) -> None:
        call = PendingCall(
            self._request,
            self._pool,
            caller,
            indices=indices,
            position=position,
            reserves=self._reserves,
            on_event=self._inbox.put_nowait,
        )
        # Callbacks of whoever reads the round are passed on purpose, never found in the context.
        task = asyncio.create_task(call.answers(), context=contextvars.Context())
        self.calls[task] = call
        task.add_done_callback(self._inbox.put_nowait)

    # -- what happened ----------------------------------------------------------------------

    async def next_or_deadline(self) -> Happened | None:
        """The next thing to happen; None once the deadline has passed."""
        if self._request.deadline_at is None:
            return await self._inbox.get()
        left = self._request.deadline_at - self._pool.clock()
        if left <= 0:  # a stream that keeps coming in would never let the wait below run out
            return None
        try:
            return await asyncio.wait_for(self._inbox.get(), timeout=left)
        except TimeoutError:
            return None

    def react(self, happened: Happened | None) -> Iterator[SampleEvent]:
        """Turn what happened into events, and start what it calls for.

        Raises:
            BaseException: what a call died of that is no failure of its expert.
        """
        if happened is None:
            self.over = "out_of_time"
        elif isinstance(happened, asyncio.Task):
            yield from self._ended(happened)
        else:
            yield happened

    def _ended(self, task: Call) -> Iterator[SampleEvent]:
        call = self.calls.pop(task, None)
        if call is None:
            return  # it was withdrawn
        try:
            answers = task.result()
        except ExpertError as error:
            yield from self._failed(call, error)
        except asyncio.CancelledError:
            yield from self._failed(call, ExpertError(f"{call.expert} cancelled its own call"))
        else:
            yield from self._landed(call, answers)

    def _landed(self, call: PendingCall, answers: Sequence[AIMessage]) -> Iterator[SampleEvent]:
        missing = call.indices[len(answers) :]
        if missing and self.over is None:
            # The server ignored n, or refused it: ask for the rest one by one.
            caller = self._pool.caller(call.expert)
            caller.honours_n = False
            for number, index in enumerate(missing, start=len(answers)):
                self._launch(caller, (index,), position=call.position + number)
        records = self._records(call, answers)
        lengths = self._lengths.setdefault(call.expert, [])
        lengths += [record["output_tokens"] for record in records]
        for position, record in enumerate(records, start=1):
            yield SampleEnded(record)
            if self.over is None:
                # The answers to one request land together and are counted one by one: those not
                # counted yet can still change the vote.
                uncounted = [call.expert] * (len(records) - position)
                self.over = self._why_over(record, [*uncounted, *self._outstanding()])

    def _records(self, call: PendingCall, answers: Sequence[AIMessage]) -> list[SampleRecord]:
        params = self._request.settings.params
        forbidden = params.get("tool_choice") == "none"
        tools = () if forbidden else params.get("tools") or ()
        return [
            answer_record(
                answer,
                expert=call.expert,
                index=index,
                round_number=self._request.round_number,
                latency=call.latency,
                tools=tools,
                forced=forced_tool(params),
            )
            for index, answer in zip(call.indices, answers, strict=False)
        ]

    def _why_over(self, landed: SampleRecord, outstanding: Sequence[str]) -> CalledOff | None:
        """Why nothing more is needed now that an answer has landed; None while more is."""
        self._budget = self._budget.less(
            tokens=landed["input_tokens"] + landed["output_tokens"],
            cost=cost_of(landed, pool=self._pool, expected_costs=self._request.expected_costs),
        )
        if self._request.enough is not None and self._request.enough(landed, outstanding):
            return "decided"
        return "over_budget" if self._budget.is_used_up else None

    def _outstanding(self) -> list[str]:
        """The experts of the samples still to come, one entry a sample."""
        return [call.expert for call in self.calls.values() for _ in call.indices]

    def _failed(self, call: PendingCall, error: ExpertError) -> Iterator[SampleEvent]:
        """Report a failure; hand the call's samples to the next-ranked expert.

        Nobody takes over once the round is over, nor an answer of which tokens were shown.
        """
        self._reserves.fail(call.expert)
        replacement, samples = None, 0
        if self.over is None and not call.was_shown:
            replacement = self._reserves.next_after(call.expert)
        if replacement is not None:
            samples = len(call.indices) + self._withdraw_unsent(call.expert)
            samples = self._budget.affordable(samples)
        for position, index in enumerate(call.indices):
            record = unanswered_record(
                expert=call.expert,
                index=index,
                round_number=self._request.round_number,
                latency=call.latency,
                ended="replaced" if position < samples else "failed",
                error=str(error),
            )
            yield SampleEnded(record, error)
        successor = replacement if samples else None
        LOGGER.warning(
            "%s failed with a %s; %s takes over", call.expert, error.label, successor or "nobody"
        )
        yield FailedOver(call.expert, str(error), successor)
        if replacement is not None:
            self.ask(replacement, samples)

    def _withdraw_unsent(self, expert: str) -> int:
        """Take back what still waits for its turn with an expert that failed; how many samples."""
        waiting = {t: c for t, c in self.calls.items() if c.expert == expert and c.sent_at is None}
        for task in waiting:
            del self.calls[task]
            task.cancel()
        withdrawn = sum(len(call.indices) for call in waiting.values())
        self._budget = self._budget.less(calls=-withdrawn)
        return withdrawn

    # -- ending -----------------------------------------------------------------------------

    def cancel(self, why: CalledOff) -> Iterator[SampleEvent]:
        """Cancel what is left; report what had been sent, with its usage estimated.

        An answer that is here already, though nobody looked at it yet, was paid for: it is
        reported as it is, and so is a failure.

        Raises:
            BaseException: what a call died of that is no failure of its expert.
        """
        self.over = why
        while not self._inbox.empty():
            yield from self.react(self._inbox.get_nowait())
        for task in [task for task in self.calls if task.done()]:
            yield from self._ended(task)
        if self.calls:
            level = logging.WARNING if why == "out_of_time" else logging.INFO
            LOGGER.log(level, "%s (%d calls)", CALLED_OFF[why], len(self.calls))
        prompt = estimated_tokens(self._request.messages)
        for task, call in self.calls.items():
            task.cancel()
            if call.sent_at is None:
                continue
            for position, index in enumerate(call.indices):
                record = unanswered_record(
                    expert=call.expert,
                    index=index,
                    round_number=self._request.round_number,
                    latency=time.monotonic() - call.sent_at,
                    ended=why,
                    error=CALLED_OFF[why],
                    input_tokens=prompt if position == 0 else 0,
                    output_tokens=self._likely_tokens(call),
                )
                yield SampleEnded(record)

    def _likely_tokens(self, call: PendingCall) -> int:
        """Tokens of each answer of a cancelled call: by what came of it, else as usual here."""
        if call.characters:
            return math.ceil(call.characters / CHARACTERS_PER_TOKEN)
        lengths = self._lengths.get(call.expert)
        return round(sum(lengths) / len(lengths)) if lengths else 0

    async def close(self) -> None:
        """Leave nothing running."""
        for task in self.calls:
            task.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)
