"""Reasoning blocks: one reading of them for the vote, the sample and the stream."""

import time

import pytest

from avengers_graph.voting.reasoning import NAMES, split_reasoning
from avengers_graph.voting.spans import strip_reasoning

CASES = [
    ("42", "42", None),
    ("<think>a</think>\n42", "42", "a"),
    ("<thinking>a\nb</thinking>42", "42", "a\nb"),
    ("<reasoning>it is 5</reasoning>7", "7", "it is 5"),
    ("<thought>a</thought>42", "42", "a"),
    ("<THINK>a</THINK> 42", "42", "a"),
    ("<think>a</think>4<think>b</think>2", "42", "a\n\nb"),
    ("It is 4\n<think>b</think>\nor 2", "It is 4\nor 2", "b"),
    ("It is 4<think>b</think>\nor 2", "It is 4\nor 2", "b"),
    ("a</think>\n\n42", "42", "a"),
    ("<think>a<think>b</think>c</think>d", "d", "a<think>b\n\nc"),
    ("<think>cut off in the mid", "", "cut off in the mid"),
    ("<think></think>42", "42", None),
    ("I think 42 < 43", "I think 42 < 43", None),
]


@pytest.mark.parametrize(("text", "answer", "reasoning"), CASES)
def test_reasoning_is_split_off(text: str, answer: str, reasoning: str | None) -> None:
    assert split_reasoning(text) == (answer, reasoning)
    assert strip_reasoning(text) == answer


@pytest.mark.parametrize("name", NAMES)
def test_a_megabyte_of_tags_is_read_at_once(name: str) -> None:
    began = time.process_time()
    for tags in (f"<{name}>", f"</{name}>", f"<{name}></{name}>", f"x<{name}></{name}> "):
        split_reasoning(tags * (1_000_000 // len(tags)))
    assert time.process_time() - began < 3
