"""When a request that failed is sent again."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState
from tenacity.wait import wait_exponential

from avengers_graph.errors import ExpertError


def full_jitter(longest: float) -> float:
    """A pause anywhere between none and the longest one, so that retries do not come in step."""
    return random.uniform(0, longest)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pauses between the tries of one request, and the rest of an expert that keeps failing.

    A pause grows exponentially, with jitter. Where the server says when to come back
    (``Retry-After``), the pause is what the server asks for, up to ``longest_pause``.
    """

    first_pause: float = 0.5
    """Seconds before the first retry, at most; doubled for each further one."""
    longest_pause: float = 20.0
    """Seconds that no pause exceeds, whatever the server asks for."""
    jitter: Callable[[float], float] = full_jitter
    """Picks a pause, given the longest one."""
    rest_after: int = 5
    """Failures in a row, of whatever requests, after which an expert rests."""
    rest: float = 30.0
    """Seconds for which an expert is passed over then, where there is another one."""

    def pause(self, tries: RetryCallState) -> float:
        """Seconds until the next try of a request."""
        error = tries.outcome.exception() if tries.outcome is not None else None
        asked = error.retry_after if isinstance(error, ExpertError) else None
        if asked is not None:
            return min(asked, self.longest_pause)
        longest = wait_exponential(multiplier=self.first_pause, max=self.longest_pause)
        return self.jitter(longest(tries))
