"""Reasoning left out of a stream: what is shown is what the whole text would give."""

import pytest

from avengers_graph.chat_model.reasoning import WithoutReasoning
from avengers_graph.voting.reasoning import split_reasoning

TEXTS = [
    "It is 4 < 5, and 5 > 4.",
    "<think>6 + 7, hm.</think>\n\nIt is 13.",
    "<reasoning>secret chain</reasoning>7",
    "<thought>a<b</thought> 7 <THINKING>x</THINKING>\n is it",
    "It is 4<think>or?</think>\n\nSo 4.",
    "It is\n<think>or?</think>\n\n4.",
    "<think>a</think> <think>b</think> 42",
    "<think>a<think>b</think>42",
    "4 <think>cut off in the mid",
    "5 <thin",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_the_stream_shows_what_the_whole_gives(text: str, size: int) -> None:
    without = WithoutReasoning()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    shown = "".join(without.of(piece) for piece in pieces) + without.rest()
    assert shown == split_reasoning(text)[0]


def test_only_what_may_become_a_tag_is_held_back() -> None:
    without = WithoutReasoning()
    assert [without.of(piece) for piece in ("a <", "b <th", "ree </think> c")] == [
        "a ",
        "<b ",
        "<three </think> c",
    ]
