"""Numbers of things, as a sentence has them."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 query``, ``2 queries``; ``many`` is ``one`` with an s unless given."""
    return f"{number} {one if number == 1 else many or one + 's'}"
