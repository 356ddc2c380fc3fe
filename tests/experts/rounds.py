"""Running one round and reading what was heard of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import HumanMessage

from avengers_graph.errors import ExpertError
from avengers_graph.experts.engine import run_round
from avengers_graph.experts.events import (
    FailedOver,
    SampleEnded,
    SampleEvent,
    SampleStarted,
    SampleToken,
)
from avengers_graph.experts.owned_loop import Bridge
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.round_request import RoundRequest
from avengers_graph.plans import Ask
from avengers_graph.settings.context import Context
from avengers_graph.types import SampleRecord

QUESTION = "What is 6 times 7?"


@dataclass(frozen=True, slots=True)
class Heard:
    """The events of a round."""

    events: list[SampleEvent]

    @property
    def ended(self) -> list[SampleEnded]:
        return [e for e in self.events if isinstance(e, SampleEnded)]

    @property
    def finished(self) -> list[SampleRecord]:
        return [e.record for e in self.ended if e.type == "sample_finished"]

    @property
    def answers(self) -> list[SampleRecord]:
        return [record for record in self.finished if record["error"] is None]

    @property
    def texts(self) -> dict[int, str]:
        """Text by sample index, errors left out."""
        return {record["index"]: record["text"] for record in self.answers}

    @property
    def errors(self) -> list[str]:
        return [record["error"] for record in self.finished if record["error"] is not None]

    @property
    def raised(self) -> list[ExpertError]:
        """What the errors were, with their kinds."""
        return [e.error for e in self.ended if e.error is not None]

    @property
    def cancelled(self) -> list[SampleRecord]:
        return [e.record for e in self.ended if e.type == "sample_cancelled"]

    @property
    def failovers(self) -> list[tuple[str, str | None]]:
        return [(e.expert, e.replacement) for e in self.events if isinstance(e, FailedOver)]

    @property
    def started(self) -> list[SampleStarted]:
        return [e for e in self.events if isinstance(e, SampleStarted)]

    @property
    def tokens(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, SampleToken)]


def round_request(*asks: tuple[str, int], **fields: Any) -> RoundRequest:
    """A request for samples of ``asks``: (expert, how many); ``fields`` of it or its settings."""
    settings = {name: fields.pop(name) for name in list(fields) if name in Context.model_fields}
    messages = fields.pop("messages", [HumanMessage(QUESTION)])
    return RoundRequest(
        messages=messages,
        asks=[Ask(*ask) for ask in asks],
        settings=Context(**settings),
        **fields,
    )


def bridged(pool: ExpertPool, *asks: tuple[str, int], **fields: Any) -> Bridge[SampleEvent]:
    """A round as callers run it: on the owned loop."""
    return Bridge(run_round(round_request(*asks, **fields), pool=pool))


def listen(pool: ExpertPool, *asks: tuple[str, int], **fields: Any) -> Heard:
    """Run a round to its end."""
    return Heard(list(bridged(pool, *asks, **fields)))


def only(items: Sequence[Any]) -> Any:
    """The single item there has to be."""
    assert len(items) == 1, items
    return items[0]
