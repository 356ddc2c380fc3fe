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
from avengers_graph.experts.error_bodies import (
    LostAnswerError,
    NoCompletionError,
    likely_status,
    told_in,
    words_in,
)
from avengers_graph.experts.model_errors import ALL_OF_KIND
from avengers_graph.experts.model_list import closest_name
from avengers_graph.experts.redaction import without
from avengers_graph.settings.expert import Expert

_MAY_PASS = frozenset({408, 409, 429})
_BROKEN = frozenset({500, 502, 504})
_UNAUTHORISED = 401
_NOT_FOUND = 404
_NOT_SERVED = frozenset({_NOT_FOUND, 405})
"""What a server says to a path that it does not serve, or not to requests."""
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
_USE_HTTP = "check base_url: the server speaks no TLS, write http:// in place of https://"
_USE_HTTPS = "check base_url: the server speaks TLS only, write https:// in place of http://"
_MOST_NAMED = 10
"""Served models that a message names."""
_TOO_LONG = re.compile(
    r"context (?:length|size|window|limit)|context the overflows"
    r"|maximum (?:model|prompt|input) length"
    r"|(?:prompt|input|messages?) (?:is|are|was) too long|exceed\w* (?:the |your )?(?:\w+ )?context"
    r"|(?:input )?token(?: count|s)\b(?! per).{0,40}\bexceed|`inputs` tokens"
    r"|too many (?:input )?tokens|exceeded model token limit|tokens_limit_reached"
    r"|(?:prompt|input) exceeds max length|range of input length"
    r"|reduce the length|context_length_exceeded|exceed_context_size|ContextWindowExceeded",
    re.IGNORECASE,
)
_OVERFLOWS = frozenset({None, 400, 413, 422, 500})
"""The statuses that servers give to a prompt that is too long; None where there is no status."""
_UNKNOWN_PATH = re.compile(
    r"^(?:404[ :-]*)?not found\b|\b(?:file|page|path|resource|route|url)\b.{0,60}\bnot found\b"
    r"|no such route|\bmethod not allowed\b|\bcannot (?:get|post)\b"
    r"|\b(?:invalid|unknown|unexpected)\b.{0,20}\b(?:endpoint|path|url)\b",
    re.IGNORECASE,
)
"""How servers say that there is nothing under a path; of other things they say what is missing."""
_WRONG_SCHEME = re.compile(r"wrong.version.number|record.layer.failure|packet.length.too", re.I)
"""What comes of speaking TLS to a server that does not."""
_WANTS_TLS = re.compile(
    r"plain HTTP request.{0,30}HTTPS port|HTTP request to an HTTPS server", re.I
)
_ADDED_TO_IT = re.compile(r"/(?:chat/completions|completions|models|responses)/?$")
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
    return isinstance(error, openai.APIConnectionError | ConnectionError | LostAnswerError)


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


def is_of_unknown_model(error: BaseException) -> bool:
    """Whether an endpoint says that it has no such model."""
    words = words_in(_body_of(error)) or ""
    return status_of(error) == _NOT_FOUND and _UNKNOWN_MODEL.search(words) is not None


def as_expert_error(
    error: Exception, expert: Expert, *, secrets: Sequence[str], served: Sequence[str] = ()
) -> ExpertError:
    """Any failure of a call as one of ours: one line, without the secrets.

    Args:
        served: the models that the endpoint has, where that is known and helps.

    The error itself is not chained to it: those of clients hold the request with its key.
    """
    if isinstance(error, ExpertError):
        return error
    made, told = _told(error, expert, secrets=secrets, served=served)
    return made(
        told,
        kind=kind_of(error),
        is_retryable=may_pass(error),
        is_down=is_out_of_order(error),
        retry_after=retry_after(error),
    )


def _told(
    error: Exception, expert: Expert, *, secrets: Sequence[str], served: Sequence[str]
) -> tuple[type[ExpertError], str]:
    """Which of our errors a failure is, and its message."""
    where = expert.base_url or expert.provider
    if isinstance(error, _TIMEOUTS):
        return ExpertTimeoutError, f"no answer from {where} within {expert.timeout:g} s"
    if isinstance(error, openai.APIConnectionError):
        reason = _said(_innermost(error), secrets=secrets)
        made = ExpertUnreachableError if _never_connected(error) else ExpertError
        if _WRONG_SCHEME.search(reason):
            return made, f"cannot reach {where} ({reason}); {_USE_HTTP}"
        return made, f"cannot reach {where} ({reason}); is the server running?"
    text = _said(error, secrets=secrets)
    # What is lost is so within a completion: the URL was right.
    unread = isinstance(error, ValueError | TypeError | LookupError | AttributeError)
    lost = isinstance(error, LostAnswerError) or (unread and expert.llm is None)
    if lost or isinstance(error, NoCompletionError):
        told = f"{where} did not answer as an OpenAI-compatible endpoint ({text})"
        return ExpertResponseError, told if lost else f"{told}; {_url_remedy(expert)}"
    remedy = _remedy(error, expert, served=served)
    told = f"{where}: {text}"
    return ExpertError, told if remedy is None else f"{told}; {remedy}"


def _remedy(error: BaseException, expert: Expert, *, served: Sequence[str]) -> str | None:
    """What to do about a refusal, where that is known."""
    if _overflows(error):
        return _SHORTEN
    if status_of(error) == _UNAUTHORISED:
        return _key_remedy(expert)
    if is_of_unknown_model(error):
        return _model_remedy(expert.model_name, served)
    words = words_in(_body_of(error)) or ""
    if _WANTS_TLS.search(words):
        return _USE_HTTPS
    if status_of(error) in _NOT_SERVED and (not words or _UNKNOWN_PATH.search(words)):
        return _url_remedy(expert)
    return None


def _key_remedy(expert: Expert) -> str:
    if expert.llm is not None:
        return "check the key of the chat model object"
    if expert.api_key_env is None:
        return (
            "put its key into an environment variable, and the name of that variable into the "
            "expert's api_key_env"
        )
    return (
        f"check the key in the environment variable {expert.api_key_env!r}, which api_key_env names"
    )


def _model_remedy(model: str, served: Sequence[str]) -> str:
    if not served:
        return f"check the expert's model, {model!r}"
    meant = closest_name(model, served)
    names = ", ".join(served[:_MOST_NAMED])
    more = f" and {len(served) - _MOST_NAMED} more" if len(served) > _MOST_NAMED else ""
    hint = "" if meant is None else f"; did you mean {meant!r}?"
    return f"check the expert's model, {model!r}: the endpoint serves {names}{more}{hint}"


def _url_remedy(expert: Expert) -> str:
    added = _ADDED_TO_IT.search(expert.base_url or "")
    if added is not None:
        return f"check base_url: leave out {added[0].rstrip('/')}, which is added to it"
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
