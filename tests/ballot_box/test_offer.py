"""What a request asks of an answer, and the data in a text."""

from typing import Any

import pytest

from avengers_graph.ballot_box.offer import data_in


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (' {"a": 1}\n', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ("Here you are:\n```\n[1, 2]\n```\nAnything else?", [1, 2]),
        ('```json\n{"code": "```py```"}\n```', {"code": "```py```"}),
        ('{"a": 1', None),
        ("no data, not even {", None),
        ("[" * 5000, None),
        ('{"a": ' + "[" * 5000, None),
    ],
)
def test_data_are_whole_or_none(text: str, data: Any) -> None:
    assert data_in(text) == data
