"""``vote``: which tally counts which kind."""

from typing import Any

import pytest

from avengers_graph.voting import vote


def call(query: str) -> dict[str, Any]:
    return {"content": "", "tool_calls": [{"name": "search", "args": {"q": query}, "id": "x"}]}


@pytest.mark.parametrize("kind", ["tool_calls", "auto"])
def test_calls_stand_together_against_words(kind: str) -> None:
    """Each is a call of its own; two answers in words do not outvote three of them."""
    verdict = vote([call("a"), call("b"), call("c"), "12", "12"], kind=kind)
    assert verdict.kind == "tool_calls"
    assert verdict.winner == 0
    assert [row["votes"] for row in verdict.tally] == [1, 1, 1, 2]
    assert verdict.agreement == pytest.approx(1 / 5)
    assert verdict.margin == 0


def test_words_that_lead_vote_among_themselves() -> None:
    verdict = vote(["12", "13", "13", call("a")], kind="tool_calls", question="What is 6 plus 7?")
    assert (verdict.answer, verdict.kind, verdict.winner) == ("13", "number", 1)
    assert [row["votes"] for row in verdict.tally] == [2, 1, 1]
