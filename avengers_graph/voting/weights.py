"""How much an expert's ballot weighs, from its estimated accuracy on queries like this one."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

LOWEST_ERROR = 0.01
"""A lower estimated error counts as this one: no expert outvotes more than a few others."""
HIGHEST_ERROR = 0.49
"""A higher one counts as this: a weak expert weighs little, but never against its own answer."""


def uniform(score: float) -> float:
    """One ballot, one vote."""
    return 1.0


def by_score(score: float) -> float:
    """The expert's accuracy itself, at least 0.01 so that every ballot counts."""
    return min(1.0, max(0.01, score))


def boosted(score: float) -> float:
    """ln((1 - err) / err) with err = 1 - score, clamped to [0.01, 0.49].

    The AdaBoost weight that EnsemW2S (arXiv 2410.04571) gives an expert. Between 0.04 and 4.6.
    """
    error = min(HIGHEST_ERROR, max(LOWEST_ERROR, 1.0 - score))
    return math.log((1.0 - error) / error)


WEIGHTINGS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {"uniform": uniform, "score": by_score, "boosted": boosted}
)
"""The weightings a plan may name: accuracy in [0, 1] to ballot weight."""
