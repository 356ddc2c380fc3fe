"""A user's own plan, as it stands in the YAML under ``plans``."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from avengers_graph.plans import STOP_RULES
from avengers_graph.registry import OneOf
from avengers_graph.types import Plan, PlannedCall, PlannedRound
from avengers_graph.types import StopRule as PlannedStop
from avengers_graph.voting.weights import WEIGHTINGS


class CallSpec(BaseModel):
    """How often one expert is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expert: Annotated[int, Field(ge=0)] | Literal["fast", "thinking"] = 0
    """Rank, 0 for the best, or the best-ranked expert of that sort."""
    samples: int = Field(ge=1, le=256)


class StopSpec(BaseModel):
    """When the plan may end after a round."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Annotated[str, OneOf(STOP_RULES)]
    threshold: float = Field(default=1.0, ge=0, le=1)


class RoundSpec(BaseModel):
    """One round."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: list[CallSpec] = Field(min_length=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    stop: StopSpec | None = None
    shown: bool = False
    """Whether those asked read the answers so far."""


class PlanSpec(BaseModel):
    """A strategy of the user's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rounds: list[RoundSpec] = Field(min_length=1, max_length=64)
    weighting: Annotated[str, OneOf(WEIGHTINGS)] = "uniform"
    counted: Literal["all", "last"] = "all"

    def to_plan(self, name: str) -> Plan:
        """The plain form the graph's state holds."""
        return Plan(
            name=name,
            weighting=self.weighting,
            counted=self.counted,
            rounds=[_plain(given) for given in self.rounds],
        )


def plans_of(specs: Mapping[str, PlanSpec]) -> dict[str, Plan]:
    """Strategies of the user's own in the plain form, by name."""
    return {name: spec.to_plan(name) for name, spec in specs.items()}


def _plain(given: RoundSpec) -> PlannedRound:
    stop = given.stop
    return PlannedRound(
        calls=[PlannedCall(expert=call.expert, samples=call.samples) for call in given.calls],
        temperature=given.temperature,
        stop=None if stop is None else PlannedStop(rule=stop.rule, threshold=stop.threshold),
        shown=given.shown,
    )
