"""What experts answered, on disk: written as a run goes, read to replay it at no cost.

One JSON line per request. Every line is on disk before its answers are used: a run that is
killed loses at most what was in flight.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, convert_to_openai_messages

from avengers_graph.errors import RecordsError
from avengers_graph.experts.answers import NOTHING_COUNTED, finish_reason
from avengers_graph.experts.caller import Call
from avengers_graph.experts.owned_loop import ForkSafeLock
from avengers_graph.experts.sample_record import plain_tool_calls


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request to an expert and what came back; lists have one entry a sample."""

    expert: str
    prompt: str | list[dict[str, Any]]
    """The text of the one human message, or all messages in OpenAI's form."""
    texts: list[str]
    finish_reasons: list[str | None]
    output_tokens: list[int]
    input_tokens: int
    latency: float
    """Seconds for the whole request."""
    id: str | None = None
    """Of the question, where it has one."""
    temperature: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    tool_calls: list[list[dict[str, Any]]] = field(default_factory=list)
    """Empty when no sample calls a tool."""


def recorded(
    call: Call,
    answers: Sequence[AIMessage],
    *,
    expert: str,
    latency: float,
    question_id: str | None,
) -> Recorded:
    """The entry for a request that brought ``answers`` after ``latency`` seconds."""
    tool_calls = [plain_tool_calls(answer) for answer in answers]
    usages = [answer.usage_metadata or NOTHING_COUNTED for answer in answers]
    return Recorded(
        id=question_id,
        expert=expert,
        prompt=plain_prompt(call.messages),
        temperature=call.temperature,
        params=call.params,
        texts=[answer.text for answer in answers],
        tool_calls=tool_calls if any(tool_calls) else [],
        finish_reasons=[finish_reason(answer.response_metadata) for answer in answers],
        input_tokens=sum(usage["input_tokens"] for usage in usages),
        output_tokens=[usage["output_tokens"] for usage in usages],
        latency=round(latency, 3),
    )


def plain_prompt(messages: Sequence[BaseMessage]) -> str | list[dict[str, Any]]:
    """The prompt as a recording holds it, and as a replay looks it up.

    Raises:
        RecordsError: a message holds what OpenAI's form has no place for.
    """
    if len(messages) == 1 and isinstance(messages[0], HumanMessage):
        content = messages[0].content
        if isinstance(content, str):
            return content
    try:
        plain = convert_to_openai_messages(list(messages))
    except ValueError as error:
        raise RecordsError(
            f"a prompt has no form in which it can be recorded ({error}); give its content as "
            "texts and images in OpenAI's form, or do not record"
        ) from error
    return plain if isinstance(plain, list) else [plain]


class Recording:
    """An append-only recording; use as a context manager. One process at a time writes to it.

    Once its block is left nothing is written any more: a pool that still holds it answers on,
    unrecorded.

    Raises:
        RecordsError: on entering, where the file cannot be written or another one writes to it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None
        self._lock = ForkSafeLock()

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise RecordsError(
                f"cannot write the recording {str(self._path)!r}: {error.strerror}"
            ) from error
        self._keep_others_out()
        self._drop_torn_line()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:  # what is being written is written to its end
            self._file.close()

    def append(self, entry: Recorded) -> None:
        """Write one entry and have it on disk before returning; nothing once the block is left.

        Raises:
            RecordsError: the block was never entered, or the entry cannot be written; what the
                file held before is still whole.
        """
        if self._file is None:
            raise RecordsError(
                f"the recording {str(self._path)!r} is not open; enter its block first: "
                "`with Recording(path) as pool.recording:`"
            )
        line = _encoded(entry, self._path)
        with self._lock:
            if not self._file.closed:
                self._write(line)

    def _write(self, line: bytes) -> None:
        number = self._file.fileno()
        before = os.fstat(number).st_size
        try:
            while line:
                line = line[self._file.write(line) :]
            os.fsync(number)
        except OSError as error:
            os.ftruncate(number, before)  # a torn line would be in the way of the next one
            raise RecordsError(
                f"cannot write the recording {str(self._path)!r}: {error.strerror}; what it holds "
                "is kept, make room for more or record to another place"
            ) from error

    def _keep_others_out(self) -> None:
        """Another writer's line in the making would look torn, and be cut off."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise RecordsError(
                f"another process writes to {str(self._path)!r}; wait for it, or stop it"
            ) from error

    def _drop_torn_line(self) -> None:
        """Cut off what a killed run left half written at the end."""
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)


def _encoded(entry: Recorded, path: Path) -> bytes:
    try:
        # Half a surrogate pair, as broken tokenizers give, becomes the escape JSON has for it.
        return to_line(entry).encode("utf-8", "backslashreplace")
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordsError(
            f"an answer of {entry.expert!r} cannot be written to the recording {str(path)!r} "
            f"({error}); give parameters that JSON can hold"
        ) from error


def to_line(entry: Recorded) -> str:
    """One line of a recording; fields that are empty are left out."""
    fields = {k: v for k, v in asdict(entry).items() if v not in (None, [], {}) or k == "texts"}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def read_recording(path: Path) -> list[Recorded]:
    """All entries, in the order written; a line torn by a kill at the end is left out.

    Raises:
        RecordsError: a line is no entry, or the file cannot be read.
    """
    return list(_entries(path))


def _entries(path: Path) -> Iterator[Recorded]:
    try:
        file = path.open("rb")  # a line that is no UTF-8 is named as any other that is wrong
    except OSError as error:
        raise RecordsError(f"cannot read the recording {str(path)!r}: {error.strerror}") from error
    with file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                fields = json.loads(line)
                yield Recorded(**{"finish_reasons": [None] * len(fields["texts"]), **fields})
            except (ValueError, RecursionError, TypeError, KeyError) as error:
                raise RecordsError(
                    f"{path}:{number} is no entry of a recording; move the file away to start anew"
                ) from error
