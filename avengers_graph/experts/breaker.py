"""Rest for an expert that keeps failing, so that requests do not wait for it one after another."""

import logging
import time
from collections.abc import Callable

from avengers_graph.errors import ExpertError

LOGGER = logging.getLogger(__name__)


class Breaker:
    """Counts the failures in a row of one expert. Belongs to the owned loop.

    Args:
        expert: Its name, for the log.
        failures: Attempts in a row that may fail.
        rest: Seconds for which the expert is passed over afterwards.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        expert: str,
        *,
        failures: int,
        rest: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expert = expert
        self._most = failures
        self._rest = rest
        self._clock = clock
        self._failed = 0
        self._cause: ExpertError | None = None
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether so many attempts failed in a row that the expert is resting."""
        return self._failed >= self._most

    def refusal(self) -> ExpertError | None:
        """Why the expert is to be passed over now; None when it may be asked."""
        left = self._until - self._clock()
        if not self.is_open or left <= 0 or self._cause is None:
            return None
        return ExpertError(
            f"passed over for {left:.0f} s more, after {self._failed} failures in a row "
            f"({self._cause})",
            kind=self._cause.kind,
            is_retryable=True,
        )

    def admission(self) -> ExpertError | None:
        """As ``refusal``, for a request that leaves at once when it may.

        The first one after the rest may try the expert; until it is known how that went, the
        others are told to go on passing it over.
        """
        refusal = self.refusal()
        if refusal is None and self.is_open:
            self._until = self._clock() + self._rest
        return refusal

    def failed(self, cause: ExpertError) -> None:
        """An attempt failed in a way that says something of the expert, not of the request."""
        self._failed += 1
        self._cause = cause
        self._until = self._clock() + self._rest
        if self._failed == self._most:
            LOGGER.warning(
                "%s rests for %.0f s after %d failures in a row, the last a %s",
                self._expert,
                self._rest,
                self._failed,
                cause.label,
            )

    def succeeded(self) -> None:
        """An answer came."""
        if self.is_open:
            LOGGER.info("%s answers again", self._expert)
        self._failed = 0
