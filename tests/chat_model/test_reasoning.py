"""Reasoning left out of a stream: what is shown is what the whole text would give."""

import pytest

from avengers_graph.chat_model.reasoning import WithoutReasoning
from avengers_graph.voting.texts.reasoning import split_reasoning

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
    "Qwen3 writes its reasoning inside `<think>` and the answer after `</think>` it.",
    '{"name": "use <think> tag"}',
    " \n <think>a</think>\n\n<thought>b</thought>\n Inside `<think>`, up to `</think>`. ",
    "<think>a < b </thin </thinking>42",
    "<think>a</think>\n<think>cut off",
    "\n\n It is 4. ",
    "<think>a</think> <thin",
    " \n",
    "5 <thin",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_the_stream_shows_what_the_whole_gives(text: str, size: int) -> None:
    without = WithoutReasoning()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    shown = "".join(without.of(piece) for piece in pieces) + without.rest()
    assert shown == split_reasoning(text)[0]
    if shown:
        assert without.left_out == split_reasoning(text)[1]


def test_only_what_may_become_a_block_is_held_back() -> None:
    without = WithoutReasoning()
    said = ("\n", "<th", "ree> a ", "<think", "> </think> c")
    assert [without.of(piece) for piece in said] == [
        "",
        "",
        "\n<three> a ",
        "<think",
        "> </think> c",
    ]
