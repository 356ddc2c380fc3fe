"""What ends a request, as the errors that LangChain's own recovery goes by.

Middleware and ``with_retry`` look for the types of ``langchain_core.exceptions`` and their
``is_retryable``. Each class here is ours and LangChain's in one.
"""

from collections.abc import Iterable, Mapping, Sequence

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
    AllExpertsFailedError,
    ConfigError,
    ExpertError,
    ExpertTimeoutError,
)
from avengers_graph.types import SampleRecord


class PromptTooLongError(ConfigError, ContextOverflowError):
    """Every expert that could take the request has too short a context for its prompt."""


class AllExpertsModelError(AllExpertsFailedError, ModelError):
    """The experts failed in different ways, or in one that LangChain has no type for.

    Args:
        causes: each expert's name and the reason of its last failure.
        is_retryable: whether one of the failures may pass; None for what the type says.
    """

    def __init__(self, causes: Mapping[str, str], *, is_retryable: bool | None = None) -> None:
        super().__init__(causes)
        if is_retryable is not None:
            self.is_retryable = is_retryable


class AllExpertsAPIError(AllExpertsModelError, ModelAPIError):
    """Every expert's server failed (HTTP 5xx)."""


class AllExpertsAuthenticationError(AllExpertsModelError, ModelAuthenticationError):
    """Every expert refused its key (HTTP 401)."""


class AllExpertsConnectionError(AllExpertsModelError, ModelConnectionError):
    """No expert could be reached."""


class AllExpertsContextOverflowError(AllExpertsModelError, ContextOverflowError):
    """The prompt was too long for every expert."""


class AllExpertsInvalidRequestError(AllExpertsModelError, ModelInvalidRequestError):
    """Every expert refused the request (HTTP 400, 413, 422)."""


class AllExpertsNotFoundError(AllExpertsModelError, ModelNotFoundError):
    """No expert's server has its model (HTTP 404)."""


class AllExpertsPermissionDeniedError(AllExpertsModelError, ModelPermissionDeniedError):
    """No expert's key permits the request (HTTP 403)."""


class AllExpertsRateLimitError(AllExpertsModelError, ModelRateLimitError):
    """Every expert is over its rate limit (HTTP 429)."""


class AllExpertsTimeoutError(AllExpertsModelError, ModelTimeoutError):
    """No expert answered in time."""


ALL_OF_KIND: Mapping[type[ModelError], type[AllExpertsModelError]] = {
    ContextOverflowError: AllExpertsContextOverflowError,
    ModelAPIError: AllExpertsAPIError,
    ModelAuthenticationError: AllExpertsAuthenticationError,
    ModelConnectionError: AllExpertsConnectionError,
    ModelInvalidRequestError: AllExpertsInvalidRequestError,
    ModelNotFoundError: AllExpertsNotFoundError,
    ModelPermissionDeniedError: AllExpertsPermissionDeniedError,
    ModelRateLimitError: AllExpertsRateLimitError,
    ModelTimeoutError: AllExpertsTimeoutError,
}
"""What to raise when every expert failed in the same way."""


def all_failed(failures: Mapping[str, ExpertError]) -> AllExpertsModelError:
    """The error for a request that no expert answered.

    Args:
        failures: each expert's last one, by its name.
    """
    kinds = {failure.kind for failure in failures.values()}
    kind = kinds.pop() if len(kinds) == 1 else None
    made = AllExpertsModelError if kind is None else ALL_OF_KIND[kind]
    return made(
        {name: str(failure) for name, failure in failures.items()},
        is_retryable=any(failure.is_retryable for failure in failures.values()),
    )


def nobody_answered(
    records: Sequence[SampleRecord],
    raised: Mapping[int, ExpertError],
    *,
    ranked: Iterable[str],
    deadline: float | None,
) -> AllExpertsModelError:
    """The error for a request that ended without one answer: each expert's last failure.

    Args:
        records: all samples of the request; none where the deadline passed before the first call.
        raised: the errors behind the records as far as they are at hand, by index.
        ranked: the experts that were to be asked.
        deadline: seconds that the request was given.
    """
    if not records:
        late = _late(f"not asked within {deadline} s")
        return all_failed(dict.fromkeys(ranked, late))
    last = {record["expert"]: record for record in records}
    return all_failed(
        {
            name: raised.get(record["index"]) or _recalled(record, deadline=deadline)
            for name, record in last.items()
        }
    )


def _recalled(record: SampleRecord, *, deadline: float | None) -> ExpertError:
    """A failure that only its record tells of: called off, or from an earlier step's state."""
    if record["ended"] == "out_of_time":
        return _late(f"no answer before the deadline of {deadline:g} s")
    return ExpertError(record["error"] or "")


def _late(message: str) -> ExpertTimeoutError:
    return ExpertTimeoutError(message, kind=ModelTimeoutError, is_retryable=True)
