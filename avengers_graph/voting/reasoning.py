"""Reasoning that a model wrote into its answer, in tags of its own."""

import re

NAMES = ("think", "thinking", "reasoning", "thought")
"""What models call such a block."""

TAG = re.compile(rf"<(/?)(?:{'|'.join(NAMES)})>", re.IGNORECASE)
"""An opening or a closing tag; group 1 is "/" in a closing one."""


def split_reasoning(text: str) -> tuple[str, str | None]:
    """``(answer, reasoning)``: what stands outside of the blocks, and what within them.

    A block the model never closed is all reasoning; a closing tag without an opening one (the
    chat template of some models writes that) ends the reasoning that the text began with. Blank
    space after a block goes with it, unless nothing else parts two pieces of the answer.
    """
    if "<" not in text:
        return text, None
    answer: list[str] = []
    blocks: list[str] = []
    start, inside = 0, False
    for tag in TAG.finditer(text):
        opens = not tag.group(1)
        if inside and opens:
            continue  # it is a part of the block
        piece = text[start : tag.start()]
        if inside:
            blocks.append(piece)
        elif piece := after_block(piece, said="".join(answer[-1:])) if start else piece:
            answer.append(piece)
        if not (inside or opens):
            blocks.append("".join(answer))
            answer.clear()
        start, inside = tag.end(), opens
    rest = text[start:]
    if inside:
        blocks.append(rest)
    else:
        answer.append(after_block(rest, said="".join(answer[-1:])) if start else rest)
    reasoning = "\n\n".join(stripped for block in blocks if (stripped := block.strip()))
    return "".join(answer), reasoning or None


def after_block(piece: str, *, said: str) -> str:
    """A piece of the answer that follows a block, with the blank space that is its own.

    Args:
        said: the answer so far, or how it ends.
    """
    return piece if said and not said[-1].isspace() else piece.lstrip()
