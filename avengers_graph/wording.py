"""How numbers of things and texts of models are said to a person, on one line."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 query``, ``2 queries``; ``many`` is ``one`` with an s unless given."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def one_line(text: str, limit: int = 90) -> str:
    """A text as one line that no terminal takes for a command, cut at ``limit`` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
