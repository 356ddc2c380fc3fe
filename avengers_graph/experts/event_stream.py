"""The bodies that servers answer with: server-sent events, or one document.

The label of a body is not believed: some servers send a document as a stream, or a stream to
whoever asked for none. JSON is UTF-8 whatever charset is named; a byte order mark is no part of
it, and bytes that are no UTF-8 become U+FFFD.

Events: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

import asyncio
import codecs
import json
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from avengers_graph.experts.error_bodies import LostAnswerError, ServedError

_LINE_END = re.compile(r"\r\n|\n|\r")
_DONE = "[DONE]"
_STREAM = re.compile(r"\s*(?:data|event|id|retry)?:")
_LAST_BYTES = 0.1
"""Seconds for what follows ``[DONE]``: a connection serves again once its body has ended."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one event of a stream holds, or the whole body of an answer that is no stream."""

    data: Any
    is_whole: bool = False


def text_of(content: bytes) -> str:
    """The text of a body."""
    return content.decode("utf-8-sig", "replace")


def is_stream(text: str) -> bool:
    """Whether a body begins as a stream does."""
    return _STREAM.match(text) is not None


def data_of(text: str) -> Any:
    """A document as data, or the text itself where it is no JSON.

    Raises:
        LostAnswerError: it is empty, or JSON that ends too soon.
    """
    if not text.strip():
        raise LostAnswerError("its answer is empty")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip()[:1] in ("{", "["):
            raise LostAnswerError(f"its answer is broken JSON: {error}") from None
        return text


async def events_of(body: AsyncIterable[bytes]) -> AsyncGenerator[Event]:
    """The events of a body as they come in, up to ``[DONE]``.

    Raises:
        ServedError: an event is called an error.
        LostAnswerError: an event is broken JSON, or the body is empty.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    reader = _Reader()
    contents = aiter(body)
    async for content in contents:
        for event in reader.of(decoder.decode(content)):
            yield event
        if reader.done:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_BYTES):
                    async for _ in contents:
                        pass
            return
    for event in reader.rest(decoder.decode(b"", True)):
        yield event


@dataclass(slots=True)
class _Reader:
    """Puts the lines of a body together to events."""

    done: bool = False
    _pending: str = ""
    """A line whose end has not come."""
    _name: str = ""
    _data: list[str] = field(default_factory=list)
    _words: str = ""
    """Text in place of data, since the last event that was one."""
    _unread: list[str] | None = field(default_factory=list)
    """The body until its first event; None from then on."""

    def of(self, text: str) -> Iterator[Event]:
        """The events that end in a further piece of the body."""
        if self._unread is not None:
            self._unread.append(text)
        if not _LINE_END.search(text):
            self._pending += text
            return
        text = self._pending + text
        # A carriage return may be half of a line end.
        held = "\r" if text.endswith("\r") else ""
        *lines, rest = _LINE_END.split(text.removesuffix(held))
        self._pending = rest + held
        for line in lines:
            yield from self._line(line)

    def rest(self, text: str) -> Iterator[Event]:
        """The last event, or the body itself where no event came.

        Raises:
            ServedError: words are the last that came, as where a server failed.
        """
        whole = "".join([*(self._unread or ()), text])
        yield from self.of(text + "\n")
        if self._unread is None:
            with suppress(LostAnswerError):  # what no blank line ends may be a part of an event
                yield from self._event()
        else:
            yield from self._event()
        if self._words:
            raise ServedError(self._words)
        if self._unread is not None and not self.done:
            yield Event(data_of(whole), is_whole=True)

    def _line(self, line: str) -> Iterator[Event]:
        if not line:
            yield from self._event()
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value

    def _event(self) -> Iterator[Event]:
        """The event that a blank line ends; words are none: they may keep a connection alive."""
        name, text = self._name, "\n".join(self._data).strip()
        self._name, self._data = "", []
        if self.done or text.startswith(_DONE):
            self.done = True
            return
        if name == "error":
            raise ServedError(data_of(text))
        if text[:1] in ("{", "["):
            self._unread, self._words = None, ""
            yield Event(data_of(text))
        else:
            self._words = text or self._words
