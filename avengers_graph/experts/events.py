"""What the engine reports while a round runs; also what custom streams of the graph carry."""

from dataclasses import dataclass
from typing import Any

from avengers_graph.errors import ExpertError
from avengers_graph.types import SampleRecord


@dataclass(frozen=True, slots=True)
class SampleStarted:
    """A request left for an expert."""

    expert: str
    indices: tuple[int, ...]
    type: str = "sample_started"

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "expert": self.expert, "indices": list(self.indices)}


@dataclass(frozen=True, slots=True)
class SampleToken:
    """A piece of text of a sample that is passed straight through."""

    expert: str
    index: int
    text: str
    chunk: Any
    """The AIMessageChunk itself, tool-call fragments included."""
    type: str = "sample_token"

    def to_dict(self) -> dict[str, Any]:
        fields = {"type": self.type, "expert": self.expert, "index": self.index}
        return {**fields, "text": self.text, "chunk": self.chunk}


@dataclass(frozen=True, slots=True)
class SampleFinished:
    """A sample landed: an answer, or an error in its place."""

    record: SampleRecord
    error: ExpertError | None = None
    """What the record's ``error`` says, with its kind; None for an answer. Not in streams."""
    type: str = "sample_finished"

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "sample": self.record}


@dataclass(frozen=True, slots=True)
class SampleCancelled:
    """A request in flight was no longer needed, or ran out of time; usage is estimated."""

    record: SampleRecord
    type: str = "sample_cancelled"

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "sample": self.record}


@dataclass(frozen=True, slots=True)
class FailedOver:
    """An expert gave up; the next-ranked one takes its place."""

    expert: str
    cause: str
    replacement: str | None
    type: str = "failed_over"

    def to_dict(self) -> dict[str, Any]:
        fields = {"type": self.type, "expert": self.expert, "cause": self.cause}
        return {**fields, "replacement": self.replacement}


SampleEvent = SampleStarted | SampleToken | SampleFinished | SampleCancelled | FailedOver
