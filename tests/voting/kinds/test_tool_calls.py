"""Tool calls: which are the same, which are right, and how they stand against words."""

import json
from typing import Any

import pytest

from avengers_graph.voting import Tally, ToolTally, is_correct, vote

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "default": 1},
                "unit": {"type": "string", "enum": ["Celsius", "Fahrenheit"]},
                "note": {"type": ["string", "null"], "default": "none"},
            },
            "required": ["city"],
        },
    },
}


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"content": "", "tool_calls": [{"name": name, "args": arguments, "id": "x"}]}


def test_tool_calls_compare_by_tool_and_arguments() -> None:
    tagged = '<tool_call>{"name": "weather", "arguments": {"city": "Paris"}}</tool_call>'
    verdict = vote([call("weather", city="Paris"), tagged, call("time"), "It is sunny."])
    assert verdict.kind == "tool_calls" or verdict.tally
    verdict = vote([call("weather", city="Paris"), tagged, call("time")], kind="tool_calls")
    assert verdict.tally[0]["samples"] == [0, 1]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"n": 7}, {"n": 7.0}, True),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ({"n": "7"}, {"n": 7}, False),
        ({"n": True}, {"n": 1}, False),
        ({"path": "/srv/Data"}, {"path": "/srv/data"}, False),
        ({"code": "007"}, {"code": "7"}, False),
        ({"text": "aB"}, {"text": "AB."}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
    ],
)
def test_arguments_are_compared_to_the_letter(one: Any, other: Any, equal: bool) -> None:
    verdict = vote([call("f", **one), call("f", **other)], kind="tool_calls")
    assert len(verdict.tally) == (1 if equal else 2)


def test_a_call_made_twice_is_not_a_call_made_once() -> None:
    pay = {"name": "pay", "args": {"amount": 1}, "id": "x"}
    twice = {"content": "", "tool_calls": [pay, pay]}
    verdict = vote([twice, call("pay", amount=1), call("pay", amount=1)], kind="tool_calls")
    assert verdict.tally[0]["samples"] == [1, 2]
    other = {"name": "log", "args": {}, "id": "y"}
    orders = [{"content": "", "tool_calls": calls} for calls in ([pay, other], [other, pay])]
    assert len(vote(orders, kind="tool_calls").tally) == 1


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ({"city": "Paris", "days": 1}, {"city": "Paris"}, True),
        ({"city": "Paris", "days": 1.0}, {"city": "Paris"}, True),
        ({"city": "Paris", "unit": None}, {"city": "Paris"}, True),
        ({"city": "Paris", "unit": "celsius"}, {"city": "Paris", "unit": "Celsius"}, True),
        ({"city": "Paris", "days": 2}, {"city": "Paris"}, False),
        ({"city": "Paris", "days": True}, {"city": "Paris"}, False),
        ({"city": "Paris", "note": None}, {"city": "Paris"}, False),
        ({"city": "Paris", "unit": "celsius"}, {"city": "Paris", "unit": "Fahrenheit"}, False),
        ({"city": "Paris"}, {"city": "paris"}, False),
    ],
)
def test_the_schema_tells_what_is_the_same(
    first: dict[str, Any], second: dict[str, Any], equal: bool
) -> None:
    samples = [call("weather", **first), call("weather", **second)]
    verdict = vote(samples, kind="tool_calls", tools=[WEATHER])
    assert len(verdict.tally) == (1 if equal else 2)


def test_without_a_schema_null_is_as_good_as_left_out() -> None:
    samples = [call("f", x=1, u=None), call("f", x=1), call("f", x=1, u=0)]
    assert [row["votes"] for row in vote(samples, kind="tool_calls").tally] == [2, 1]


@pytest.mark.parametrize(
    "text",
    [
        'weather(city="Paris")',
        'weather("Paris")',
        '[weather(city="Paris", days=1)]',
        'Let me look.\n```json\n{"name": "weather", "parameters": {"city": "Paris"}}\n```',
        '<tool_call>{"name": "weather", "arguments": "{\\"city\\": \\"Paris\\"}"}</tool_call>',
    ],
)
def test_a_written_call_equals_the_call_of_a_message(text: str) -> None:
    verdict = vote([text, call("weather", city="Paris")], kind="tool_calls", tools=[WEATHER])
    assert verdict.tally[0]["votes"] == 2


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "weather", "arguments": {"city": "Par',
        '<tool_call>{"name": "weather", "arguments": {city}}</tool_call>',
        "<tool_call>weather in Paris</tool_call>",
        'weather(city="Paris"',
    ],
)
def test_calls_that_cannot_be_read_abstain(text: str) -> None:
    assert vote([text, text + " "], kind="tool_calls", tools=[WEATHER]).answer is None


def test_calls_of_tools_that_were_not_offered_do_not_outvote_real_ones() -> None:
    other = '{"name": "delete_all", "arguments": {}}'
    samples = [other, other, call("delete_all"), call("weather", city="Paris")]
    verdict = vote(samples, kind="tool_calls", tools=[WEATHER])
    assert verdict.winner == 3
    assert verdict.abstained == [0, 1, 2]


def tallied(*ballots: tuple[Any, float, int]) -> ToolTally:
    tally = ToolTally(Tally)
    for index, (sample, weight, rank) in enumerate(ballots):
        tally.add(index, sample, weight=weight, rank=rank)
    return tally


def test_a_tie_of_calls_and_words_goes_to_the_better_ranked_expert() -> None:
    said, called = "It is sunny.", call("weather", city="Paris")
    assert tallied((said, 1, 1), (called, 1, 0)).verdict().winner == 1
    assert tallied((said, 1, 0), (called, 1, 1)).verdict().winner == 0
    assert tallied((called, 1, 1), (said, 1, 0)).verdict().winner == 1


def test_a_tie_of_equal_ranks_goes_to_the_earlier_sample() -> None:
    said, called = "It is sunny.", call("weather", city="Paris")
    assert tallied((said, 1, 0), (called, 1, 0)).verdict().winner == 0
    assert tallied((called, 1, 0), (said, 1, 0)).verdict().winner == 0
    late = tallied((said, 1, 1), (called, 1, 0), (said, 1, 0), (called, 1, 1))
    assert late.verdict().winner == 1


def test_a_heavier_side_wins_whatever_its_rank() -> None:
    said, called = "It is sunny.", call("weather", city="Paris")
    assert tallied((said, 1, 0), (called, 1.1, 5)).verdict().winner == 1
    assert tallied((said, 1.1, 5), (called, 1, 0)).verdict().winner == 0
    assert tallied((said, 0.1, 0), (said, 0.2, 0), (called, 0.3, 1)).verdict().winner == 0


def test_a_side_that_can_still_draw_level_is_not_beaten() -> None:
    said, called = "It is sunny.", call("weather", city="Paris")
    tally = tallied((called, 1, 0), (called, 1, 0), (said, 1, 1))
    assert not tally.is_decided([1.0])
    assert not tally.is_decided([0.5, 0.5])
    assert tally.is_decided([0.9])
    assert tally.is_decided([])


REFERENCE = json.dumps({"weather": {"city": ["Paris", "Paris, France"], "days": ["", 1]}})


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("weather(city='Paris')", True),
        ("weather('Paris')", True),
        ("weather(city='paris france', days=1.0)", True),
        ('{"weather": {"city": "Paris"}}', True),
        ("weather(city='London')", False),
        ("weather(city='Paris', days=2)", False),
        ("weather(city='Paris', days='1')", False),
        ("weather(city='Paris', unit='Celsius')", False),
        ("weather(days=1)", False),
        ("forecast(city='Paris')", False),
        ("[weather(city='Paris'), weather(city='Paris')]", False),
        ("It is sunny in Paris.", False),
        ("<tool_call>{'name': 'weather', 'arguments': {'city': 'Paris'", False),
    ],
)
def test_graded_by_the_values_that_are_allowed(text: str, right: bool) -> None:
    assert is_correct(text, REFERENCE, kind="tool_calls") is right
    assert is_correct(text, REFERENCE, kind="tool_calls", tools=[WEATHER]) is right


def test_parallel_calls_are_graded_in_any_order() -> None:
    reference = json.dumps([{"f": {"x": [1]}}, {"f": {"x": [2], "y": [[1, 2]]}}])
    assert is_correct("[f(x=2, y=[1, 2]), f(x=1)]", reference, kind="tool_calls")
    assert not is_correct("[f(x=1), f(x=1)]", reference, kind="tool_calls")
    assert not is_correct("f(x=1)", reference, kind="tool_calls")


def test_numbers_are_graded_as_bfcl_does() -> None:
    reference = json.dumps({"f": {"x": [1.0], "y": [[1.0, 2.0], ""]}})
    assert is_correct("f(x=1)", reference, kind="tool_calls")
    assert is_correct("f(x=1, y=[1.0, 2.0])", reference, kind="tool_calls")
    assert not is_correct("f(x=1, y=[1, 2])", reference, kind="tool_calls")
    assert not is_correct("f(x=1, y=[1.0])", reference, kind="tool_calls")


def test_a_call_that_lacks_what_its_tool_requires_is_wrong() -> None:
    reference = json.dumps({"weather": {"city": ["Paris", ""]}})
    assert is_correct("weather()", reference, kind="tool_calls")
    assert not is_correct("weather()", reference, kind="tool_calls", tools=[WEATHER])


def test_objects_are_graded_field_by_field() -> None:
    reference = json.dumps({"f": {"where": [{"age": [25], "job": ["engineer", ""]}]}})
    assert is_correct("f(where={'age': 25})", reference, kind="tool_calls")
    assert is_correct("f(where={'age': 25, 'job': 'Engineer'})", reference, kind="tool_calls")
    assert not is_correct("f(where={'age': 26})", reference, kind="tool_calls")
    assert not is_correct("f(where={'job': 'engineer'})", reference, kind="tool_calls")


@pytest.mark.parametrize(
    "reference",
    ['[{"name": "weather", "args": {"city": "Paris"}}]', 'weather(city="Paris")'],
)
def test_graded_by_a_call(reference: str) -> None:
    assert is_correct(call("weather", city="Paris"), reference, kind="tool_calls")
    assert is_correct('weather("Paris")', reference, kind="tool_calls")
    assert not is_correct(call("weather", city="London"), reference, kind="tool_calls")
    assert not is_correct("It is sunny.", reference, kind="tool_calls")


def test_where_no_call_is_right_words_are() -> None:
    assert is_correct("It is sunny.", "[]", kind="tool_calls")
    assert not is_correct(call("weather", city="Paris"), "[]", kind="tool_calls")
    assert not is_correct("I'm sorry, I can't help with that.", "[]", kind="tool_calls")


def test_samples_that_mostly_call_are_compared_by_their_calls() -> None:
    assert vote([call("a"), call("b"), "x"]).kind == "tool_calls"
