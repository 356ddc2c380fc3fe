"""Reasoning blocks: one reading of them for the vote, the sample and the stream."""

import time

import pytest

from avengers_graph.voting.sample import read_sample
from avengers_graph.voting.texts.reasoning import NAMES, split_reasoning

CASES = [
    ("42", "42", None),
    ("<think>a</think>\n42", "42", "a"),
    ("<thinking>a\nb</thinking>42", "42", "a\nb"),
    ("<reasoning>it is 5</reasoning>7", "7", "it is 5"),
    ("<thought>a</thought>42", "42", "a"),
    ("<THINK>a</THINK> 42", "42", "a"),
    (" \n<think>a</think>\n <reasoning>b</reasoning>42", "42", "a\n\nb"),
    ("<think>a</think>4<think>b</think>2", "4<think>b</think>2", "a"),
    ("It is 4\n<think>b</think>\nor 2", "It is 4\n<think>b</think>\nor 2", None),
    ("It goes inside `<think>` here.", "It goes inside `<think>` here.", None),
    ("<think>a</think>It ends at `</think>`.", "It ends at `</think>`.", "a"),
    ('{"name": "the <think> tag"}', '{"name": "the <think> tag"}', None),
    (" 4 < 5", " 4 < 5", None),
    ("a</think>\n\n42", "42", "a"),
    ("a</think>\n<think>b</think>42", "42", "a\n\nb"),
    ("<think>a<think>b</think>42", "42", "a<think>b"),
    ("<think>cut off in the mid", "", "cut off in the mid"),
    ("<think>a</think>\n<think>cut off", "", "a\n\ncut off"),
    ("<think></think>42", "42", None),
    ("I think 42 < 43", "I think 42 < 43", None),
]


@pytest.mark.parametrize(("text", "answer", "reasoning"), CASES)
def test_reasoning_is_split_off(text: str, answer: str, reasoning: str | None) -> None:
    assert split_reasoning(text) == (answer, reasoning)
    assert split_reasoning(text)[0] == answer


def test_a_tag_late_in_a_long_answer_is_part_of_it() -> None:
    text = "word " * 100_000 + "and </think>, then <think> it ends"
    opened = "<think>a</think>" + text
    assert split_reasoning(opened)[0] == text


def test_reasoning_is_split_off_once() -> None:
    answer, reasoning = split_reasoning("<think>a</think>It ends at `</think>`.")
    assert read_sample({"text": answer, "reasoning": reasoning}).text == answer


@pytest.mark.parametrize("name", NAMES)
def test_a_megabyte_of_tags_is_read_at_once(name: str) -> None:
    began = time.process_time()
    for tags in (f"<{name}>", f"</{name}>", f"<{name}></{name}>", f"x<{name}></{name}> "):
        split_reasoning(tags * (1_000_000 // len(tags)))
    assert time.process_time() - began < 3
