"""Chat completions in the shapes that servers send them."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.experts.error_bodies import LostAnswerError, NoCompletionError, ServedError
from avengers_graph.experts.wire import (
    EXTRAS,
    mended,
    read_chunk,
    read_completion,
    read_usage,
    whole_arguments,
)


def completion(*messages: Any, **more: Any) -> dict[str, Any]:
    """A body with one choice for each message."""
    choices = [{"index": i, "message": m, "finish_reason": "stop"} for i, m in enumerate(messages)]
    return {"id": "x", "model": "m", "choices": choices, **more}


def call(arguments: Any, name: Any = "add", identity: Any = "c1") -> dict[str, Any]:
    """A message with one call."""
    function = {"name": name, "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": identity, "function": function}],
    }


@pytest.mark.parametrize("role", [None, "", "model", "user", "tool", "system", 7])
def test_a_choice_is_the_assistants_whatever_its_role(role: object) -> None:
    (answer,) = read_completion(completion({"role": role, "content": "13"}))
    assert (answer.type, answer.content) == ("ai", "13")


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ('{"a": 6}', {"a": 6}),
        ({"a": 6}, {"a": 6}),
        ("", {}),
        (None, {}),
        ("null", {}),
        ('{"a": "one\ntwo"}', {"a": "one\ntwo"}),
        (r'{"a": "\ud83d"}', {"a": "\N{REPLACEMENT CHARACTER}"}),
    ],
)
def test_arguments_that_can_be_read(arguments: object, args: dict[str, Any]) -> None:
    (answer,) = read_completion(completion(call(arguments)))
    assert [(c["name"], c["args"], c["id"]) for c in answer.tool_calls] == [("add", args, "c1")]
    assert answer.invalid_tool_calls == []


@pytest.mark.parametrize(
    "arguments",
    [
        "[6, 7]",
        "42",
        '"{\\"a\\": 6}"',
        '{"a": 6',
        '{"a": 6} and',
        [6, 7],
        42,
        True,
        " ",
        "[" * 5000,
    ],
)
def test_other_arguments_make_an_invalid_call(arguments: object) -> None:
    good, bad = read_completion(completion(call('{"a": 6}'), call(arguments)))
    assert good.tool_calls
    assert (bad.tool_calls, len(bad.invalid_tool_calls)) == ([], 1)
    assert bad.invalid_tool_calls[0]["name"] == "add"


def test_a_call_broken_off_before_its_arguments_is_invalid() -> None:
    body = completion(call(""))
    body["choices"][0]["finish_reason"] = "length"
    (answer,) = read_completion(body)
    assert (answer.tool_calls, len(answer.invalid_tool_calls)) == ([], 1)


def test_calls_have_ids_of_their_own_and_names() -> None:
    calls = [call("{}", identity=i)["tool_calls"][0] for i in ("c1", "c1", None, "", 7)]
    (answer,) = read_completion(completion({"tool_calls": calls}))
    assert len({c["id"] for c in answer.tool_calls}) == 5
    for nameless in (None, "", 7):
        (answer,) = read_completion(completion(call("{}", name=nameless)))
        assert (answer.tool_calls, len(answer.invalid_tool_calls)) == ([], 1)


def test_a_call_in_the_form_before_there_were_several() -> None:
    (answer,) = read_completion(completion({"function_call": {"name": "add", "arguments": "{}"}}))
    assert [c["name"] for c in answer.tool_calls] == ["add"]


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "13", "reasoning_content": "six"}, "13", "six"),
        ({"content": "13", "reasoning": "six"}, "13", "six"),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "six"}]},
                    {"type": "text", "text": "1"},
                    "3",
                ]
            },
            "13",
            "six",
        ),
        ({"content": None, "reasoning_content": "six"}, "", "six"),
        ({"content": 13}, "", None),
    ],
)
def test_text_and_reasoning(message: dict[str, Any], text: str, reasoning: str | None) -> None:
    (answer,) = read_completion(completion(message))
    assert answer.content == text
    assert answer.additional_kwargs.get("reasoning_content") == reasoning


@pytest.mark.parametrize("reason", [None, "", 7])
def test_a_reason_that_was_not_sent_is_not_made_up(reason: object) -> None:
    body = completion({"content": "13"})
    body["choices"][0]["finish_reason"] = reason
    assert "finish_reason" not in read_completion(body)[0].response_metadata
    body["choices"][0]["finish_reason"] = "MAX_TOKENS"
    assert read_completion(body)[0].response_metadata["finish_reason"] == "MAX_TOKENS"


def test_one_choice_without_a_message_costs_that_choice() -> None:
    first, second = read_completion(completion({"content": "13"}, None))
    assert (first.content, second.content) == ("13", "")
    with pytest.raises(LostAnswerError, match="no message"):
        read_completion(completion(None, None))


def test_an_error_in_each_choice_is_the_answers_error() -> None:
    body = completion({"content": ""}, {"content": "13"})
    body["choices"][0]["error"] = {"message": "upstream died", "code": 502}
    assert [answer.content for answer in read_completion(body)] == ["", "13"]
    with pytest.raises(ServedError, match="upstream died"):
        read_completion({"choices": body["choices"][:1]})
    with pytest.raises(ServedError, match="upstream died"):
        read_chunk({"choices": body["choices"][:1]})


def test_an_answer_whose_choices_are_null_is_lost() -> None:
    with pytest.raises(LostAnswerError):
        read_completion({"choices": None})


def test_a_delta_holds_what_is_new_whatever_message_stands_beside_it() -> None:
    chunk = read_chunk({"choices": [{"delta": None, "message": {"content": "all of it"}}]})
    assert chunk is not None
    assert chunk.content == ""
    assert read_chunk({"choices": [{"index": "0", "delta": {"content": "1"}}]}) is not None


@pytest.mark.parametrize(
    "body", [[1], [1, 2], "text", None, {"choices": 3}, {"id": "x"}, "<!doctype html>"]
)
def test_what_is_no_completion(body: object) -> None:
    with pytest.raises(NoCompletionError):
        read_completion(body)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "slow down", "code": 429}},
        {"error": "slow down"},
        {"object": "error", "message": "slow down"},
        {"detail": "slow down"},
        {"choices": [], "error": {"message": "slow down"}},
        {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "slow down"}},
        {"error_code": 18, "error_msg": "slow down"},
        [{"error": {"message": "slow down", "code": 429}}],
    ],
)
def test_an_error_in_place_of_an_answer(body: object) -> None:
    for read in (read_completion, read_chunk):
        with pytest.raises(ServedError, match="slow down"):
            read(body)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 99}, (3, 4, 7)),
        ({"prompt_tokens": 3, "completion_tokens": None}, (3, 0, 3)),
        ({"input_tokens": 3, "output_tokens": 4.0}, (3, 4, 7)),
        ({"prompt_tokens": "3", "completion_tokens": 4}, (0, 4, 4)),
        ({"prompt_tokens": -1, "completion_tokens": 4}, (0, 4, 4)),
    ],
)
def test_usage_is_what_can_be_read_of_it(
    usage: dict[str, Any], counts: tuple[int, int, int]
) -> None:
    found = read_usage(usage)
    assert found is not None
    assert (found["input_tokens"], found["output_tokens"], found["total_tokens"]) == counts


@pytest.mark.parametrize("usage", [None, {}, [], "5", {"prompt_tokens": None}, {"total_tokens": 3}])
def test_usage_that_says_nothing(usage: object) -> None:
    assert read_usage(usage) is None


def test_what_goes_back_to_the_server_is_kept() -> None:
    signature = {"google": {"thought_signature": "s"}}
    signed = {**call("{}")["tool_calls"][0], "extra_content": signature}
    details = [{"type": "reasoning.encrypted", "data": "d"}]
    (answer,) = read_completion(completion({"tool_calls": [signed], "reasoning_details": details}))
    assert answer.additional_kwargs[EXTRAS] == {
        "message": {"reasoning_details": details},
        "calls": {"c1": {"extra_content": signature}},
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CALL = st.fixed_dictionaries(
    {"function": JSON | st.fixed_dictionaries({"name": JSON, "arguments": JSON})},
    optional={"id": JSON, "index": JSON, "type": JSON},
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "role": JSON,
        "content": JSON | st.lists(st.fixed_dictionaries({"type": JSON, "text": JSON})),
        "tool_calls": JSON | st.lists(JSON | CALL),
        "function_call": JSON,
        "reasoning_content": JSON,
        "reasoning_details": JSON,
        "refusal": JSON,
    },
)
CHOICE = st.fixed_dictionaries(
    {"message": JSON | SAID, "delta": JSON | SAID},
    optional={"index": JSON, "finish_reason": JSON, "logprobs": JSON},
)
COUNTS = st.fixed_dictionaries({"prompt_tokens": JSON, "prompt_tokens_details": JSON})
BODY = st.fixed_dictionaries(
    {"choices": JSON | st.lists(JSON | CHOICE, max_size=3)},
    optional={"usage": JSON | COUNTS, "model": JSON, "error": JSON},
)


@given(body=JSON | BODY)
@settings(max_examples=200, deadline=None)
def test_any_json_is_read_or_refused(body: object) -> None:
    for read in (read_completion, read_chunk):
        with suppress(LostAnswerError, NoCompletionError, ServedError):
            read(body)


@given(args=st.dictionaries(st.text(), JSON, min_size=1, max_size=3), data=st.data())
@settings(max_examples=100, deadline=None)
def test_arguments_that_were_cut_off_are_never_completed(
    args: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(args)
    assert whole_arguments(text) == args
    cut = data.draw(st.integers(min_value=1, max_value=len(text) - 1))
    assert whole_arguments(text[:cut]) is None


@given(value=st.recursive(st.text(st.characters(codec=None)), lambda inner: st.lists(inner)))
@settings(max_examples=100, deadline=None)
def test_what_is_mended_can_be_sent(value: Any) -> None:
    json.dumps(mended(value), ensure_ascii=False).encode()


def test_whole_characters_stay() -> None:
    assert mended("\N{GRINNING FACE} \ud83d") == "\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"
