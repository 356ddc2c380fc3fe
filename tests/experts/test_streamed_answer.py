"""Streams whose pieces do not add up by themselves."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk

from avengers_graph.experts.streamed_answer import BROKEN_OFF, as_message, put_right
from avengers_graph.experts.wire import EXTRAS, read_chunk


def delta(finish: str | None = None, usage: Any = None, **fields: Any) -> dict[str, Any]:
    """An event with one delta."""
    choice = {"index": 0, "delta": fields, "finish_reason": finish}
    return {"model": "m", "choices": [choice], **({} if usage is None else {"usage": usage})}


def piece(arguments: Any = "", name: Any = None, identity: Any = None, index: Any = 0) -> Any:
    """A piece of a call; fields that are None are left out."""
    function = {"name": name, "arguments": arguments}
    fields = {
        "index": index,
        "id": identity,
        "function": {k: v for k, v in function.items() if v is not None},
    }
    return {key: value for key, value in fields.items() if value is not None}


END = delta("tool_calls")


def added_up(events: Sequence[Any], *, says_why: bool = True) -> AIMessageChunk:
    """The sum of a stream as it goes on to the caller."""

    async def chunks() -> AsyncGenerator[BaseMessage]:
        for event in events:
            read = event if isinstance(event, BaseMessage) else read_chunk(event)
            if read is not None:
                yield read

    async def whole() -> AIMessageChunk:
        found: Any = None
        async for chunk in put_right(chunks(), counts_all=True, says_why=says_why):
            found = chunk if found is None else found + chunk
        assert isinstance(found, AIMessageChunk)
        return found

    return asyncio.run(whole())


def message(events: Sequence[Any]) -> AIMessage:
    return as_message(added_up(events))


def calls(*pieces: Any) -> list[tuple[str, dict[str, Any]]]:
    """The calls of a stream that brings each item as one event; an item may be a list."""
    events = [delta(tool_calls=p if isinstance(p, list) else [p]) for p in pieces]
    answer = message([*events, END])
    assert answer.invalid_tool_calls == []
    ids = [call["id"] for call in answer.tool_calls]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    return [(call["name"], call["args"]) for call in answer.tool_calls]


SIX, ONE = '{"a": 6, "b": 7}', '{"a": 1, "b": 2}'
BOTH = [("add", {"a": 6, "b": 7}), ("add", {"a": 1, "b": 2})]


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(SIX, "add", "x1", 0), piece(ONE, "add", "x2", 1)],
        [piece(SIX, "add", "x1", 0), piece(ONE, "add", "x2", 0)],
        [[piece(SIX, "add", "x1", 0), piece(ONE, "add", "x2", 0)]],
        [piece(SIX, "add", None, 0), piece(ONE, "add", None, 0)],
        [piece(SIX, "add", "x1", 0), piece(ONE, "add", "x1", 0)],
        [piece(SIX, "add", "x1", 0), piece(ONE, "add", "x1", 1)],
        [piece(SIX, "add", "", 0), piece(ONE, "add", "", 1)],
        [piece(SIX, "add", "x1", None), piece(ONE, "add", "x2", None)],
        [piece(SIX, "add", None, None), piece(ONE, "add", None, None)],
        [piece("", "add", "x1", 0), piece(SIX), piece("", "add", "x2", 0), piece(ONE)],
        [
            piece("", "add", "x1", 0),
            piece("", "add", "x2", 1),
            piece('{"a": 6, ', index=0),
            piece('{"a": 1, ', index=1),
            piece('"b": 7}', index=0),
            piece('"b": 2}', index=1),
        ],
        [piece({"a": 6, "b": 7}, "add", "x1"), piece({"a": 1, "b": 2}, "add", "x2")],
        [
            piece('{"a": 6,', "add", "x1"),
            piece(' "b": 7}', "add", "x1"),
            piece('{"a": 1,', "add", "x2"),
            piece(' "b": 2}', "add", "x2"),
        ],
    ],
)
def test_parallel_calls(pieces: list[Any]) -> None:
    assert calls(*pieces) == BOTH


@pytest.mark.parametrize(
    "pieces",
    [
        [piece('{"a": 6,', "add", "x1"), piece(' "b": 7}', "add", "x1")],
        [piece('{"a": 6,', "add", "x1"), piece(' "b": 7}', "add", "x9")],
        [piece('{"a": 6,', "add", "x1", None), piece(' "b": 7}', index=None)],
        [piece('{"a": 6,', "add", "x1", None), piece(' "b": 7}', identity="x1", index=None)],
        [piece('{"a": 6,', "add", "x1", 0), piece(' "b": 7}', index=1)],
        [piece("", "add", "x1"), piece(SIX), piece("")],
        [piece(SIX, "add", "x1"), piece(SIX, "add", "x1")],
        [piece('{"a": 6,', None, "x1"), piece(' "b": 7}', "add", "x1")],
        [piece("\n{", "add", "x1"), piece('"a": 6, "b": 7}')],
    ],
)
def test_one_call_in_pieces(pieces: list[Any]) -> None:
    assert calls(*pieces) == BOTH[:1]


@pytest.mark.parametrize("nothing", ["", None, "null", "{}"])
def test_a_call_without_arguments(nothing: Any) -> None:
    assert calls(piece(nothing, "now", "x1")) == [("now", {})]


CUT = [
    ['{"a": 6, "b": 1'],
    ['{"a": 6,', ' "folder": "/srv/data/tm'],
    ["{"],
    ["[6, 7"],
    ["[6, 7]"],
    ["42"],
    ['"{\\"a\\": 6}"'],
    ['{"a": 6}{"b": 7}'],
    ['{"a": 6} and'],
]


@pytest.mark.parametrize("arguments", CUT)
@pytest.mark.parametrize("finish", ["length", "tool_calls", None])
def test_a_call_that_is_no_object_is_invalid(arguments: list[str], finish: str | None) -> None:
    first, *rest = arguments
    pieces = [piece(first, "add", "x1"), *(piece(a) for a in rest)]
    answer = message([*(delta(tool_calls=[p]) for p in pieces), delta(finish)])
    assert answer.tool_calls == []
    (bad,) = answer.invalid_tool_calls
    assert (bad["name"], bad["args"], bad["id"]) == ("add", "".join(arguments), "x1")


@pytest.mark.parametrize("end", [[delta("length")], [delta("MAX_TOKENS")], []])
def test_a_call_broken_off_before_its_arguments_is_invalid(end: list[Any]) -> None:
    answer = message([delta(tool_calls=[piece("", "delete_all", "x1")]), *end])
    assert (answer.tool_calls, len(answer.invalid_tool_calls)) == ([], 1)


def test_a_name_may_come_in_parts() -> None:
    parts = [piece("", "a", "c1"), piece(None, "dd"), piece('{"a": 6}')]
    assert calls(*parts) == [("add", {"a": 6})]


def test_pieces_of_two_calls_may_alternate_whatever_their_index_is_written_as() -> None:
    parts = [
        piece("", "add", "c1", "0"),
        piece("", "add", "c2", "1"),
        piece('{"a":', index="0"),
        piece('{"b":', index="1"),
        piece(" 6}", index="0"),
        piece(" 7}", index="1"),
    ]
    assert calls(*parts) == [("add", {"a": 6}), ("add", {"b": 7})]


def test_a_call_without_a_name_is_invalid() -> None:
    answer = message([delta(tool_calls=[piece(SIX, None, "x1")]), END])
    assert (answer.tool_calls, len(answer.invalid_tool_calls)) == ([], 1)


def test_a_reason_said_twice_is_said_once() -> None:
    whole = added_up([delta(content="13"), delta("length"), delta("length")])
    assert whole.response_metadata == {"finish_reason": "length", "model_name": "m"}


def test_a_stream_that_ends_without_a_reason_was_broken_off() -> None:
    whole = added_up([delta(content="13")])
    assert whole.response_metadata == {BROKEN_OFF: True}
    assert added_up([AIMessageChunk("13")], says_why=False).response_metadata == {}


def counts(written: int) -> dict[str, Any]:
    details = {"reasoning_tokens": written}
    return {"prompt_tokens": 10, "completion_tokens": written, "completion_tokens_details": details}


@pytest.mark.parametrize("reports", [[4], [1, 2, 3, 4, 4], [4, 4], [4, 0]])
def test_usage_is_counted_once(reports: list[int]) -> None:
    events = [delta(content="x", usage=counts(n)) for n in reports]
    usage = added_up([*events, delta("stop")]).usage_metadata
    assert usage is not None
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (10, 4, 14)
    assert usage["output_token_details"] == {"reasoning": 4}


def test_a_character_sent_in_two_halves_is_joined() -> None:
    high, low = "\ud83d", "\ude00"
    whole = added_up([delta(content=f"1{high}"), delta(content=f"{low}3{high}"), delta("stop")])
    assert whole.content == "1\N{GRINNING FACE}3\N{REPLACEMENT CHARACTER}"
    pieces = [piece(f'{{"a": "{high}', "add", "x1"), piece(f'{low}"}}')]
    assert calls(*pieces) == [("add", {"a": "\N{GRINNING FACE}"})]


def test_what_comes_beside_the_text() -> None:
    signed = {**piece("{}", "now", "x1"), "extra_content": {"signature": "s"}}
    whole = added_up(
        [
            delta(reasoning="six ", reasoning_details=[{"text": "six "}]),
            delta(reasoning_content="seven", reasoning_details=[{"text": "seven"}]),
            delta(tool_calls=[signed]),
            END,
        ]
    )
    assert whole.additional_kwargs == {
        "reasoning_content": "six seven",
        EXTRAS: {
            "message": {"reasoning_details": [{"text": "six "}, {"text": "seven"}]},
            "calls": {"x1": {"extra_content": {"signature": "s"}}},
        },
    }


def test_choices_that_nobody_asked_for_are_left_out() -> None:
    other = delta(content="no")
    other["choices"][0]["index"] = 1
    assert added_up([delta(content="yes"), other, delta("stop")]).content == "yes"


def test_content_blocks_become_text_and_reasoning() -> None:
    blocks: list[Any] = [
        {"type": "reasoning", "reasoning": "six", "index": 0},
        {"type": "text", "text": "13", "index": 1},
        {"type": "tool_call_chunk", "name": "now", "args": "", "id": "x1", "index": 2},
    ]
    called = tool_call_chunk(name="now", args="", id="x1", index=0)
    chunk = AIMessageChunk(blocks, tool_call_chunks=[called])
    whole = added_up([chunk], says_why=False)
    assert (whole.content, whole.additional_kwargs) == ("13", {"reasoning_content": "six"})
    assert [call["name"] for call in as_message(whole).tool_calls] == ["now"]


def test_a_whole_message_is_a_stream_of_one() -> None:
    given_calls: Any = [{"name": "add", "args": {"a": 1}, "id": "x1", "type": "tool_call"}] * 2
    whole = added_up([AIMessage("13", tool_calls=given_calls)], says_why=False)
    assert whole.content == "13"
    assert [call["args"] for call in as_message(whole).tool_calls] == [{"a": 1}]


ARGS = st.dictionaries(st.sampled_from("abc"), st.integers() | st.text(max_size=5), max_size=3)


@given(data=st.data(), wanted=st.lists(ARGS, min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_way_of_cutting_calls_into_pieces_gives_the_calls(
    data: st.DataObject, wanted: list[dict[str, Any]]
) -> None:
    indexed = data.draw(st.sampled_from(["own", "zero", "none"]))
    repeats_name, repeats_id = data.draw(st.booleans()), data.draw(st.booleans())
    pieces = []
    for number, args in enumerate(wanted):
        text = json.dumps(args)
        cut = data.draw(st.integers(min_value=0, max_value=len(text)))
        for position, part in enumerate((text[:cut], text[cut:])):
            first = position == 0
            pieces.append(
                piece(
                    part,
                    "add" if first or repeats_name else None,
                    f"x{number}" if first or repeats_id or repeats_name else None,
                    {"own": number, "zero": 0, "none": None}[indexed],
                )
            )
    assert calls(*pieces) == [("add", args) for args in wanted]
