"""One request of a round: waits for its turn, is sent, and is sent again where that may help."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from langchain_core.messages import AIMessage, AIMessageChunk
from tenacity import AsyncRetrying, RetryCallState
from tenacity.retry import retry_if_exception

from avengers_graph.errors import ExpertError, ExpertUnreachableError
from avengers_graph.experts.caller import Call, Caller
from avengers_graph.experts.events import SampleEvent, SampleStarted, SampleToken
from avengers_graph.experts.failover import Reserves
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import recorded
from avengers_graph.experts.round_request import RoundRequest
from avengers_graph.settings.precedence import for_expert

LOGGER = logging.getLogger(__name__)


class PendingCall:
    """A request for one or several samples of one expert, until they are there or it failed.

    Args:
        caller: The expert's.
        indices: Of the samples, within the request to the graph.
        position: Samples of this expert that were asked for before these.
        reserves: Who may be asked instead. Where there is somebody, an expert that rests or
            cannot be reached is not waited for.
        on_event: Takes ``SampleStarted``, and each ``SampleToken`` of a stream that is watched.
    """

    def __init__(
        self,
        request: RoundRequest,
        pool: ExpertPool,
        caller: Caller,
        *,
        indices: tuple[int, ...],
        position: int,
        reserves: Reserves,
        on_event: Callable[[SampleEvent], None],
    ) -> None:
        self.expert = caller.expert.name
        self.indices = indices
        self.position = position
        self.sent_at: float | None = None
        """When the latest try was sent; None while none was."""
        self.latency = 0.0
        """Seconds that the latest try took."""
        self.characters = 0
        """Of the answer, seen so far; known of streams only."""
        self.was_shown = False
        """Whether tokens were passed on: the call can be neither repeated nor replaced then."""
        self._request = request
        self._pool = pool
        self._caller = caller
        self._breaker = caller.limits.breaker
        self._reserves = reserves
        self._on_event = on_event
        self._failure: ExpertError | None = None
        samples = request.samples_of(self.expert)
        self._settings = for_expert(request.settings, caller.expert, samples=samples)
        self._call = Call(
            messages=request.messages,
            n=len(indices),
            temperature=self._settings.temperature,
            position=position,
            params=dict(self._settings.params),
            callbacks=request.callbacks,
            stream=request.stream,
        )

    async def answers(self) -> list[AIMessage]:
        """Ask until there is an answer, or no point in asking again; write down what came.

        Raises:
            ExpertError: the latest failure.
            RecordsError: the answers cannot be written to the recording.
        """
        tries = AsyncRetrying(
            retry=retry_if_exception(self._may_pass),
            stop=self._was_the_last,
            wait=self._pool.retry_policy.pause,
            before_sleep=self._log_pause,
            reraise=True,
        )
        answers: list[AIMessage] = await tries(self._try)
        if answers and (recording := self._pool.recording) is not None:
            entry = recorded(
                self._call,
                answers,
                expert=self.expert,
                latency=self.latency,
                question_id=self._request.question_id,
            )
            recording.append(entry)
        return answers

    def _may_pass(self, error: BaseException) -> bool:
        """Whether the same request may succeed, and nobody else is to be asked instead."""
        if not isinstance(error, ExpertError) or not error.is_retryable:
            return False
        if self.was_shown or self._reserves.has_failed(self.expert):
            return False
        absent = isinstance(error, ExpertUnreachableError) or self._breaker.is_open
        return not (absent and self._others_left())

    def _was_the_last(self, tries: RetryCallState) -> bool:
        """Whether no try is left, or the pause before the next one outlasts the deadline."""
        until, retries = self._request.deadline_at, self._settings.retries or 0
        too_late = until is not None and self._pool.clock() + tries.upcoming_sleep > until
        return too_late or tries.attempt_number > retries

    def _log_pause(self, tries: RetryCallState) -> None:
        label = "failure" if self._failure is None else self._failure.label
        LOGGER.info(
            "%s is asked again in %.1f s, after try %d ended in a %s",
            self.expert,
            tries.upcoming_sleep,
            tries.attempt_number,
            label,
        )

    async def _try(self) -> list[AIMessage]:
        async with self._turn():
            if self.sent_at is None:
                self._on_event(SampleStarted(self.expert, self.indices))
            self.sent_at = time.monotonic()
            try:
                answers = await self._caller.answer(self._call, on_chunk=self._on_chunk)
            except ExpertError as error:
                self._failure = error
                if error.is_down:
                    self._breaker.failed(error)
                raise
            finally:
                self.latency = time.monotonic() - self.sent_at
            self._breaker.succeeded()
            return answers

    def _on_chunk(self, chunk: AIMessageChunk) -> None:
        self.characters += len(chunk.text)
        if self._request.stream:
            self.was_shown = True
            self._on_event(SampleToken(self.expert, self.indices[0], chunk.text, chunk))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until the expert's limits allow a request; hold its slot.

        The breaker is looked at again after each wait: those in the queue of an expert that
        fails meanwhile do not ask it as well.

        Raises:
            ExpertError: the expert is to be passed over.
        """
        async with AsyncExitStack() as limits:
            for limit in self._caller.limits.waits(self._call.n):
                self._stop_if_refused(self._breaker.refusal)
                await limits.enter_async_context(limit)
            self._stop_if_refused(self._breaker.admission)
            yield

    def _stop_if_refused(self, refusal: Callable[[], ExpertError | None]) -> None:
        """Raise why the expert is not asked; the failure of an earlier try says more than that."""
        if self._failure is not None and self._reserves.has_failed(self.expert):
            raise self._failure
        if self._others_left() and (refused := refusal()) is not None:
            raise self._failure or refused

    def _others_left(self) -> bool:
        return self._reserves.next_after(self.expert) is not None
