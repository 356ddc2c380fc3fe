"""What went wrong with a call: whether to try again, and how to say it in one line."""

import asyncio
import email.utils
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import openai
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from avengers_graph.errors import (
    ExpertError,
    ExpertResponseError,
    ExpertTimeoutError,
    ExpertUnreachableError,
)
from avengers_graph.experts.error_bodies import NoCompletionError, likely_status, told_in, words_in
from avengers_graph.experts.model_errors import ALL_OF_KIND
from avengers_graph.experts.redaction import without
from avengers_graph.settings.expert import Expert

_MAY_PASS = frozenset({408, 409, 429})
_BROKEN = frozenset({500, 502, 504})
_NOT_FOUND = 404
_TIMEOUTS = openai.APITimeoutError | TimeoutError | asyncio.TimeoutError
_KIND_OF_STATUS: Mapping[int, type[ModelError]] = {
    400: ModelInvalidRequestError,
    401: ModelAuthenticationError,
    403: ModelPermissionDeniedError,
    404: ModelNotFoundError,
    408: ModelTimeoutError,
    413: ModelInvalidRequestError,
    422: ModelInvalidRequestError,
    429: ModelRateLimitError,
}
_CHECK_URL = "check base_url, it usually ends in /v1"
_TOO_LONG = re.compile(
    r"context (?:length|size|window|limit)|context the overflows"
    r"|maximum (?:model|prompt|input) length"
    r"|(?:prompt|input|messages?) (?:is|are|was) too long|exceed\w* (?:the |your )?(?:\w+ )?context"
    r"|(?:input )?token(?: count|s)\b.{0,40}\bexceed|`inputs` tokens|too many (?:input )?tokens"
    r"|reduce the length|context_length_exceeded|exceed_context_size|ContextWindowExceeded",
    re.IGNORECASE,
)
_OVERFLOWS = frozenset({None, 400, 413, 422, 500})
"""The statuses that servers give to a prompt that is too long; None where there is no status."""
_UNKNOWN_MODEL = re.compile(r"\bmodel", re.IGNORECASE)
_SHORTEN = (
    "the prompt is too long for it: shorten the conversation, start the server with a longer "
    "context, or set the expert's context_length so that it is passed over"
)


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed when it is sent again."""
    if isinstance(error, ExpertTimeoutError | TimeoutError | asyncio.TimeoutError):
        return True
    if isinstance(error, ExpertError):
        return error.is_retryable
    status = status_of(error)
    if status is not None:
        return (status in _MAY_PASS or status >= 500) and not _overflows(error)
    if isinstance(error, ModelError):
        return bool(error.is_retryable)
    return isinstance(error, openai.APIConnectionError | ConnectionError)


def is_out_of_order(error: BaseException) -> bool:
    """Whether a failure says that the expert is down, and not only busy or asked wrongly."""
    status = status_of(error)
    return may_pass(error) and (status is None or status in _BROKEN)


def status_of(error: BaseException) -> int | None:
    """The HTTP status behind an error, or the one that its body names; None without."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else likely_status(_body_of(error))


def _body_of(error: BaseException) -> object:
    """What a server sent with an error; LangChain's own models have it as a ValueError's value."""
    first = error.args[0] if isinstance(error, ValueError) and error.args else None
    return getattr(error, "body", first if isinstance(first, Mapping) else None)


def kind_of(error: BaseException) -> type[ModelError] | None:
    """The LangChain error for a failure of this sort, a key of ``ALL_OF_KIND``; None without."""
    if _overflows(error):
        return ContextOverflowError
    if isinstance(error, ModelError):
        return next((kind for kind in ALL_OF_KIND if isinstance(error, kind)), None)
    status = status_of(error)
    if status is not None:
        return ModelAPIError if status >= 500 else _KIND_OF_STATUS.get(status)
    if isinstance(error, _TIMEOUTS):
        return ModelTimeoutError
    unreachable = isinstance(error, openai.APIConnectionError | ConnectionError)
    return ModelConnectionError if unreachable else None


def retry_after(error: BaseException) -> float | None:
    """Seconds the server asked to wait (``Retry-After``: seconds or a date), None without."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    value = headers.get("retry-after") if headers is not None else None
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def as_expert_error(error: Exception, expert: Expert, *, secrets: Sequence[str]) -> ExpertError:
    """Any failure of a call as one of ours: one line, without the secrets.

    The error itself is not chained to it: those of clients hold the request with its key.
    """
    if isinstance(error, ExpertError):
        return error
    made, told = _told(error, expert, secrets=secrets)
    return made(
        told,
        kind=kind_of(error),
        is_retryable=may_pass(error),
        is_down=is_out_of_order(error),
        retry_after=retry_after(error),
    )


def _told(
    error: Exception, expert: Expert, *, secrets: Sequence[str]
) -> tuple[type[ExpertError], str]:
    """Which of our errors a failure is, and its message."""
    where = expert.base_url or expert.provider
    if isinstance(error, _TIMEOUTS):
        return ExpertTimeoutError, f"no answer from {where} within {expert.timeout:g} s"
    if isinstance(error, openai.APIConnectionError):
        reason = _said(_innermost(error), secrets=secrets)
        made = ExpertUnreachableError if _never_connected(error) else ExpertError
        return made, f"cannot reach {where} ({reason}); is the server running?"
    text = _said(error, secrets=secrets)
    lost = isinstance(error, ValueError | TypeError | LookupError | AttributeError)
    if isinstance(error, NoCompletionError) or (lost and expert.llm is None):
        told = f"{where} did not answer as an OpenAI-compatible endpoint ({text})"
        # What is lost is so within a completion: the URL was right.
        return ExpertResponseError, told if lost else f"{told}; {_CHECK_URL}"
    remedy = _remedy(error, expert)
    return ExpertError, f"{where}: {text}" + (f"; {remedy}" if remedy else "")


def _remedy(error: BaseException, expert: Expert) -> str | None:
    """What to do about a refusal, where that is known."""
    if _overflows(error):
        return _SHORTEN
    if status_of(error) != _NOT_FOUND:
        return None
    if _UNKNOWN_MODEL.search(words_in(_body_of(error)) or ""):
        return f"check the expert's model, {expert.model_name!r}"
    return _CHECK_URL


def _overflows(error: BaseException) -> bool:
    """Whether the prompt was longer than the model's context, as servers say it."""
    if isinstance(error, ContextOverflowError):
        return True
    if status_of(error) not in _OVERFLOWS:
        return False
    return _TOO_LONG.search(f"{error} {told_in(getattr(error, 'body', None))}") is not None


def _never_connected(error: BaseException) -> bool:
    """Whether not even a connection came about, as where no server runs.

    The type is known by its name: which HTTP library it is from depends on the client's version.
    """
    while error.__cause__ is not None:
        error = error.__cause__
        if type(error).__name__ == "ConnectError":
            return True
    return False


def _innermost(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _said(error: BaseException, *, secrets: Sequence[str]) -> str:
    """What a failure says on one line, the server's words where it has any, without secrets."""
    words = words_in(_body_of(error))
    status = status_of(error)
    if words is None:
        text = str(error) or type(error).__name__
    else:
        text = words if status is None else f"Error code: {status} - {words}"
    return _one_line(without(text, secrets))


def _one_line(text: str, *, limit: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit] + "..."
