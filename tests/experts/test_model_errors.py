"""The errors that LangChain's own recovery goes by."""

import pickle

import pytest
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAuthenticationError,
    ModelError,
    ModelRateLimitError,
)

from avengers_graph.errors import AllExpertsFailedError, ConfigError, ExpertError
from avengers_graph.experts.model_errors import (
    ALL_OF_KIND,
    AllExpertsModelError,
    PromptTooLongError,
    all_failed,
)

BUSY = ExpertError("busy", kind=ModelRateLimitError, is_retryable=True)
REFUSED = ExpertError("wrong key", kind=ModelAuthenticationError)
ODD = ExpertError("answered without choices")


def test_every_kind_of_langchain_has_its_form() -> None:
    own = {kind for kind in ModelError.__subclasses__() if kind.__module__ == ModelError.__module__}
    assert own == set(ALL_OF_KIND)


@pytest.mark.parametrize("kind", ALL_OF_KIND, ids=lambda kind: kind.__name__)
def test_failures_of_one_kind_are_raised_as_it(kind: type[ModelError]) -> None:
    failure = ExpertError("no", kind=kind, is_retryable=kind.is_retryable)
    error = all_failed({"a": failure, "b": failure})
    assert isinstance(error, AllExpertsFailedError)
    assert isinstance(error, kind)
    assert error.is_retryable is kind.is_retryable
    assert error.causes == {"a": "no", "b": "no"}
    assert str(error) == str(AllExpertsFailedError({"a": "no", "b": "no"}))
    assert type(error)({"a": "no"}).is_retryable is kind.is_retryable


@pytest.mark.parametrize(
    ("failures", "is_retryable"),
    [
        ([BUSY, REFUSED], True),
        ([REFUSED, ODD], False),
        ([ODD, ODD], False),
        ([ODD, BUSY], True),
        ([], False),
    ],
)
def test_failures_of_several_kinds(failures: list[ExpertError], is_retryable: bool) -> None:
    error = all_failed({str(number): failure for number, failure in enumerate(failures)})
    assert type(error) is AllExpertsModelError
    assert isinstance(error, ModelError)
    assert error.is_retryable is is_retryable


@pytest.mark.parametrize("made", [AllExpertsModelError, *ALL_OF_KIND.values()])
@pytest.mark.parametrize("is_retryable", [True, False])
def test_they_cross_process_boundaries(
    made: type[AllExpertsModelError], is_retryable: bool
) -> None:
    error = made({"a": "b"}, is_retryable=is_retryable)
    error.add_note("in task 'sample'")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, in this test
    assert type(copy) is made
    assert (str(copy), copy.causes) == (str(error), {"a": "b"})
    assert copy.is_retryable is is_retryable
    assert copy.__notes__ == ["in task 'sample'"]


def test_what_one_expert_raised_crosses_them_too() -> None:
    copy = pickle.loads(pickle.dumps(BUSY))  # noqa: S301 - our own, in this test
    assert (str(copy), copy.kind, copy.is_retryable) == ("busy", ModelRateLimitError, True)


def test_a_prompt_too_long_for_all_is_an_overflow_and_a_wrong_value() -> None:
    error = pickle.loads(pickle.dumps(PromptTooLongError("too long")))  # noqa: S301 - as above
    assert type(error) is PromptTooLongError
    assert isinstance(error, ConfigError)
    assert isinstance(error, ContextOverflowError)
    assert str(error) == "too long"
    assert not error.is_retryable
