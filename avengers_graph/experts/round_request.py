"""What the sampling engine is told to do in one round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import BaseMessage

from avengers_graph.experts.budget import Budget
from avengers_graph.plans import Ask
from avengers_graph.settings.context import Context
from avengers_graph.types import SampleRecord

Enough = Callable[[SampleRecord, Sequence[str]], bool]
"""``enough(landed, outstanding experts)``: True when no answer still to come can matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRequest:
    """Everything one round needs."""

    messages: Sequence[BaseMessage]
    asks: Sequence[Ask]
    reserves: Sequence[str] = ()
    """Experts by rank that may take over from one that fails, those asked included."""
    settings: Context = field(default_factory=Context)
    """Those of the round, as ``settings.for_round`` gives them."""
    round_number: int = 0
    first_index: int = 0
    """Index of the round's first sample within the request."""
    asked_before: Mapping[str, int] = field(default_factory=dict)
    """Samples asked of each expert in earlier rounds of the request."""
    needs_all: bool = False
    """Whether the round's outcome needs every sample, so that one request for n loses nothing."""
    stream: bool = False
    """Report tokens as they come; for rounds of one sample."""
    deadline_at: float | None = None
    """Unix time in seconds."""
    budget: Budget = field(default_factory=Budget)
    expected_costs: Mapping[str, float] = field(default_factory=dict)
    """USD per answer, counted for experts without a price."""
    enough: Enough | None = None
    callbacks: Any = None
    question_id: str | None = None
    """Goes into a recording."""

    def samples_of(self, expert: str) -> int:
        """Samples wanted of an expert, in this round and earlier ones.

        Who takes over from another expert may have to give all of the round's.
        """
        wanted = {ask.expert: ask.samples for ask in self.asks}
        return self.asked_before.get(expert, 0) + wanted.get(expert, sum(wanted.values()))
