"""Tool calls that a model wrote into its text, in the forms of many models."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.voting.structured.tools import read_tools
from avengers_graph.voting.structured.written_calls import written_calls


def spec(name: str, /, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


NUMBER, TEXT = {"type": "integer"}, {"type": "string"}
TOOLS = read_tools(
    [spec("add", a=NUMBER, b=NUMBER), spec("today"), spec("geo.find", place=TEXT, near=TEXT)]
)
ADD = {"type": "tool_call", "name": "add", "args": {"a": 1, "b": 2}}
TODAY = {"type": "tool_call", "name": "today", "args": {}}
FIND = {"type": "tool_call", "name": "geo.find", "args": {"place": "Bonn", "near": "Rhine"}}
JSON = '{"name": "add", "arguments": {"a": 1, "b": 2}}'
ARGS = '{"a": 1, "b": 2}'


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (JSON, [ADD]),
        (f"<tool_call>\n{JSON}\n</tool_call>", [ADD]),
        (f"<tool_call>{JSON}", [ADD]),
        (f"I will look.\n<tool_call>\n{JSON}\n</tool_call>", [ADD]),
        (f"```json\n{JSON}\n```", [ADD]),
        (f"Let me add.\n```json\n{JSON}\n```\nThis adds the numbers.", [ADD]),
        (f"I will call {JSON}", [ADD]),
        (f"<tool_call>\n{JSON}\n</tool_call>\n<tool_call>\n{JSON}\n</tool_call>", [ADD, ADD]),
        (f"<tool_calls>\n```json\n{JSON}\n```\n\n```json\n{JSON}\n```", [ADD, ADD]),
        (f'{JSON}\n{{"name": "today", "args": {{}}}}', [ADD, TODAY]),
        (f'[{JSON}, {{"name": "today", "parameters": {{}}}}]', [ADD, TODAY]),
        (f'{{"tool_calls": [{JSON}]}}', [ADD]),
        (f"{JSON}.00000000001.0000", [ADD]),
        (f"{JSON}<|eot_id|>{JSON}", [ADD]),
        ('{"name": "add", "arguments": {"a": 1, "b": 2,},}', [ADD]),
        ("{'name': 'add', 'arguments': {'a': 1, 'b': 2}}", [ADD]),
        ('{"type": "function", "function": {"name": "add", "arguments": ' + ARGS + "}}", [ADD]),
        (json.dumps({"name": "add", "arguments": ARGS}), [ADD]),
        (json.dumps({"name": "add", "arguments": json.dumps(ARGS)}), [ADD]),
        ('{"name": "today", "arguments": ""}', [TODAY]),
        ('{"name": "today"}', [TODAY]),
        ('{"tool": "add", "args": ' + ARGS + "}", [ADD]),
        ('{"action": "add", "action_input": ' + ARGS + "}", [ADD]),
        ('[{"add": ' + ARGS + "}]", [ADD]),
        (json.dumps([{"add": ARGS}]), [ADD]),
        (f"[TOOL_CALLS] [{JSON}]", [ADD]),
        (f"[TOOL_CALLS]add{ARGS}", [ADD]),
        (f"[TOOL_CALLS]add[ARGS]{ARGS}[TOOL_CALLS]today[ARGS]{{}}", [ADD, TODAY]),
        (f"[TOOL_CALLS]add[CALL_ID]x1[ARGS]{ARGS}", [ADD]),
        (f'<|python_tag|>{{"name": "add", "parameters": {ARGS}}}<|eom_id|>', [ADD]),
        ("<|python_tag|>add(a=1, b=2)", [ADD]),
        (f'<|python_tag|>{JSON}; {{"name": "today", "parameters": {{}}}}', [ADD, TODAY]),
        (f"<function=add>{ARGS}</function>", [ADD]),
        (f"Sure. <function=add>{ARGS}</function>", [ADD]),
        (
            "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n"
            "<parameter=b>\n2\n</parameter>\n</function>\n</tool_call>",
            [ADD],
        ),
        (
            '<invoke name="geo.find"><parameter name="place">Bonn</parameter>'
            '<parameter name="near">Rhine</parameter></invoke>',
            [FIND],
        ),
        (
            "<tool_call>add\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n"
            "<arg_key>b</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
            [ADD],
        ),
        (f"functools[{JSON}]", [ADD]),
        (f"<|tool_call|>[{JSON}]<|/tool_call|>", [ADD]),
        (
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n"
            f"```json\n{ARGS}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            [ADD],
        ),
        (
            f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{ARGS}<｜tool▁call▁end｜>"
            "<｜tool▁call▁begin｜>today<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            [ADD, TODAY],
        ),
        (
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0"
            f"<|tool_call_argument_begin|>{ARGS}<|tool_call_end|><|tool_calls_section_end|>",
            [ADD],
        ),
        (
            f"<|channel|>commentary to=functions.add <|constrain|>json<|message|>{ARGS}<|call|>",
            [ADD],
        ),
        (f"Thought: add.\nAction: add\nAction Input: {ARGS}", [ADD]),
        (f"add\n{ARGS}", [ADD]),
        ("add(a=1, b=2)", [ADD]),
        ("add(1, 2)", [ADD]),
        ("add(1, b=2);", [ADD]),
        ("[add(a=1, b=2), today()]", [ADD, TODAY]),
        ("add(a=1, b=2)\ntoday()", [ADD, TODAY]),
        ("add(a=1, b=2), today()", [ADD, TODAY]),
        ('add(**{"a": 1, "b": 2})', [ADD]),
        ("I will call add(a=1, b=2)", [ADD]),
        ("Let me see: `add(a=1, b=2)`", [ADD]),
        ("Let me see. [add(a=1, b=2)].", [ADD]),
        ("<|python_tag|>add.call(a=1, b=2)", [ADD]),
        (f"Let me make the call.add\n{ARGS}", [ADD]),
        (f'<tool_call name="add">{ARGS}</tool_call>', [ADD]),
        ('{"function_call": ' + JSON + "}", [ADD]),
        ("```tool_code\nadd(a=1, b=2)\n```", [ADD]),
        ("I add them:\n```python\nadd(a=1, b=2)\n```", [ADD]),
        ("[add(a=1, b=2)]\n\nThe above line adds.", [ADD]),
        ('geo.find("Bonn", near="Rhine")', [FIND]),
        ('geo_find(place="Bonn", near="Rhine")', [FIND]),
        ('functions.geo.find(place="Bonn", near="Rhine")', [FIND]),
        ('geo\\_find(place="Bonn", near="Rhine")', [FIND]),
    ],
)
def test_calls_in_text(text: str, calls: list[dict[str, Any]]) -> None:
    assert list(written_calls(text, TOOLS).made) == calls


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        "[1, 2]",
        "3",
        "",
        "The sum is add(a=1, b=2), which is 3.",
        "print(add(a=1, b=2))",
        "total = add(a=1, b=2)",
        "    return [add(a=1, b=2)]",
        "[add(a=1, b=2)][0]",
        "I called add(a=1, b=2) and got 3.",
        "You can use `add(a=1, b=2)`.",
        "Call add(a=1, b=2), which adds.",
        "```python\ntotal = add(a=1, b=2)\nprint(total)\n```",
        "[3] is a footnote, and [x](https://example.com) a link.",
        '{"name": "Bo", "age": 31}',
        '{"name": "add", "parameters": {"type": "object", "properties": {"a": {}}}}',
        "print('done')",
        "Answer\n{1, 2}",
    ],
)
def test_words_are_no_calls(text: str) -> None:
    assert written_calls(text, TOOLS).made == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "add", "arguments": {"a": 1',
        '<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}',
        '<tool_call>{"name": "add", "argu',
        "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n2",
        '[TOOL_CALLS]add{"a": 1, "b": 2',
        '<function=add>{"a": 1, "b"',
        "add(a=1, b=2",
        "add(a=1, b=n)",
        "add(1, 2, 3)",
        "add(1, a=2)",
        "[add(a=1, b=2), today(",
        "[add(a=1, b=2)",
        "<tool_call>add the numbers</tool_call>",
        '{"name": "add", "arguments": "1, 2"}',
        '{"name": "add", "arguments": [1, 2]}',
        f'{JSON}\n{{"name": "add", "argu',
        f"[{JSON}, 3]",
    ],
)
def test_what_cannot_be_read_whole_is_an_invalid_call(text: str) -> None:
    made = written_calls(text, TOOLS).made
    assert made[-1]["type"] == "invalid_tool_call"
    assert all(call["type"] == "invalid_tool_call" or call["args"] in ({}, ADD["args"])
               for call in made)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    form=st.sampled_from(
        [
            "<tool_call>{json}</tool_call>",
            "{json}",
            "```json\n{json}\n```",
            "[TOOL_CALLS]delete[ARGS]{args}",
            "<function=delete>{args}</function>",
            "delete(path={path})",
            "[delete(path={path})]",
            "<function=delete>\n<parameter=path>\n/srv/data/tmp\n</parameter>\n</function>",
        ]
    ),
    kept=st.floats(0, 1),
)
def test_a_call_cut_off_is_never_carried_out(form: str, kept: float) -> None:
    args = {"path": "/srv/data/tmp"}
    filled = (
        form.replace("{json}", json.dumps({"name": "delete", "arguments": args}))
        .replace("{args}", json.dumps(args))
        .replace("{path}", json.dumps(args["path"]))
    )
    tools = read_tools([spec("delete", path=TEXT)])
    for call in written_calls(filled[: int(kept * len(filled))], tools).made:
        assert call["type"] == "invalid_tool_call" or call["args"] == args


def test_what_was_said_before_the_calls_is_kept() -> None:
    assert written_calls(f"Let me add.\n```json\n{JSON}\n```", TOOLS).said == "Let me add."
    assert written_calls(f"So:\n<tool_call>{JSON}</tool_call>", TOOLS).said == "So:"


def test_a_call_of_a_tool_not_offered_is_a_call_all_the_same() -> None:
    for text in ('{"name": "drop", "arguments": {}}', "[drop(all=true)]", "drop(all=true)"):
        (call,) = written_calls(text, TOOLS).made
        assert call["name"] == "drop"


def test_marks_within_an_argument_do_not_end_it() -> None:
    args = {"text": "</tool_call> and <tool_call> and ```"}
    text = f"<tool_call>{json.dumps({'name': 'f', 'arguments': args})}</tool_call>"
    assert written_calls(text).made == ({"type": "tool_call", "name": "f", "args": args},)


def test_without_tools_a_text_is_taken_at_its_word() -> None:
    assert written_calls(JSON).made == (ADD,)
    assert written_calls("[add(a=1, b=2)]").made == (ADD,)
    assert written_calls("It is add(a=1, b=2).").made == ()
    assert written_calls("Answer\n{}").made == ()


def test_values_between_tags_are_as_the_schema_has_them() -> None:
    text = "<function=f><parameter=a>12</parameter><parameter=b>12</parameter></function>"
    (call,) = written_calls(text, read_tools([spec("f", a=TEXT, b=NUMBER)])).made
    assert call["args"] == {"a": "12", "b": 12}


def test_arguments_alone_are_a_call_of_the_tool_that_must_be_called() -> None:
    tools = read_tools([spec("Person", name={}, age={})])
    text = '```json\n{"name": "Bo", "age": 31}\n```'
    assert written_calls(text, tools).made == ()
    assert written_calls(text, tools, forced="Person").made == (
        {"type": "tool_call", "name": "Person", "args": {"name": "Bo", "age": 31}},
    )
    for other in ('{"city": "Oslo"}', "{}", "Bo is 31."):
        assert written_calls(other, tools, forced="Person").made == ()


@pytest.mark.parametrize(
    "unit",
    [
        *("[", "{", "f(", "f(\n", "<tool_call>", "<tool_call>{", '{"name": "f", ', "```\n", "[f("),
        *("<function=f>", "<function=f><parameter=a>", "f\n{", "<arg_key>a</arg_key>", "f(x=1)\n"),
        *("a.b.", "a.b(", "'", "f('", "[TOOL_CALLS]", "Action: f\n", "<invoke name='f'>", "f(x)\n"),
        *('{"name": "f", "arguments": {}}', "[f(x=1), ", "f\n<arg_key>", "-a", "{'name':", ",;"),
    ],
)
@pytest.mark.parametrize("tools", [(), read_tools([spec("f", x=NUMBER)])])
def test_no_text_takes_long(unit: str, tools: Any) -> None:
    text = unit * (24_000 // len(unit))
    start = time.thread_time()
    written_calls(text, tools)
    assert time.thread_time() - start < 0.2
