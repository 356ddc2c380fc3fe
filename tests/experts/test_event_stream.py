"""Bodies as servers send them, in whatever pieces they come."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.experts.error_bodies import LostAnswerError, ServedError
from avengers_graph.experts.event_stream import Event, data_of, events_of, is_stream, text_of

ONE, TWO = Event({"n": 1}), Event({"n": "zw\u00f6lf \u2028 \N{GRINNING FACE}"})


def written(event: Event) -> str:
    return f"data: {json.dumps(event.data, ensure_ascii=False)}\n\n"


STREAM = written(ONE) + written(TWO)


def read(*pieces: bytes) -> list[Event]:
    async def body() -> AsyncGenerator[bytes]:
        for piece in pieces:
            yield piece

    async def events() -> list[Event]:
        return [event async for event in events_of(body())]

    return asyncio.run(events())


@pytest.mark.parametrize(
    "text",
    [
        STREAM,
        STREAM + "data: [DONE]\n\n",
        STREAM + "data:  [DONE] \n\ndata: {broken\n\n",
        STREAM.rstrip("\n"),
        STREAM + 'data: {"n": 3',
        STREAM.replace("\n", "\r\n"),
        STREAM.replace("\n", "\r"),
        STREAM.replace("data: ", "data:"),
        "\ufeff" + STREAM,
        ": OPENROUTER PROCESSING\n\n" + STREAM,
        "retry: 3000\n\n" + STREAM,
        "data:\n\ndata: ping\n\n" + STREAM,
        "event: ping\ndata: ping\n\n" + STREAM,
        "id: 1\n" + written(ONE) + ": ping\n\nid: 2\n" + written(TWO),
        STREAM.replace(": {", ": {\ndata: "),
    ],
)
def test_spellings_of_one_stream(text: str) -> None:
    assert is_stream(text_of(text.encode()))
    assert read(text.encode()) == [ONE, TWO]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, len(STREAM.encode())), max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_stream_may_be_cut_anywhere_on_its_way(cuts: Iterable[int], end: str) -> None:
    body = STREAM.replace("\n", end).encode()
    at = sorted({0, *cuts, len(body)})
    assert read(*(body[a:b] for a, b in pairwise(at))) == [ONE, TWO]


@pytest.mark.parametrize("whole", [{"choices": []}, [{"error": "late"}], "the server is ill"])
def test_a_document_that_is_labelled_a_stream(whole: Any) -> None:
    text = whole if isinstance(whole, str) else json.dumps(whole, indent=1)
    assert not is_stream(text)
    assert read(*(bytes([byte]) for byte in text.encode())) == [Event(whole, is_whole=True)]


def test_bytes_that_are_no_utf8_cost_one_character() -> None:
    assert read(b'data: {"n": "\xff"}\n\n') == [Event({"n": "\ufffd"})]
    assert text_of(b"\xef\xbb\xbf\xff") == "\ufffd"


@pytest.mark.parametrize(
    "event",
    [
        "event: error\ndata: overloaded\n\n" + STREAM,
        'event: error\ndata: {"message": "overloaded"}\n\n',
        "data: overloaded\n\n",
        "data: overloaded",
    ],
)
@pytest.mark.parametrize("before", ["", STREAM])
def test_an_event_that_is_an_error(before: str, event: str) -> None:
    with pytest.raises(ServedError, match="overloaded") as caught:
        read((before + event).encode())
    assert caught.value.status_code == 503


@pytest.mark.parametrize("body", [b"", b" \n", b'{"choices": [', b'data: {"n": \n\ndata: {}\n\n'])
def test_a_body_that_did_not_come_through(body: bytes) -> None:
    with pytest.raises(LostAnswerError):
        read(body)


def test_a_text_is_no_data() -> None:
    assert data_of("upstream is away") == "upstream is away"
    with pytest.raises(LostAnswerError, match="empty"):
        data_of("\n")
