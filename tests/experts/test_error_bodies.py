"""Errors in the shapes that servers send them."""

from typing import Any

import pytest

from avengers_graph.experts.error_bodies import (
    is_error,
    likely_status,
    status_in,
    told_in,
    words_in,
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "too long", "code": 400}}, "too long"),
        ({"error": "too long"}, "too long"),
        ({"message": "too long"}, "too long"),
        ({"detail": "too long"}, "too long"),
        ({"detail": [{"loc": ["body", "n"], "msg": "too long"}]}, "body.n: too long"),
        ({"message": {"detail": [{"msg": "too long"}]}}, "too long"),
        ({"errors": [{"message": "too"}, {"message": "long"}]}, "too; long"),
        ({"error": {"message": "too long"}, "message": "too long"}, "too long"),
        ({"error": "Bad Request", "message": "too long"}, "Bad Request; too long"),
        ({"error": '{"message": "too long"}'}, "too long"),
        ("too\n long", "too long"),
        (
            {"error": {"message": "Provider error", "metadata": {"raw": '{"detail": "busy"}'}}},
            "Provider error; busy",
        ),
        ("<!DOCTYPE html><title>Oops</title>", None),
        ({"error": {}}, None),
        ({}, None),
        (None, None),
        ([], None),
        ({"error": True, "code": 3}, None),
    ],
)
def test_the_servers_own_words(body: object, words: str | None) -> None:
    assert words_in(body) == words


def test_a_body_without_end_is_read_so_far() -> None:
    body: Any = "end"
    for _ in range(100):
        body = {"error": body}
    assert words_in(body) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 429}}, 429),
        ({"error": {"code": "429"}}, 429),
        ({"code": 502, "message": "x"}, 502),
        ({"error": {"code": "rate_limit_exceeded"}}, 429),
        ({"error": {"status": "RESOURCE_EXHAUSTED", "code": None}}, 429),
        ({"type": "error", "error": {"type": "overloaded_error"}}, 503),
        ({"statusCode": 404}, 404),
        ({"code": 200}, None),
        ({"code": 11}, None),
        ({"code": "x"}, None),
        ({"code": "\u0662\u0660"}, None),
        ("429", None),
        (None, None),
    ],
)
def test_the_status_that_a_body_names(body: object, status: int | None) -> None:
    assert status_in(body) == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": "Rate limit reached"}, 429),
        ({"error": {"message": "The server is overloaded, try again later"}}, 503),
        ({"error": "model 'alpha' not found"}, 404),
        ({"error": {"message": "Invalid API key", "code": 403}}, 403),
        ({"error": "bad tool"}, None),
        (None, None),
    ],
)
def test_an_error_without_a_status_is_known_by_its_words(body: object, status: int | None) -> None:
    assert likely_status(body) == status


def test_words_and_names_can_be_looked_through() -> None:
    body = {"error": {"message": "Bad", "param": "temperature", "code": "unsupported_value"}}
    assert told_in(body) == "Bad unsupported_value temperature"


@pytest.mark.parametrize("body", [{"error": "x"}, {"object": "error"}, {"detail": "x"}])
def test_what_is_an_error(body: dict[str, Any]) -> None:
    assert is_error(body)


@pytest.mark.parametrize(
    "body",
    [{"choices": []}, {"choices": [], "error": None}, {"id": "x"}, {"choices": 1, "detail": 3}],
)
def test_what_is_none(body: dict[str, Any]) -> None:
    assert not is_error(body)
