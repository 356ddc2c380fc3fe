"""The outcome of a vote as a message."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from avengers_graph.answer_message import SHOWN, answer_message
from avengers_graph.ballots import Ballots
from avengers_graph.nodes.vote import verdict_record
from avengers_graph.plans import Plan
from avengers_graph.types import SampleRecord
from avengers_graph.voting import Verdict
from tests.states import answered, ended, state_of

PLAN = Plan.model_validate({"rounds": [{"calls": [{"samples": 8}]}]})


def message_of(*samples: SampleRecord, **settings: Any) -> AIMessage:
    state = state_of(*samples, **settings)
    verdict = verdict_record(state, PLAN, Ballots(state, PLAN, samples).verdict())
    return answer_message(state, verdict)


def test_the_winner_speaks_for_itself_and_the_vote_is_told_beside_it() -> None:
    samples = [answered("14", index=0), answered("It is 13.", index=1), answered("13", index=2)]
    message = message_of(*samples, ended("decided", index=3), strategy="multi-model")
    told = message.response_metadata["avengers"]
    assert message.text == "It is 13."
    assert (told["strategy"], told["answer"], told["expert"]) == ("multi-model", "13", "alpha")
    assert (told["calls"], told["calls_saved"], told["cost"]) == (4, 4, 0.5)
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == 7


def test_the_record_has_every_field_of_the_verdict() -> None:
    state = state_of(answered("13", index=0))
    found = Ballots(state, PLAN, state["samples"]).verdict()
    record = verdict_record(state, PLAN, found)
    assert set(record) == {*Verdict.__dataclass_fields__, "calls", "calls_saved", "expert"}
    assert json.loads(json.dumps(record)) == record


def test_long_answers_are_cut_in_the_metadata_only() -> None:
    text = "word " * SHOWN
    message = message_of(answered(text, index=0), answer_kind="free_text")
    told = message.response_metadata["avengers"]
    assert message.text == text
    assert len(told["answer"]) == len(told["tally"][0]["answer"]) == SHOWN + 3


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        (
            [ended("failed", index=0), answered("", index=1), answered("Well?", index=2)],
            "Well?",
        ),
        ([ended("failed", index=0), answered("", index=1)], ""),
    ],
)
def test_when_all_abstain_a_person_still_reads_what_was_said(
    samples: list[SampleRecord], text: str
) -> None:
    message = message_of(*samples)
    assert message.text == text
    assert message.response_metadata["avengers"]["answer"] is None


def test_details_of_tokens_are_summed_as_far_as_they_were_reported() -> None:
    samples = [
        answered("13", index=0, input_token_details={"cache_read": 0}),
        answered("13", index=1, input_token_details={"cache_read": 3}),
        answered("13", index=2, output_token_details={"reasoning": 4}),
    ]
    usage = message_of(*samples).usage_metadata
    assert usage is not None
    assert usage["input_token_details"] == {"cache_read": 3}
    assert usage["output_token_details"] == {"reasoning": 4}
    assert "output_token_details" not in (message_of(samples[0]).usage_metadata or {})


def test_a_merged_answer_is_nobodys_own() -> None:
    objects = [{"a": 1, "b": 2, "c": 9}, {"a": 1, "b": 7, "c": 3}, {"a": 5, "b": 2, "c": 3}]
    samples = [
        answered(json.dumps(given), index=index, logprobs={"content": []})
        for index, given in enumerate(objects)
    ]
    merged = message_of(*samples, answer_kind="json", merge=True)
    assert json.loads(merged.text) == {"a": 1, "b": 2, "c": 3}
    assert "logprobs" not in merged.response_metadata
    assert "logprobs" in message_of(*samples, answer_kind="json").response_metadata
