"""The kinds of answers, each a row: how it is extracted and when two are the same."""

from avengers_graph.voting.kinds.bracketed import BRACKETED
from avengers_graph.voting.kinds.choice import CHOICE
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.kinds.math import MATH
from avengers_graph.voting.kinds.number import NUMBER
from avengers_graph.voting.kinds.short_text import TEXT
from avengers_graph.voting.kinds.yes_no import YES_NO

KINDS: dict[str, Kind] = {
    "number": NUMBER,
    "math": MATH,
    "choice": CHOICE,
    "yes_no": YES_NO,
    "bracketed": BRACKETED,
    "text": TEXT,
}

__all__ = ["KINDS", "Kind"]
