"""What counts as far from the validation queries."""

import numpy as np
import pytest

from avengers_graph.routing.model import Vectors
from avengers_graph.routing.novelty import ANCHORS, Novelty, fit_novelty


def unit(values: np.ndarray) -> Vectors:
    rows = values / np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(rows, dtype=np.float32)


@pytest.fixture(scope="module")
def mixed() -> Vectors:
    """Two hundred topics of twelve queries, in half of the dimensions."""
    rng = np.random.default_rng(0)
    topics = np.repeat(rng.normal(size=(200, 32)), 12, axis=0)
    return unit(np.pad(topics + 0.6 * rng.normal(size=topics.shape), ((0, 0), (0, 32))))


def test_known_kinds_of_queries_are_trusted_and_others_are_not(mixed: Vectors) -> None:
    """However many topics there are: a diffuse cluster would take in what belongs nowhere."""
    known, asked = mixed[::2], mixed[1::2]
    novelty = fit_novelty(known, seed=0)
    assert np.median(novelty.trust(asked)) == 1
    assert novelty.trust(asked).mean() > 0.9
    elsewhere = np.pad(np.random.default_rng(1).normal(size=(50, 32)), ((0, 0), (32, 0)))
    assert novelty.trust(unit(elsewhere)).max() < 0.1


def test_queries_that_repeat_leave_room_for_a_paraphrase(mixed: Vectors) -> None:
    novelty = fit_novelty(np.repeat(mixed[:2], 50, axis=0), seed=0)
    nudged = unit(mixed[:2] + 0.02)
    assert novelty.trust(mixed[:2]).tolist() == [1, 1]
    assert novelty.trust(nudged).tolist() == [1, 1]


def test_one_query_and_none(mixed: Vectors) -> None:
    alone = fit_novelty(mixed[:1], seed=0)
    assert alone.trust(mixed[:1]).tolist() == [1]
    assert alone.trust(-mixed[:1])[0] < 0.01
    nothing = Novelty(np.empty((0, 64), dtype=np.float32), near=0.0, far=1.0)
    assert nothing.trust(mixed[:3]).tolist() == [1, 1, 1]


def test_a_seeded_sample_is_kept(mixed: Vectors) -> None:
    first, again = fit_novelty(mixed, seed=3), fit_novelty(mixed, seed=3)
    assert len(first.anchors) == ANCHORS < len(mixed)
    assert np.array_equal(first.anchors, again.anchors)
    assert (first.near, first.far) == (again.near, again.far)
