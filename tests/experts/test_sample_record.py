"""From messages to the records of the state."""

import pytest

from avengers_graph.experts.sample_record import split_reasoning


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("42", "42", None),
        ("<think>a</think>\n42", "42", "a"),
        ("<thinking>a\nb</thinking>42", "42", "a\nb"),
        ("<THINK>a</THINK> 42", "42", "a"),
        ("<think>a</think>4<think>b</think>2", "42", "a\n\nb"),
        ("a</think>\n\n42", "42", "a"),
        ("<think>cut off in the mid", "", "cut off in the mid"),
        ("<think></think>42", "42", None),
        ("I think 42", "I think 42", None),
    ],
)
def test_reasoning_is_split_off(text: str, answer: str, reasoning: str | None) -> None:
    assert split_reasoning(text) == (answer, reasoning)
