"""Reasoning that a model wrote before its answer, in tags of its own."""

import re

NAMES = ("think", "thinking", "reasoning", "thought")
"""What models call such a block."""

_NAME = f"(?:{'|'.join(NAMES)})"
OPENING = re.compile(rf"\s*<{_NAME}>", re.IGNORECASE)
"""The tag that a block begins with, and the blank space before it."""
CLOSING = re.compile(rf"</{_NAME}>", re.IGNORECASE)
"""The tag that ends a block."""
_TAG = re.compile(rf"<(/?){_NAME}>", re.IGNORECASE)


def split_reasoning(text: str) -> tuple[str, str | None]:
    """``(answer, reasoning)``: what follows the blocks a text begins with, and what is in them.

    A block stands at the beginning, or right after another one. Later on a tag is part of the
    answer, which may well be about such tags. A block the model never closed is all reasoning; a
    closing tag with no opening one before it (the chat template of some models writes that) ends
    the reasoning that the text began with. Blank space around a block goes with it.
    """
    if "<" not in text:
        return text, None
    blocks: list[str] = []
    end = 0
    first = _TAG.search(text)
    if first is not None and first.group(1):
        blocks.append(text[: first.start()])
        end = first.end()
    while (opening := OPENING.match(text, end)) is not None:
        closing = CLOSING.search(text, opening.end())
        inner, end = (len(text), len(text)) if closing is None else closing.span()
        blocks.append(text[opening.end() : inner])
    reasoning = "\n\n".join(stripped for block in blocks if (stripped := block.strip()))
    return text[end:].lstrip() if end else text, reasoning or None
