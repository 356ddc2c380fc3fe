"""Samples as they come: how they ended, and whether they decline."""

import pytest

from avengers_graph.voting import extract_answer, vote
from avengers_graph.voting.sample import is_refusal, read_sample, was_broken_off


@pytest.mark.parametrize(
    "reason",
    ["stop", "STOP", "FinishReason.STOP", "stopstop", "tool_calls", "function_call", "eos",
     "eos_token", "end_turn", "endTurn", "END_TURN", "stop_sequence", "complete", "COMPLETE",
     "tool_use"],
)  # fmt: skip
def test_reasons_of_whole_answers(reason: str) -> None:
    assert not was_broken_off(reason)


@pytest.mark.parametrize(
    "reason",
    ["length", "max_tokens", "MAX_TOKENS", "maxTokens", "lengthlength", "error", "abort",
     "model_length", "network_error", "insufficient_system_resource", "content_filter", "other",
     "model_context_window_exceeded", "malformed_function_call", "pause_turn"],
)  # fmt: skip
def test_every_other_reason_means_broken_off(reason: str) -> None:
    assert was_broken_off(reason)
    assert read_sample({"text": "7", "finish_reason": reason}).truncated
    message = {"content": "7", "response_metadata": {"stop_reason": reason}}
    assert read_sample(message).truncated


@pytest.mark.parametrize("reason", [None, ""])
def test_a_reason_that_was_not_sent_is_not_made_up(reason: str | None) -> None:
    assert not read_sample({"text": "7", "finish_reason": reason}).truncated


def test_broken_off_answers_count_only_while_there_is_no_whole_one() -> None:
    cut = {"text": "\\boxed{6} and further", "finish_reason": "max_tokens"}
    whole = {"text": "\\boxed{7}", "finish_reason": "stop"}
    assert vote([cut, cut], kind="number").answer == "6"
    verdict = vote([cut, cut, cut, whole], kind="number")
    assert (verdict.answer, verdict.abstained) == ("7", [0, 1, 2])


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that 1 thing.",
        "I can't assist with that.",
        "I'm unable to help with this request.",
        "As an AI language model, I don't have personal opinions.",
        "I apologize, but I cannot provide 3 of those.",
        "抱歉，我无法回答这个问题。",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "Lo siento, pero no puedo ayudar con eso.",
        "죄송하지만 그 질문에는 답변할 수 없습니다.",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("I apologize for the confusion. The answer is 42.", "42"),
        ("I'm sorry for my mistake earlier! 6 times 7 is 42.", "42"),
        ("As an AI, I compute 6 times 7. The answer is 42.", "42"),
        ("I cannot answer with certainty, but I'd say 42.", "42"),
        ("Sorry, I cannot provide all steps. \\boxed{42}", "42"),
        ("I'm sorry, I cannot see the picture, but 6 * 7 = 42.", "42"),
        ("Es tut mir leid für den Fehler. 6 mal 7 ist 42.", "42"),
    ],
)
def test_an_apology_with_an_answer_is_none(text: str, answer: str) -> None:
    found = extract_answer(text, kind="number")
    assert found is not None
    assert found.text == answer


def test_a_letter_that_declines_is_a_text_that_was_asked_for() -> None:
    letter = "I'm sorry that I cannot help you move on Saturday. Yours, Ann"
    question = "Write a short letter of apology to a friend."
    assert vote([letter, letter], kind="free_text", question=question).winner == 0
    assert vote([letter, letter], kind="free_text", question="Can you help?").winner is None
