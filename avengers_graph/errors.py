"""Every error this package raises on purpose.

::

    AvengersError (RuntimeError)
    ├── ConfigError (ValueError)          the YAML, a Context field or a call parameter is wrong
    │   └── MissingKeyError               a key variable named by an expert is not set
    ├── RecordsError (ValueError)         a records or questions file cannot be used
    ├── EmbeddingError                    the embedding model cannot be loaded or misbehaves
    ├── ClusterIndexError
    │   ├── IndexNotFoundError            nothing was fitted at that place
    │   ├── IndexDamagedError             what is stored does not add up
    │   └── IndexMismatchError            fitted with another embedder or schema
    ├── ExpertError                       one expert's call failed
    │   ├── ExpertTimeoutError
    │   ├── ExpertUnreachableError        no connection could be made
    │   └── ExpertResponseError           it answered, but not as an OpenAI-compatible server
    ├── AllExpertsFailedError             nobody answered; names each expert's cause
    └── LocalModelError                   weights or a local server could not be had

Each message is one line: it quotes the offending value and says what to do next.

``AllExpertsFailedError`` is raised as the LangChain error that fits as well, and a ``ConfigError``
about a prompt that is too long for every expert as LangChain's ``ContextOverflowError``:
``experts.model_errors`` has these forms, so that importing this module loads no LangChain.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from langchain_core.exceptions import ModelError
    from pydantic import ValidationError

_NAMES_A_KEY = re.compile(
    r"(?:\w+[-_ ]?)?api[-_ ]?key|(?:(?:access|api|auth|bearer|secret)[-_ ]?)?(?:key|token)"
    r"|authorization|password|secret",
    re.IGNORECASE,
)
"""Names under which people write a key into a file."""
_WHERE_KEYS_BELONG = (
    "a key does not belong in a file: put it into an environment variable, and the name of that "
    "variable into api_key_env"
)


class AvengersError(RuntimeError):
    """Base of all errors raised on purpose by this package.

    A LangGraph server tells a client the text of Python's own error types only; of others it says
    that something went wrong.
    """


class ConfigError(AvengersError, ValueError):
    """A configuration value or a call parameter is wrong."""


class MissingKeyError(ConfigError):
    """An environment variable that should hold an API key is not set."""


class RecordsError(AvengersError, ValueError):
    """A records or questions file cannot be used as it is."""


class EmbeddingError(AvengersError):
    """The embedding model cannot be loaded, or returns something unusable."""


class ClusterIndexError(AvengersError):
    """Base of the errors of a cluster index."""


class IndexNotFoundError(ClusterIndexError):
    """No index has been fitted at the given place."""


class IndexDamagedError(ClusterIndexError):
    """The stored index is incomplete or unreadable."""


class IndexMismatchError(ClusterIndexError):
    """The index was fitted with another embedder or by another schema version."""


class ExpertError(AvengersError):
    """One call to one expert failed.

    Args:
        message: what happened, without any secret.
        kind: the LangChain error for failures of this sort; None where it has none.
        is_retryable: whether the same request may succeed when it is sent again.
        is_down: whether the failure says that the expert is down, not busy or asked wrongly.
        retry_after: seconds that the server asked to wait; None where it asked for nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: "type[ModelError] | None" = None,
        is_retryable: bool = False,
        is_down: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.is_retryable = is_retryable
        self.is_down = is_down
        self.retry_after = retry_after

    @property
    def label(self) -> str:
        """The sort of failure by its name alone: a server's words may quote the prompt."""
        return (self.kind or type(self)).__name__


class ExpertTimeoutError(ExpertError):
    """An expert did not answer within its timeout."""


class ExpertUnreachableError(ExpertError):
    """No connection to an expert's endpoint could be made."""


class ExpertResponseError(ExpertError):
    """An endpoint answered with something that is no chat completion."""


class AllExpertsFailedError(AvengersError):
    """No expert gave an answer.

    ``causes`` maps each expert's name to the reason of its last failure.
    """

    def __init__(self, causes: Mapping[str, str]) -> None:
        self.causes = dict(causes)
        listed = "; ".join(f"{name}: {cause}" for name, cause in self.causes.items())
        super().__init__(
            f"no expert answered ({listed or 'none was eligible'}); "
            "run `avengers-graph doctor` to check the endpoints"
        )

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, str]], dict[str, Any]]:
        """Pickled by its causes: an exception is rebuilt from its message otherwise."""
        return type(self), (self.causes,), vars(self)


class LocalModelError(AvengersError):
    """The weights of a local model, or its server, could not be had."""


def describe(error: "ValidationError") -> str:
    """A validation error as one line: where, what is wrong, and the value given."""
    parts = []
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            is_key = _NAMES_A_KEY.fullmatch(str(item["loc"][-1])) is not None
            message = f"unknown field; {_WHERE_KEYS_BELONG if is_key else 'check the spelling'}"
        elif item["type"] not in ("value_error", "missing"):
            message = f"{message}, not {item['input']!r:.80}"
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(parts)
