"""Leaving ``<think>`` blocks out of a text that is still being written."""

import re

_OPENING = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_CLOSING = re.compile(r"</think(?:ing)?>\s*", re.IGNORECASE)
_LONGEST = len("</thinking>")


class WithoutReasoning:
    """The pieces of a text that are no reasoning, as soon as that is known.

    What might be the beginning of a tag is held back until the next piece. A block whose
    opening tag the model never wrote (some chat templates write it) cannot be told while it
    streams.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._after_block = False

    def of(self, piece: str) -> str:
        """What can be shown now that ``piece`` has come."""
        self._held += piece
        shown = ""
        while True:
            tag = (_CLOSING if self._thinking else _OPENING).search(self._held)
            if tag is None:
                break
            if not self._thinking:
                shown += self._show(self._held[: tag.start()])
            self._held = self._held[tag.end() :]
            self._after_block = self._thinking
            self._thinking = not self._thinking
        safe = self._possible_tag()
        if not self._thinking:
            shown += self._show(self._held[:safe])
        self._held = self._held[safe:]
        return shown

    def rest(self) -> str:
        """What was held back and turned out to be text."""
        held, self._held = self._held, ""
        return "" if self._thinking else self._show(held)

    def _possible_tag(self) -> int:
        """Where the beginning of an unfinished tag may be; the end when there is none."""
        at = self._held.rfind("<")
        if at < 0 or len(self._held) - at >= _LONGEST or ">" in self._held[at:]:
            return len(self._held)
        start = self._held[at:].lower()
        tags = ("</think>", "</thinking>") if self._thinking else ("<think>", "<thinking>")
        return at if any(tag.startswith(start) for tag in tags) else len(self._held)

    def _show(self, text: str) -> str:
        """The text; the blank lines that separate a block from the answer are part of it."""
        if self._after_block:
            text = text.lstrip()
            self._after_block = not text
        return text
