"""JSON by its fields: which values are the same, and objects built field by field."""

import json
from typing import Any

import pytest

from avengers_graph.voting import vote
from avengers_graph.voting.kinds.json_value import merged


def classes(*values: Any) -> int:
    return len(vote([json.dumps({"field": value}) for value in values], kind="json").tally)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (0.1, "0.1"),
        (1200, "1,200"),
        (3, "3.0"),
        ("50%", 0.5),
        ("$5", "$5.00"),
        ("Paris", "paris!"),
        ("1 May 2021", "2021-05-01"),
    ],
)
def test_spellings_of_one_value(first: Any, second: Any) -> None:
    assert classes(first, second) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2021-05-01 09:00", "2021-05-01 18:00"),
        ("2021-05-01 09", "2021-05-01"),
        ("not 2020-01-02", "2020-01-02"),
        ("$5", "€5"),
        ("5 €", "5 $"),
        ("3.10", "3.1"),
        ("1,2", "1.2"),
        ("+49170", 49170),
        ("a.b", "a b"),
        ("C++", "C"),
        ("A-", "A"),
        ("-x", "x"),
        (None, "null"),
        (True, "true"),
    ],
)
def test_values_that_differ(first: Any, second: Any) -> None:
    assert classes(first, second) == 2


def test_half_a_surrogate_pair_is_an_answer_that_can_be_sent() -> None:
    answer = vote(['{"a": "\\ud800 é"}'], kind="json").answer
    assert answer is not None
    assert json.loads(answer.encode()) == {"a": "\ud800 é"}


def test_in_a_tie_a_field_has_its_earlier_value() -> None:
    first, second = {"a": 1}, {"a": 2}
    assert merged([(first, 1.0), (second, 1.0)]) == first
    assert merged([(second, 1.0), (first, 1.0)]) == second
    assert merged([(first, 1.0), (second, 1.1)]) == second


def test_in_a_tie_a_field_that_half_of_the_weight_lacks_stays() -> None:
    full, lacking = {"a": 1, "b": 2}, {"a": 1}
    assert merged([(full, 1.0), (lacking, 1.0)]) == full
    assert merged([(full, 1.0), (lacking, 1.1)]) == lacking


def test_values_are_weighed_together_however_they_are_spelled() -> None:
    values = [({"a": 9}, 1.5), ({"a": "1.0"}, 1.0), ({"a": 1}, 1.0)]
    assert merged(values) == {"a": "1.0"}


def test_json_compares_by_fields() -> None:
    first = '{"city": "Paris", "people": 2000000, "founded": "1 May 1200"}'
    second = (
        'Sure!\n```json\n{"people": "2,000,000", "founded": "1200-05-01", "city": "paris"}\n```'
    )
    assert len(vote([first, second], kind="json").tally) == 1
    assert len(vote([first, '{"city": "Rome"}'], kind="json").tally) == 2


def test_json_without_a_majority_takes_the_most_supported_object() -> None:
    texts = ['{"a": 1, "b": 9}', '{"a": 1, "b": 2}', '{"a": 3, "b": 2}']
    verdict = vote(texts, kind="json")
    assert verdict.winner == 1
    built = vote(['{"a": 1, "b": 9}', '{"a": 2, "b": 2}', '{"a": 1, "b": 2}'], kind="json",
                  merge=True)  # fmt: skip
    assert json.loads(built.answer or "") == {"a": 1, "b": 2}


def test_digits_behind_a_zero_are_a_code() -> None:
    assert len(vote(['{"code": "007"}', '{"code": "7"}'], kind="json").tally) == 2
    assert len(vote(['{"n": "7"}', '{"n": 7.0}'], kind="json").tally) == 1
    assert len(vote(['{"n": "0.5"}', '{"n": 0.5}'], kind="json").tally) == 1
