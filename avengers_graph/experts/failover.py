"""Who is asked in place of an expert that failed."""

from collections.abc import Sequence


class Reserves:
    """The ranked experts of one round, and which of them have failed for good.

    Args:
        ranked: Names of the experts that may take over, best first; those asked included.
    """

    def __init__(self, ranked: Sequence[str]) -> None:
        self._ranked = tuple(ranked)
        self._failed: set[str] = set()

    def fail(self, expert: str) -> None:
        """Ask an expert no more in this round."""
        self._failed.add(expert)

    def has_failed(self, expert: str) -> bool:
        """Whether an expert is asked no more in this round."""
        return expert in self._failed

    def next_after(self, expert: str) -> str | None:
        """The best expert that may take over from another one; None when none is left."""
        left = (name for name in self._ranked if name != expert and name not in self._failed)
        return next(left, None)
