"""A plan of the user's own in the YAML."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from avengers_graph.context import Context
from avengers_graph.plans import STOP_RULES
from avengers_graph.plans.spec import OneOf, PlanSpec
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


ROUND = {"calls": [{"samples": 2}]}


def test_a_plan_takes_its_plain_form() -> None:
    stop = {"rule": "agreement", "threshold": 0.8}
    rounds = [{**ROUND, "stop": stop}, {"calls": [{"expert": "thinking", "samples": 1}]}]
    plan = PlanSpec.model_validate({"rounds": rounds, "weighting": "score"}).to_plan("mine")
    assert (plan["name"], plan["weighting"], plan["counted"]) == ("mine", "score", "all")
    first, second = plan["rounds"]
    assert first["calls"] == [{"expert": 0, "samples": 2}]
    assert first["stop"] == stop
    assert second["calls"] == [{"expert": "thinking", "samples": 1}]
    assert (second["stop"], second["shown"], second["temperature"]) == (None, False, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": []},
        {"rounds": [{"calls": []}]},
        {"rounds": [{"calls": [{"samples": 0}]}]},
        {"rounds": [{"calls": [{"samples": 1, "expert": -1}]}]},
        {"rounds": [{"calls": [{"samples": 1, "expert": "slow"}]}]},
        {"rounds": [{**ROUND, "stop": {"rule": "luck", "threshold": 0.5}}]},
        {"rounds": [{**ROUND, "stop": {"rule": "agreement", "threshold": 1.5}}]},
        {"rounds": [ROUND], "weighting": "none"},
        {"rounds": [ROUND], "name": "mine"},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlanSpec.model_validate(wrong)
