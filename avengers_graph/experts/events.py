"""What the engine reports while a round runs; also what custom streams of the graph carry."""

from dataclasses import dataclass
from typing import Any, ClassVar

from avengers_graph.errors import ExpertError
from avengers_graph.experts.sample_record import CALLED_OFF
from avengers_graph.types import SampleRecord


@dataclass(frozen=True, slots=True)
class SampleStarted:
    """A request left for an expert."""

    expert: str
    indices: tuple[int, ...]
    type: ClassVar[str] = "sample_started"

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
    type: ClassVar[str] = "sample_token"

    def to_dict(self) -> dict[str, Any]:
        fields = {"type": self.type, "expert": self.expert, "index": self.index}
        return {**fields, "text": self.text, "chunk": self.chunk}


@dataclass(frozen=True, slots=True)
class SampleEnded:
    """A sample landed or failed, or was called off: then its usage is estimated."""

    record: SampleRecord
    error: ExpertError | None = None
    """What the record of a failure says, with its kind. Not in streams."""

    @property
    def type(self) -> str:
        """``sample_cancelled`` for a sample that was called off, else ``sample_finished``."""
        return "sample_cancelled" if self.record["ended"] in CALLED_OFF else "sample_finished"

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, "sample": self.record}


@dataclass(frozen=True, slots=True)
class FailedOver:
    """An expert gave up; the next-ranked one takes its place."""

    expert: str
    cause: str
    replacement: str | None
    type: ClassVar[str] = "failed_over"

    def to_dict(self) -> dict[str, Any]:
        fields = {"type": self.type, "expert": self.expert, "cause": self.cause}
        return {**fields, "replacement": self.replacement}


SampleEvent = SampleStarted | SampleToken | SampleEnded | FailedOver
