"""Tool calls that a model wrote into its text."""

from typing import Any

import pytest

from avengers_graph.experts.written_calls import written_calls

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("add", "today")]
ADD = {"name": "add", "args": {"a": 1, "b": 2}}
JSON = '{"name": "add", "arguments": {"a": 1, "b": 2}}'


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (JSON, [ADD]),
        (f"<tool_call>\n{JSON}\n</tool_call>", [ADD]),
        (f"```json\n{JSON}\n```", [ADD]),
        (f"<tool_call>\n{JSON}\n</tool_call>\n<tool_call>\n{JSON}\n</tool_call>", [ADD, ADD]),
        (f"<tool_calls>\n```json\n{JSON}\n```\n\n```json\n{JSON}\n```", [ADD, ADD]),
        (f'{JSON}\n{{"name": "today", "args": {{}}}}', [ADD, {"name": "today", "args": {}}]),
        (
            f'[{JSON}, {{"name": "today", "parameters": {{}}}}]',
            [ADD, {"name": "today", "args": {}}],
        ),
        (f"{JSON}.00000000001.0000", [ADD]),
        (f'{JSON}\n{{"name": "add", "argu', [ADD]),
        (f"I will call {JSON}", []),
        ('{"name": "subtract", "arguments": {}}', []),
        ('{"name": "add", "arguments": "1, 2"}', []),
        ('{"a": 1}', []),
        ("[1, 2]", []),
        ("3", []),
        ("", []),
        ("[" * 100_000, []),
    ],
)
def test_calls_in_text(text: str, calls: list[dict[str, Any]]) -> None:
    assert written_calls(text, TOOLS) == calls


def test_nothing_is_a_call_without_tools() -> None:
    assert written_calls(JSON, []) == []


def test_arguments_alone_are_a_call_of_the_tool_that_must_be_called() -> None:
    person = {"type": "object", "properties": {"name": {}, "age": {}}}
    tools = [{"type": "function", "function": {"name": "Person", "parameters": person}}]
    text = '```json\n{"name": "Bo", "age": 31}\n```'
    assert written_calls(text, tools) == []
    assert written_calls(text, tools, forced="Person") == [
        {"name": "Person", "args": {"name": "Bo", "age": 31}}
    ]
    assert written_calls('{"city": "Oslo"}', tools, forced="Person") == []
    assert written_calls("{}", tools, forced="Person") == []
    assert written_calls("Bo is 31.", tools, forced="Person") == []
