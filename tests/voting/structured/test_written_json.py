"""JSON in texts: every spelling of whole data is read, nothing that is cut off is completed."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.voting.structured.written_json import json_in, read_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=6), PLAIN, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (' {"a": 1}\n', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ("Here you are:\n```\n[1, 2]\n```\nAnything else?", [1, 2]),
        ('```json\n{"code": "```py```"}\n```', {"code": "```py```"}),
        ('{"a": 1}<|eot_id|>{"a": 2}', {"a": 1}),
        ('{"a": "</s>"}</s>', {"a": "</s>"}),
        ('Sure! {"a": 1} Is there anything else?', {"a": 1}),
        ('The set [0,1) and [a note] give {"a": 1}.', {"a": 1}),
        ('As in [1], it is {"a": 1}.', {"a": 1}),
        ('{"a": 1, "b": [2, 3,],}', {"a": 1, "b": [2, 3]}),
        ("{'a': True, 'b': None, 'c': 'say \"hi\"'}", {"a": True, "b": None, "c": 'say "hi"'}),
        ("{a: 1, // one\n /* two */ b_2: 2 # three\n}", {"a": 1, "b_2": 2}),
        ('{"a": +.5, "b": 5., "c": -.5e3}', {"a": 0.5, "b": 5, "c": -500.0}),
        ('{"my\\_key": "\\d", "q": "it\\\'s"}', {"my_key": "\\d", "q": "it's"}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ("3", 3),
    ],
)
def test_whole_data_are_read(text: str, data: Any) -> None:
    assert json_in(text) == data


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1',
        '{"a": {"b": 1}, "c',
        '{"a": "/srv/da',
        "['a', 'b",
        "{'a': 1, /* and",
        "['a', 'b {\"c\": 1}",
        "['a', /* [1] {'b': 2}",
        '```json\n{"a": 1, "b"\n```',
        "no data, not even {",
        "[" * 5000,
        '{"a": ' + "[" * 5000,
    ],
)
def test_what_is_cut_off_is_not_completed(text: str) -> None:
    assert json_in(text) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": foo}',
        '{"a": 1 "b": 2}',
        '{"a": 007}',
        "[1,,2]",
        "[,]",
        "{'a': it's}",
        "[Paris]",
        "\\frac{1}{2}",
        "function f() { return x; }",
        '{"a": ' * 60 + "1" + "}" * 60,
    ],
)
def test_what_is_left_open_is_not_guessed(text: str) -> None:
    assert json_in(text) is None


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a": 1}\nWait, no: {"a": 2}', {"a": 2}),
        ('```json\n{"a": 1, "b": 2}\n```\nCorrected:\n```json\n{"a": 3}\n```', {"a": 3}),
        ('{"a": 1, "b": 2}, where {"x": 2} would be wrong', {"a": 1, "b": 2}),
        ('{"a": 1} as in ```json\n{"a": 2}\n```', {"a": 2}),
        ('```json\n{"a": 1, "b": 2}\n``` where {"a": 7} is no choice', {"a": 1, "b": 2}),
        ('First {"a": foo}, then {"a": 2}', {"a": 2}),
        ('First {"a": 1}, then {"a": foo}', None),
        ('First {"a": 1}, then {"a": 2', None),
        ('By {"type": "object", "properties": {"a": {}}} it is {"a": 1}', {"a": 1}),
        ('```json\n{"a": 1}\n```\n```python\nx = {"a": 2}\n```', {"a": 1}),
        ('```json\n{"a": 1}\n{"a": 2}\n```', {"a": 2}),
        ('First [{"a": 1}], then [{"a": 2}, {"a": 3}]', [{"a": 2}, {"a": 3}]),
    ],
)
def test_the_last_object_about_the_same_counts(text: str, data: Any) -> None:
    assert json_in(text) == data


@settings(max_examples=150, deadline=None)
@given(data=OBJECTS)
def test_json_and_python_literals_read_back(data: dict[str, Any]) -> None:
    assert json_in(f"So: {json.dumps(data, indent=1)} Done.") == data
    assert read_json(json.dumps(data, ensure_ascii=False)) == data
    if "\\" not in repr(data):
        assert read_json(repr(data)) == data


@settings(max_examples=150, deadline=None)
@given(data=OBJECTS, kept=st.floats(0, 1), written=st.sampled_from([json.dumps, repr]))
def test_no_beginning_of_an_object_is_read(data: Any, kept: float, written: Any) -> None:
    text = written(data)
    beginning = text[: int(kept * (len(text) - 1))]
    assert json_in(beginning) is None
    assert json_in(f"So: {beginning}") is None


@pytest.mark.parametrize(
    "unit",
    ["[", "{", "{'", "{#", "[/*", "[1)", "{a:b}", "{a:1}", "['a' ", '{"a": b}', "{a:'", '{"a":'],
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (24_000 // len(unit))
    start = time.thread_time()
    json_in(text)
    assert time.thread_time() - start < 0.2
