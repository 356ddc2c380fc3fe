"""What a server says in the body of an error, in whatever shape it says it.

OpenAI's is ``{"error": {"message", "code"}}``; LM Studio and TGI send ``{"error": text}``, FastAPI
``{"detail": text or list}``, Mistral ``{"message": {"detail": [...]}}``, proxies plain text or a
page. The same bodies come with HTTP 200 and as an event of a stream.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_SAYING = (
    *("error", "errors", "message", "detail", "details", "msg", "error_description", "reason"),
    *("error_msg", "base_resp", "status_msg"),  # Baidu, MiniMax
)
"""Fields that hold words, or something that holds words."""
_COUNTING = ("code", "status", "status_code", "statusCode")
"""Fields that hold an HTTP status, or the name of one."""
_STATUS_OF_NAME: Mapping[str, int] = {
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "not_found": 404,
    "timeout": 408,
    "insufficient_quota": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "internal": 500,
    "internal_error": 500,
    "internal_server_error": 500,
    "server_error": 500,
    "overloaded": 503,
    "overloaded_error": 503,
    "unavailable": 503,
    "service_unavailable": 503,
    "deadline_exceeded": 504,
}
"""The names that OpenAI, Anthropic and Google have for what HTTP has a number for."""
_STATUS_OF_WORDS = tuple(
    (re.compile(said, re.IGNORECASE), status)
    for said, status in (
        (r"rate.?limit|too many requests|quota", 429),
        (r"overloaded|unavailable|at capacity|try again", 503),
        (r"timed? ?out", 504),
        (r"api key|unauthori[sz]ed|not authenticated|credentials", 401),
        (r"model\b.*\b(?:not found|does not exist)|(?:unknown|no such) model", 404),
    )
)
"""What an error is about that has neither a status nor a name."""
_PAGE = re.compile(r"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
_DEEPEST = 6
"""Levels of an error body that are looked into."""


class ServedError(Exception):
    """An error that came as the body of HTTP 200, or as an event of a stream.

    Args:
        body: of the answer, or the event.
    """

    def __init__(self, body: object) -> None:
        super().__init__(words_in(body) or "an error without words")
        self.body = body
        self.status_code = likely_status(body)


class NoCompletionError(Exception):
    """An answer that is no chat completion, and no error either."""


class LostAnswerError(Exception):
    """An answer that did not come through: empty, cut short, or without choices.

    Another try may bring it.
    """


def is_error(body: Mapping[str, Any]) -> bool:
    """Whether a body that came with HTTP 200 is an error."""
    if body.get("error") or body.get("object") == "error" or body.get("type") == "error":
        return True
    return not body.get("choices") and words_in(body) is not None


def words_in(body: object) -> str | None:
    """What the server says, its several remarks joined; None where it says nothing readable."""
    said: list[str] = []
    for words in _said(body, depth=0):
        text = " ".join(words.split())
        if text and not any(text in other for other in said):
            said.append(text)
    return "; ".join(said) or None


def told_in(body: object) -> str:
    """The words of a body with the names it gives to what is wrong, to look for either in it."""
    return " ".join([words_in(body) or "", *_names(body)])


def _names(body: object) -> Iterator[str]:
    if isinstance(body, Mapping):
        for name in ("code", "type", "param"):
            if isinstance(body.get(name), str):
                yield body[name]
        yield from _names(body.get("error"))


def is_page(body: object) -> bool:
    """Whether a body is a web page."""
    return isinstance(body, str) and _PAGE.match(body) is not None


def _said(body: object, *, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(body, str):
        inner = _as_json(body)
        if inner is not None:
            yield from _said(inner, depth=depth + 1)
        elif not is_page(body):
            yield body
    elif isinstance(body, list):
        for item in body:
            yield from _said(item, depth=depth + 1)
    elif isinstance(body, Mapping):
        where = body.get("loc")
        place = ".".join(map(str, where)) + ": " if isinstance(where, list | tuple) else ""
        for name in _SAYING:
            for words in _said(body.get(name), depth=depth + 1):
                yield place + words
        # OpenRouter has the words of the provider behind it there.
        metadata = body.get("metadata")
        if isinstance(metadata, Mapping):
            yield from _said(metadata.get("raw"), depth=depth + 1)


def _as_json(text: str) -> object:
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def status_in(body: object) -> int | None:
    """The HTTP status that a body names, by number or by name; None without."""
    if not isinstance(body, Mapping):
        return None
    inner = status_in(body.get("error"))
    if inner is not None:
        return inner
    for name in (*_COUNTING, "type"):
        status = _as_status(body.get(name))
        if status is not None:
            return status
    return None


def likely_status(body: object) -> int | None:
    """The status of an error that came without one: by its body, else by its words."""
    words = words_in(body) or ""
    by_words = (status for said, status in _STATUS_OF_WORDS if said.search(words))
    return status_in(body) or next(by_words, None)


def _as_status(value: object) -> int | None:
    if isinstance(value, str):
        if not value.isdecimal():
            return _STATUS_OF_NAME.get(value.lower())
        value = int(value[:4])
    return value if isinstance(value, int) and 400 <= value < 600 else None
