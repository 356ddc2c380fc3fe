"""Lists, however their items are separated."""

import pytest

from avengers_graph.voting import vote


@pytest.mark.parametrize(
    "written",
    ["red | blue | yellow", "1) red 2) blue 3) yellow", "Red; Blue; Yellow", "red、blue、yellow"],
)
def test_separators_do_not_count(written: str) -> None:
    assert len(vote(["red, blue, yellow", written], kind="list").tally) == 1


def test_items_between_semicolons_keep_their_commas() -> None:
    answers = ["Paris, France; Rome, Italy", "Paris, Italy; Rome, France"]
    assert len(vote(answers, kind="list").tally) == 2
