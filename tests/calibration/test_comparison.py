"""Strategies side by side on a recording."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avengers_graph.calibration.comparison import Outcome, difference, replayed
from avengers_graph.experts.recording import Recorded
from avengers_graph.experts.replay import ReplayPool
from avengers_graph.graph import create_avengers_graph
from avengers_graph.routing import ClusterIndex
from avengers_graph.settings.context import Context
from avengers_graph.types import SampleRecord
from tests.calibrated import SUM, WordEmbeddings


def graph_over(index: ClusterIndex, *texts: str) -> Any:
    entry = Recorded(
        expert="alpha",
        prompt=SUM,
        texts=list(texts),
        finish_reasons=["stop"] * len(texts),
        output_tokens=[2] * len(texts),
        input_tokens=5,
        latency=0.0,
    )
    return create_avengers_graph(pool=ReplayPool([entry]), index=index, embeddings=WordEmbeddings())


def thirteen(sample: SampleRecord) -> float:
    return float(sample["text"] == "13")


@pytest.mark.parametrize(
    ("texts", "outcome"),
    [
        (("13", "13"), Outcome(right=1.0, calls=2, rounds=1, tokens=9)),
        (("14", "13", "13", "13"), Outcome(right=1.0, calls=4, rounds=2, tokens=13)),
        (("no idea",) * 8, Outcome(right=0.0, calls=8, rounds=4, tokens=21)),
    ],
)
def test_what_a_strategy_is_right_at_and_asks_for(
    small_index: ClusterIndex, texts: tuple[str, ...], outcome: Outcome
) -> None:
    graph = graph_over(small_index, *texts)
    context = Context(strategy="sequential", answer_kind="number", batching="never")
    assert replayed(graph, SUM, context=context, right=thirteen) == outcome


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_a_difference_is_paired_and_lies_within_its_interval(
    pairs: list[tuple[bool, bool]],
) -> None:
    ours, others = np.array(pairs, float).T
    found = difference(ours, others)
    assert found.mean == pytest.approx(ours.mean() - others.mean())
    assert found.low <= found.mean + 1e-9
    assert found.mean <= found.high + 1e-9
    assert difference(ours, others) == found, "seeded"
    other_way = difference(others, ours)
    assert (other_way.low, other_way.high) == (
        pytest.approx(-found.high),
        pytest.approx(-found.low),
    )


def test_repetitions_of_a_question_are_one_question() -> None:
    once = difference([1.0, 0.0, 1.0], [0.0, 0.0, 1.0])
    again = difference([[1.0, 0.0, 1.0]] * 3, [[0.0, 0.0, 1.0]] * 3)
    assert once == again
