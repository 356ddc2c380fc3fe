"""Strategies side by side on a recording: what each is right at, and what it asks for that.

Every strategy runs in the real graph over the same recorded samples, so differences are paired.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from avengers_graph.settings.context import Context
from avengers_graph.types import SampleRecord

Right = Callable[[SampleRecord], float]
"""How right a sample is, in [0, 1]."""

DRAWS = 2000
"""Of a bootstrap."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question under one strategy."""

    right: float
    """In [0, 1]; 0 where every sample abstained."""
    calls: int
    rounds: int
    tokens: int
    """Read and written by all samples."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of paired differences, with its central 95% interval."""

    mean: float
    low: float
    high: float


def replayed(graph: Any, prompt: str, *, context: Context, right: Right) -> Outcome:
    """What becomes of a question under the strategy of a context.

    Args:
        graph: one of ``create_avengers_graph`` over a ``ReplayPool``.

    Raises:
        AllExpertsFailedError: the recording holds no sample that the strategy asks for.
    """
    samples: dict[int, SampleRecord] = {}
    rounds = 0
    verdict: dict[str, Any] = {}
    inputs = {"messages": [{"role": "user", "content": prompt}]}
    for update in graph.stream(inputs, context=context, stream_mode="updates"):
        if "sample" in update:
            rounds += 1
            samples.update({record["index"]: record for record in update["sample"]["samples"]})
        verdict = update.get("vote", {}).get("verdict", verdict)
    won = verdict["winner"]
    return Outcome(
        right=0.0 if won is None else right(samples[won]),
        calls=verdict["calls"],
        rounds=rounds,
        tokens=sum(s["input_tokens"] + s["output_tokens"] for s in samples.values()),
    )


def difference(ours: ArrayLike, others: ArrayLike, *, seed: int = 0) -> Difference:
    """Mean of ``ours - others`` with a bootstrap interval over questions.

    Args:
        ours: one figure a question, ``(n,)``; or ``(r, n)`` for r repetitions, whose means count.
        others: of the same shape.
    """
    paired = np.atleast_2d(np.asarray(ours, float) - np.asarray(others, float)).mean(axis=0)
    drawn = np.random.default_rng(seed).integers(0, paired.size, (DRAWS, paired.size))
    low, high = np.percentile(paired[drawn].mean(axis=1), [2.5, 97.5])
    return Difference(float(paired.mean()), float(low), float(high))
