"""A setting that names a row takes whatever stands in the registry, and nothing else."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from avengers_graph.plans import STOP_RULES
from avengers_graph.settings.context import Context
from avengers_graph.settings.plan import PlanSpec
from avengers_graph.settings.registered import OneOf
from avengers_graph.voting import KINDS, WEIGHTINGS


def test_one_of_names_what_there_is() -> None:
    colours = TypeAdapter(Annotated[str, OneOf({"red": 1, "blue": 2})])
    assert colours.validate_python("red") == "red"
    assert colours.json_schema() == {"enum": ["red", "blue"], "type": "string"}
    with pytest.raises(ValidationError, match="'red' or 'blue'"):
        colours.validate_python("green")


def test_every_row_may_be_named() -> None:
    assert Context.model_json_schema()["properties"]["answer_kind"]["enum"] == ["auto", *KINDS]
    plan = PlanSpec.model_json_schema()
    assert plan["properties"]["weighting"]["enum"] == list(WEIGHTINGS)
    assert plan["$defs"]["StopSpec"]["properties"]["rule"]["enum"] == list(STOP_RULES)
