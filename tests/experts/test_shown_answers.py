"""What an expert is shown when it is to combine the answers of others."""

from langchain_core.messages import HumanMessage

from avengers_graph.experts.sample_record import unanswered
from avengers_graph.experts.shown_answers import with_answers
from avengers_graph.types import SampleRecord

QUESTION = [HumanMessage("What is 6 plus 7?")]


def _sample(index: int, text: str, *, round_number: int) -> SampleRecord:
    empty = unanswered(
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
    shown = with_answers(QUESTION, [*samples, samples[0]], before_round=1)[-1].text
    assert shown.endswith("Answer 1:\n13\n\nAnswer 2:\n12")


def test_a_round_that_said_nothing_hides_none_before_it() -> None:
    samples = [_sample(0, "13", round_number=0), _sample(1, "", round_number=1)]
    assert with_answers(QUESTION, samples, before_round=2)[-1].text.endswith("Answer 1:\n13")


def test_without_any_text_the_conversation_stands_alone() -> None:
    """As where all that was said so far are tool calls."""
    samples = [_sample(0, "", round_number=0)]
    assert with_answers(QUESTION, samples, before_round=1) == QUESTION
