"""Answers out of texts, and votes over answers.

Extraction and votes are pure functions but for ``run_code=True``: this runs the models' programs,
and is off unless asked for.

Importing this package loads no computer algebra and starts no process.
"""

from avengers_graph.voting.answer import Answer, Verdict
from avengers_graph.voting.ballots import WEIGHTINGS
from avengers_graph.voting.counting import empty_tally, vote
from avengers_graph.voting.extraction import equivalent, extract_answer
from avengers_graph.voting.grading import is_correct
from avengers_graph.voting.kinds import KINDS
from avengers_graph.voting.kinds.kind import Embed
from avengers_graph.voting.tally import Tally
from avengers_graph.voting.texts.question import infer_kind, possible_answers
from avengers_graph.voting.tool_votes import ToolTally

__all__ = [
    "KINDS",
    "WEIGHTINGS",
    "Answer",
    "Embed",
    "Tally",
    "ToolTally",
    "Verdict",
    "empty_tally",
    "equivalent",
    "extract_answer",
    "infer_kind",
    "is_correct",
    "possible_answers",
    "vote",
]
