"""Leaving reasoning blocks out of a text that is still being written."""

import re

from avengers_graph.voting.texts.reasoning import CLOSING, NAMES, OPENING, split_reasoning

_OPENING_TAGS = tuple(f"<{name}>" for name in NAMES)
_CLOSING_TAGS = tuple(f"</{name}>" for name in NAMES)


class WithoutReasoning:
    """The pieces of a text that are no reasoning, as soon as that is known.

    Blocks stand at the beginning: what might become the tag of one is held back there, and
    nothing once the answer has begun. A block whose opening tag the model never wrote (some chat
    templates write it) cannot be told while it streams.
    """

    def __init__(self) -> None:
        self._held = self._before = ""
        self._thinking = self._answering = self._after_block = False

    def of(self, piece: str) -> str:
        """What can be shown now that ``piece`` has come."""
        if self._answering:
            return piece
        self._held += piece
        self._before += piece
        while (tag := self._next_tag()) is not None:
            self._held = self._held[tag.end() :]
            self._after_block |= self._thinking
            self._thinking = not self._thinking
        if self._thinking:
            self._held = self._held[self._held.rfind("<") :] if self._may_close() else ""
            return ""
        if self._after_block:
            self._held = self._held.lstrip()
        begun = self._held.lstrip().lower()
        if any(tag.startswith(begun) for tag in _OPENING_TAGS):
            return ""
        self._answering = True
        return self.rest()

    @property
    def left_out(self) -> str | None:
        """The reasoning before the answer, once the answer has begun; None without any."""
        return split_reasoning(self._before)[1]

    def rest(self) -> str:
        """What was held back and turned out to be text."""
        held, self._held = self._held, ""
        return "" if self._thinking else held

    def _next_tag(self) -> re.Match[str] | None:
        return CLOSING.search(self._held) if self._thinking else OPENING.match(self._held)

    def _may_close(self) -> bool:
        """Whether what is held ends in the beginning of a closing tag."""
        at = self._held.rfind("<")
        return at >= 0 and any(tag.startswith(self._held[at:].lower()) for tag in _CLOSING_TAGS)
