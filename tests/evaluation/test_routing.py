"""Routing accuracy against hand-counted figures."""

import numpy as np
import pytest

from avengers_graph.errors import RecordsError
from avengers_graph.evaluation import evaluate_choices, evaluate_index
from avengers_graph.index import ClusterIndex
from avengers_graph.index.fitting import matrix
from avengers_graph.records import Record
from tests.index.conftest import EXPERTS, TopicEmbeddings, planted

RECORDS = [
    Record("a", "one", {"x": 1, "y": 0}),
    Record("b", "one", {"x": 0, "y": 0.5}),
    Record("c", "two", {"x": 0, "y": 1}),
    Record("d", "two", {"y": 0}),
]


def test_counts_by_hand() -> None:
    data = matrix(RECORDS, ("x", "y"))
    result = evaluate_choices(np.array([0, 0, 1, 0]), data, best_single="y")
    one, two = result.datasets
    assert (one.n, one.routed, one.single, one.per_dataset_best) == (2, 50, 25, 50)
    assert (one.random, one.oracle, one.unscored) == (37.5, 75, 0)
    assert (two.routed, two.single, two.per_dataset_best) == (100, 50, 50)
    assert two.random == pytest.approx(100 / 3)
    assert (two.oracle, two.unscored) == (50, 1)
    mean = result.mean
    assert (mean.n, mean.routed, mean.single, mean.oracle, mean.unscored) == (4, 75, 37.5, 62.5, 1)
    assert one.ci[0] <= one.routed <= one.ci[1]
    assert result == evaluate_choices(np.array([0, 0, 1, 0]), data, best_single="y")


def test_the_plain_form_has_the_published_keys() -> None:
    data = matrix(RECORDS[:2], ("x", "y"))
    plain = evaluate_choices(np.array([0, 1]), data, best_single="x").to_dict()
    assert set(plain) == {"datasets", "mean"}
    for row in (*plain["datasets"], plain["mean"]):
        assert set(row) == {
            *("name", "n", "routed", "best_single", "per_dataset_best", "random", "oracle", "ci")
        }
    assert plain["datasets"][0]["best_single"] == {"expert": "x", "score": 50.0}


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(100):
        records = [Record(str(at), "d", {"x": float(rng.random() < 0.7)}) for at in range(150)]
        data = matrix(records, ("x",))
        low, high = evaluate_choices(
            np.zeros(150, dtype=np.int64), data, best_single="x", seed=seed
        ).mean.ci
        covered += low <= 70 <= high
    assert 88 <= covered <= 100


def test_an_index_is_judged_on_new_queries(
    embeddings: TopicEmbeddings, index: ClusterIndex
) -> None:
    new = [
        Record(f"{r.query} again", r.dataset, {**r.scores, "stranger": 1.0}) for r in planted(10)
    ]
    result = evaluate_index(index, new, embeddings)
    assert result.mean.routed == pytest.approx(90)
    assert result.mean.per_dataset_best == pytest.approx(90)
    assert result.best_single == "ada"
    assert [row.name for row in result.datasets] == ["algebra", "chemistry", "poetry", "travel"]


def test_records_of_other_experts_are_refused(
    embeddings: TopicEmbeddings, index: ClusterIndex
) -> None:
    with pytest.raises(RecordsError, match=r"records score \['x', 'y'\], the index"):
        evaluate_index(index, RECORDS, embeddings)
    assert index.experts == EXPERTS


@pytest.fixture(scope="module")
def embeddings() -> TopicEmbeddings:
    return TopicEmbeddings()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, embeddings: TopicEmbeddings) -> ClusterIndex:
    folder = tmp_path_factory.mktemp("evaluated")
    return ClusterIndex.fit(planted(), embeddings, n_clusters=4, path=folder)
