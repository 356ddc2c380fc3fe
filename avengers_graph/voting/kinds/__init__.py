"""The kinds of answers, each a row: how it is extracted and when two are the same."""

from avengers_graph.voting.kinds.bracketed import BRACKETED
from avengers_graph.voting.kinds.choice import CHOICE
from avengers_graph.voting.kinds.code import CODE
from avengers_graph.voting.kinds.date import DATE
from avengers_graph.voting.kinds.enumeration import LIST
from avengers_graph.voting.kinds.free_text import FREE_TEXT
from avengers_graph.voting.kinds.json_value import JSON
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.kinds.label import LABEL
from avengers_graph.voting.kinds.math import MATH
from avengers_graph.voting.kinds.number import NUMBER
from avengers_graph.voting.kinds.short_text import TEXT
from avengers_graph.voting.kinds.tool_calls import TOOL_CALLS
from avengers_graph.voting.kinds.yes_no import YES_NO

KINDS: dict[str, Kind] = {
    "number": NUMBER,
    "math": MATH,
    "choice": CHOICE,
    "yes_no": YES_NO,
    "label": LABEL,
    "date": DATE,
    "text": TEXT,
    "list": LIST,
    "bracketed": BRACKETED,
    "code": CODE,
    "json": JSON,
    "tool_calls": TOOL_CALLS,
    "free_text": FREE_TEXT,
}

__all__ = ["KINDS", "Kind"]
