"""Leaving reasoning blocks out of a text that is still being written."""

from avengers_graph.voting.reasoning import NAMES, TAG, after_block

_TAGS = tuple(f"<{slash}{name}>" for name in NAMES for slash in ("", "/"))


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
        self._last_shown = ""

    def of(self, piece: str) -> str:
        """What can be shown now that ``piece`` has come."""
        self._held += piece
        shown = ""
        searched = 0
        while (tag := TAG.search(self._held, searched)) is not None:
            closes = tag.group(1) == "/"
            if closes != self._thinking:
                # One of the other sort is a part of the block, or of the answer.
                searched = tag.end()
                continue
            if not closes:
                shown += self._show(self._held[: tag.start()])
            self._held, searched = self._held[tag.end() :], 0
            self._thinking, self._after_block = not closes, closes
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
        start = self._held[at:].lower() if at >= 0 else ""
        begun = start and any(tag.startswith(start) and tag != start for tag in _TAGS)
        return at if begun else len(self._held)

    def _show(self, text: str) -> str:
        """The text as it goes on after a block, if one was left out before it."""
        if self._after_block:
            text = after_block(text, said=self._last_shown)
            self._after_block = not text
        self._last_shown = text[-1:] or self._last_shown
        return text
