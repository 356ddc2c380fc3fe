"""A plan of the user's own in the YAML."""

from typing import Any

import pytest
from pydantic import ValidationError

from avengers_graph.settings.plan import PlanSpec

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
