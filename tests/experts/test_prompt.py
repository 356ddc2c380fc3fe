"""The prompt as one expert takes it, with the answers of others, and what routing reads."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from avengers_graph.experts.prompt import (
    conversation_of,
    estimated_tokens,
    fits,
    for_expert,
    has_images,
    question_of,
    with_answers,
)
from avengers_graph.experts.sample_record import unanswered_record
from avengers_graph.settings.expert import Expert
from avengers_graph.types import SampleRecord

URL = "http://127.0.0.1:9/v1"
WITH_SYSTEM = Expert(name="a", base_url=URL)
WITHOUT = Expert(name="b", base_url=URL, supports=frozenset())
SUM = [HumanMessage("What is 6 plus 7?")]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def test_an_expert_that_takes_a_system_role_gets_the_messages_as_they_are() -> None:
    messages = [SystemMessage("be brief"), HumanMessage("hello")]
    assert for_expert(messages, WITH_SYSTEM) == messages


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([HumanMessage("q")], ["q"]),
        ([SystemMessage("s"), HumanMessage("q")], ["s\n\nq"]),
        ([SystemMessage("s"), SystemMessage("t"), HumanMessage("q")], ["s\n\nt\n\nq"]),
        (
            [SystemMessage("s"), HumanMessage("p"), AIMessage("r"), HumanMessage("q")],
            ["s\n\np", "r", "q"],
        ),
        ([SystemMessage("s"), AIMessage("r")], ["s", "r"]),
        ([SystemMessage("s")], ["s"]),
        (
            [SystemMessage("s"), HumanMessage([IMAGE])],
            [[{"type": "text", "text": "s"}, IMAGE]],
        ),
    ],
)
def test_instructions_go_to_the_first_user_turn(messages: Any, expected: Any) -> None:
    given = list(messages)
    assert [m.content for m in for_expert(messages, WITHOUT)] == expected
    assert messages == given


def test_fits() -> None:
    messages = [HumanMessage("x" * 400)]
    assert fits(messages, WITH_SYSTEM, max_tokens=10**6)
    short = Expert(name="c", base_url=URL, context_length=150, max_tokens=100)
    assert not fits(messages, short, max_tokens=None)
    assert fits(messages, short, max_tokens=20)


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([HumanMessage("a"), AIMessage("b"), HumanMessage("c")], "c"),
        ([HumanMessage("a"), AIMessage("b")], "a"),
        ([HumanMessage("a"), AIMessage(""), ToolMessage("t", tool_call_id="1")], "a"),
        ([HumanMessage("a"), HumanMessage("  ")], "a"),
        ([SystemMessage("s"), AIMessage("b")], "s"),
        ([HumanMessage([{"type": "text", "text": "look"}, IMAGE])], "look"),
        ([HumanMessage([IMAGE])], ""),
        ([], ""),
    ],
)
def test_routing_reads_the_last_human_turn(messages: Any, text: str) -> None:
    assert question_of(messages) == text


def test_images_are_seen() -> None:
    assert has_images([HumanMessage("a"), HumanMessage(["text", IMAGE])])
    assert has_images([HumanMessage([{"type": "image", "url": "http://127.0.0.1/a.png"}])])
    assert not has_images([HumanMessage([{"type": "text", "text": "image_url"}])])


def _sample(index: int, text: str, *, round_number: int) -> SampleRecord:
    empty = unanswered_record(
        expert="alpha",
        index=index,
        round_number=round_number,
        latency=0.1,
        ended="failed",
        error="busy",
    )
    return SampleRecord(**{**empty, "text": text, "error": None if text else "busy"})


def test_answers_stand_in_sample_order_and_once() -> None:
    samples = [_sample(index, text, round_number=0) for index, text in ((2, "12"), (0, "13"))]
    shown = with_answers(SUM, [*samples, samples[0]], before_round=1)[-1].text
    assert shown.endswith("Answer 1:\n13\n\nAnswer 2:\n12")


def test_a_round_that_said_nothing_hides_none_before_it() -> None:
    samples = [_sample(0, "13", round_number=0), _sample(1, "", round_number=1)]
    assert with_answers(SUM, samples, before_round=2)[-1].text.endswith("Answer 1:\n13")


def test_without_any_text_the_conversation_stands_alone() -> None:
    """As where all that was said so far are tool calls."""
    samples = [_sample(0, "", round_number=0)]
    assert with_answers(SUM, samples, before_round=1) == SUM


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "url": "data:image/png;base64," + "A" * 9000},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 9000}},
        {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 9000},
    ],
)
def test_an_image_counts_as_one_in_every_form(block: dict[str, Any]) -> None:
    messages = [HumanMessage([{"type": "text", "text": "What is it?"}, block])]
    assert has_images(messages)
    assert 50 < estimated_tokens(messages) < 200


def test_half_a_surrogate_pair_is_in_no_question() -> None:
    messages = [HumanMessage("What \ud83d?")]
    for asked in (question_of(messages), conversation_of(messages)):
        assert asked == "What \N{REPLACEMENT CHARACTER}?"
