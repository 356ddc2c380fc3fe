"""The journal of a collection: every answer is on disk before the next is counted.

A run that is killed loses at most what was in flight; the next one reads the journal and asks
only for the rest. It is also the recording from which grades can be made again.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from avengers_graph.calibration.questions import Question
from avengers_graph.errors import RecordsError


@dataclass(frozen=True, slots=True)
class Answers:
    """What one expert answered to one question."""

    id: str
    """Of the question."""
    expert: str
    query: str
    temperature: float | None
    texts: list[str]
    finish_reasons: list[str | None]
    input_tokens: int
    output_tokens: list[int]
    latency: float
    """Seconds for all samples of the question."""

    def answers(self, question: Question, *, samples: int) -> bool:
        """Whether these are enough answers to just this question."""
        return self.query == question.query and len(self.texts) >= samples


class Journal:
    """Append-only JSON lines; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_torn_line()
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def append(self, answers: Answers) -> None:
        """Write one entry and have it on disk before returning."""
        self._file.write(json.dumps(asdict(answers), ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _drop_torn_line(self) -> None:
        """Cut off what a killed run left half written at the end."""
        if not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)


def read_journal(path: Path) -> dict[tuple[str, str], Answers]:
    """``{(question id, expert): answers}``; a later entry replaces an earlier one.

    Raises:
        RecordsError: a line is not an entry.
    """
    return {(entry.id, entry.expert): entry for entry in _entries(path)}


def _entries(path: Path) -> Iterator[Answers]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith("\n"):
                return  # torn by a kill; the next run asks for it again
            try:
                yield Answers(**json.loads(line))
            except (json.JSONDecodeError, TypeError) as error:
                raise RecordsError(
                    f"{path}:{number} is no entry of a collection; move the file away to start anew"
                ) from error
