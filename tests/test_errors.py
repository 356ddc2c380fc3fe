"""The tree of errors, and what they say."""

import pickle
import re

import pytest
from pydantic import ValidationError

from avengers_graph import errors
from avengers_graph.errors import AllExpertsFailedError, AvengersError, describe
from avengers_graph.settings.expert import Expert

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, Exception)
}


def drawn_tree() -> dict[str, str | None]:
    """Parent by name, as the module's docstring draws it."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in str(errors.__doc__).splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+Error)", line)
        if found:
            depth = len(found.group(1)) // 4
            path = [*path[:depth], found.group(2)]
            parents[path[-1]] = path[-2] if depth else None
    return parents


def test_the_tree_is_as_drawn() -> None:
    drawn = drawn_tree()
    assert set(drawn) == set(CLASSES)
    for name, parent in drawn.items():
        assert parent is None or issubclass(CLASSES[name], CLASSES[parent])
    assert drawn["AvengersError"] is None


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_langgraph_server_tells_the_text_of_each(name: str) -> None:
    """It tells that of Python's own types and of their subclasses only."""
    assert issubclass(CLASSES[name], RuntimeError)


@pytest.mark.parametrize("name", ["ConfigError", "RecordsError"])
def test_bad_values_are_value_errors(name: str) -> None:
    assert issubclass(CLASSES[name], ValueError)


def test_all_experts_failed_names_each_cause() -> None:
    error = AllExpertsFailedError({"a": "HTTP 503", "b": "no answer within 3 s"})
    assert error.causes == {"a": "HTTP 503", "b": "no answer within 3 s"}
    assert str(error) == (
        "no expert answered (a: HTTP 503; b: no answer within 3 s); "
        "run `avengers-graph doctor` to check the endpoints"
    )
    assert "none was eligible" in str(AllExpertsFailedError({}))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_errors_cross_process_boundaries(name: str) -> None:
    error: AvengersError = CLASSES[name]({"a": "b"} if name == "AllExpertsFailedError" else "c")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, in this test
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert getattr(copy, "causes", None) == getattr(error, "causes", None)


@pytest.mark.parametrize(
    "field", ["api_key", "apikey", "apiKey", "api-key", "openai_api_key", "key", "token", "secret"]
)
def test_a_key_in_the_file_is_told_where_it_belongs(field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Expert.model_validate({"name": "a", "base_url": "http://h/v1", field: "sk-123456"})
    said = describe(raised.value)
    assert said.startswith(f"{field}: unknown field; a key does not belong in a file")
    assert "api_key_env" in said
    assert "123456" not in said


@pytest.mark.parametrize("field", ["max_token", "keys", "max_concurency", "tokenizer"])
def test_other_unknown_fields_are_misspelt(field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Expert.model_validate({"name": "a", "base_url": "http://h/v1", field: 3})
    assert describe(raised.value) == f"{field}: unknown field; check the spelling"
