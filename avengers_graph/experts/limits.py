"""What one expert takes: sequences in flight, requests per period, and none while it rests.

Slots and rate limits belong to the endpoint: every pool of the process that asks the same model
with the same key counts against the same ones. Everything here belongs to the owned loop.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from asyncio_throttle.throttler import Throttler

from avengers_graph.experts.breaker import Breaker
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.settings.expert import Expert, RateLimit


class Slots:
    """The sequences in flight at one endpoint; whoever has to wait is served in order."""

    def __init__(self) -> None:
        self._in_flight = 0
        self._waiting: deque[tuple[asyncio.Future[None], int, int]] = deque()
        """Who waits, for how many sequences, and for how many in all."""

    @asynccontextmanager
    async def held(self, sequences: int, *, at_most: int) -> AsyncIterator[None]:
        """Wait until that many more are no more than ``at_most`` in all; hold them meanwhile."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, sequences, max(at_most, sequences)))
        self._serve()
        try:
            await turn
            yield
        finally:
            was_given_none = turn.cancel() or turn.cancelled()
            if not was_given_none:
                self._in_flight -= sequences
            self._serve()

    def _serve(self) -> None:
        """Give slots to those who wait, the first one first."""
        while self._waiting:
            turn, sequences, most = self._waiting[0]
            if not turn.cancelled():
                if self._in_flight + sequences > most:
                    return
                self._in_flight += sequences
                turn.set_result(None)
            self._waiting.popleft()


class _Endpoint:
    """The limits of one model at one endpoint with one key."""

    def __init__(self, llm: Any) -> None:
        self.slots = Slots()
        self.throttles: dict[RateLimit, Throttler] = {}
        self._llm = llm
        """Kept, so that no other object can be taken for it."""


_endpoints: "WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[Hashable, _Endpoint]]"
_endpoints = WeakKeyDictionary()
"""By the loop they belong to: a forked child has another one."""


def _endpoint(expert: Expert, key: str | None) -> _Endpoint:
    """The one endpoint of that place, model and key, as long as a pool uses it."""
    known = _endpoints.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    place = (expert.base_url, expert.model_name, key) if expert.llm is None else id(expert.llm)
    return known.setdefault(place, _Endpoint(expert.llm))


class Limits:
    """The limits that a request to one expert waits for.

    Args:
        key: The key that requests carry; each key has slots and a rate of its own.
    """

    def __init__(self, expert: Expert, *, key: str | None, retry_policy: RetryPolicy) -> None:
        self._endpoint = _endpoint(expert, key)
        self._at_most = expert.max_concurrency
        self._throttle: Throttler | None = None
        if rate := expert.rate_limit:
            made = Throttler(rate.requests, rate.period)
            self._throttle = self._endpoint.throttles.setdefault(rate, made)
        # The retries of one request alone never make an expert rest.
        failures = max(retry_policy.rest_after, expert.retries + 2)
        self.breaker = Breaker(expert.name, failures=failures, rest=retry_policy.rest)

    def waits(self, sequences: int) -> Iterator[AbstractAsyncContextManager[None]]:
        """What a request for so many sequences enters before it is sent, one after the other."""
        yield self._endpoint.slots.held(sequences, at_most=self._at_most)
        if self._throttle is not None:
            yield self._throttle
