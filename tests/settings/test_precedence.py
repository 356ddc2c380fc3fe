"""Which setting holds where several are given."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.errors import ConfigError
from avengers_graph.plans import PlannedCall, PlannedRound
from avengers_graph.settings.context import Context
from avengers_graph.settings.expert import Expert
from avengers_graph.settings.precedence import for_expert, for_round, resolve


@pytest.mark.parametrize("layer", [None, {}, Context()])
def test_defaults_hold_where_nothing_is_given(layer: Any) -> None:
    assert resolve(Context(samples=3), layer).samples == 3


def test_each_layer_lies_over_those_before_it() -> None:
    found = resolve(
        Context(samples=5, alpha=0.3), {"samples": 4, "merge": True}, Context(samples=3)
    )
    assert (found.samples, found.alpha, found.merge, found.beta) == (3, 0.3, True, None)


def test_a_setting_may_be_put_back_to_its_default() -> None:
    assert resolve(Context(samples=5), Context(samples=8)).samples == 8
    assert resolve(Context(temperature=0.2), Context(temperature=None)).temperature is None


def test_call_parameters_lie_over_each_other_one_by_one() -> None:
    defaults = Context(params={"max_tokens": 24, "seed": 1})
    found = resolve(
        defaults, Context(params={"seed": 2, "stop": "END"}), {"params": {"stop": None}}
    )
    assert found.params == {"max_tokens": 24, "seed": 2, "stop": "END"}
    assert defaults.params == {"max_tokens": 24, "seed": 1}


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"sample": 3}, "sample: unknown field"),
        ({"samples": 0}, "samples: .* not 0"),
        ({"params": {"temprature": 1}}, "unknown call parameter 'temprature'"),
        (Context(params={"temprature": 1}), "unknown call parameter 'temprature'"),  # type: ignore[typeddict-unknown-key]
        (Context(params={"top_p": 1.5}), r"top_p is 1.5; it must be a number in \[0, 1\]"),
    ],
)
def test_what_is_wrong_in_any_layer_is_named(layer: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve(Context(), layer)
    if isinstance(layer, Context):
        with pytest.raises(ConfigError, match=words):
            resolve(layer)


LAYERS = st.fixed_dictionaries(
    {},
    optional={
        "samples": st.integers(1, 256),
        "temperature": st.none() | st.floats(0, 2),
        "merge": st.booleans(),
        "labels": st.lists(st.text(max_size=3), max_size=2),
        "params": st.fixed_dictionaries(
            {}, optional={"seed": st.none() | st.integers(0, 9), "top_p": st.floats(0, 1)}
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(LAYERS, LAYERS, LAYERS)
def test_layers_may_be_laid_down_in_steps(
    defaults: dict[str, Any], below: dict[str, Any], above: dict[str, Any]
) -> None:
    at_once = resolve(Context(**defaults), below, above)
    assert at_once == resolve(resolve(Context(**defaults), below), above)
    assert at_once == resolve(Context(**defaults), Context(**below), Context(**above))
    for name in above.keys() - {"params"}:
        assert getattr(at_once, name) == above[name]


def test_the_callers_own_settings_are_left_as_they_were() -> None:
    layer = {"samples": 3, "params": {"seed": 1}}
    resolve(Context(), layer)
    assert layer == {"samples": 3, "params": {"seed": 1}}


def planned(temperature: float | None) -> PlannedRound:
    return PlannedRound(calls=[PlannedCall(samples=1)], temperature=temperature)


@pytest.mark.parametrize(
    ("call", "of_the_round", "context", "of_the_expert", "temperature"),
    [
        (0.1, 0.2, 0.3, 0.4, 0.1),
        (0.0, 0.2, 0.3, 0.4, 0.0),
        (None, 0.2, 0.3, 0.4, 0.2),
        (None, 0.0, 0.3, 0.4, 0.0),
        (None, None, 0.3, 0.4, 0.3),
        (None, None, None, 0.4, 0.4),
        (None, None, None, 0.0, 0.0),
        (None, None, None, None, 0.7),
    ],
)
def test_a_call_comes_before_the_round_the_context_and_the_expert(
    call: float | None,
    of_the_round: float | None,
    context: float | None,
    of_the_expert: float | None,
    temperature: float,
) -> None:
    expert = Expert(name="a", base_url="http://127.0.0.1:9/v1", temperature=of_the_expert)
    resolved = resolve(Context(temperature=context), {"params": {"temperature": call, "seed": 1}})
    found = for_expert(for_round(resolved, planned(of_the_round)), expert)
    assert found.temperature == temperature
    assert found.params == {"seed": 1}


@pytest.mark.parametrize(("of_the_call", "retries"), [(None, 5), (0, 0), (3, 3)])
def test_an_expert_has_retries_of_its_own(of_the_call: int | None, retries: int) -> None:
    expert = Expert(name="a", base_url="http://127.0.0.1:9/v1", retries=5)
    assert for_expert(Context(retries=of_the_call), expert).retries == retries


def test_a_round_leaves_the_settings_of_the_request_as_they_were() -> None:
    resolved = resolve(Context(), {"params": {"temperature": 0.1}})
    for_round(resolved, planned(0.5))
    assert (resolved.temperature, resolved.params) == (None, {"temperature": 0.1})
