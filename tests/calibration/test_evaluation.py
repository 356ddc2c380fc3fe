"""Routing accuracy against hand-counted figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avengers_graph.calibration.evaluation import evaluate_choices, evaluate_index, shared_experts
from avengers_graph.errors import RecordsError
from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex
from avengers_graph.routing.matrix import matrix
from tests.routing.conftest import EXPERTS, TopicEmbeddings, planted

RECORDS = [
    Record("a", "one", {"x": 1, "y": 0}),
    Record("b", "one", {"x": 0, "y": 0.5}),
    Record("c", "two", {"x": 0, "y": 1}),
    Record("d", "two", {"y": 0}),
]


def test_counts_by_hand() -> None:
    data = matrix(RECORDS, ("x", "y"))
    chosen, passed_over = np.array([0, 0, 1, 1]), np.array([False, False, False, True])
    result = evaluate_choices(chosen, data, best_single="y", passed_over=passed_over)
    one, two = result.datasets
    assert (one.n, one.routed, one.single, one.per_dataset_best) == (2, 50, 25, 50)
    assert (one.random, one.oracle, one.unscored) == (37.5, 75, 0)
    assert (two.routed, two.single, two.per_dataset_best) == (50, 50, 50)
    assert two.random == 25  # on d only y can be drawn
    assert (two.oracle, two.unscored) == (50, 1)
    mean = result.mean
    assert (mean.n, mean.routed, mean.single, mean.oracle, mean.unscored) == (4, 50, 37.5, 62.5, 1)
    assert one.ci[0] <= one.routed <= one.ci[1]
    again = evaluate_choices(chosen, data, best_single="y", passed_over=passed_over)
    assert result == again


def test_an_expert_without_scores_on_a_data_set_has_no_mean() -> None:
    """A mean over fewer data sets than the others' would look like a better one."""
    records = [RECORDS[0], Record("e", "two", {"x": 0.25})]
    data = matrix(records, ("x", "y"))
    plain = evaluate_choices(np.array([0, 0]), data, best_single="y").to_dict()
    assert plain["datasets"][1]["best_single"] == {"expert": "y", "score": None, "unscored": 1}
    assert plain["mean"]["best_single"] == {"expert": "y", "score": None, "unscored": 1}
    assert plain["mean"]["routed"] == 62.5


def test_an_expert_scored_on_few_queries_is_no_best_one() -> None:
    """Right on the only two queries it was asked: nobody knows what it would score on the rest."""
    records = [
        Record(str(at), "d", {"a": float(at % 2), **({"c": 1.0} if at < 2 else {})})
        for at in range(100)
    ]
    data = matrix(records, ("a", "c"))
    row = evaluate_choices(np.zeros(100, dtype=np.int64), data, best_single="c").mean
    assert (row.per_dataset_best, row.best_unscored, row.oracle) == (50, 0, 51)
    assert np.isnan(row.single)
    assert row.single_unscored == 98


def test_where_one_expert_has_no_score_the_next_best_counts() -> None:
    """a is right on the half that it was asked, which b finds easy too: of 100% nobody knows."""
    records = [
        Record("1", "d", {"a": 1, "b": 1, "c": 0}),
        Record("2", "d", {"a": 1, "b": 1, "c": 0}),
        Record("3", "d", {"b": 0, "c": 1}),
        Record("4", "d", {"c": 0.5}),
    ]
    data = matrix(records, ("a", "b", "c"))
    result = evaluate_choices(np.array([0, 0, 1, 2]), data, best_single="b")
    row = result.mean
    assert row.single == pytest.approx(100 * (1 + 1 + 0 + 0.5) / 4)  # 4: by c alone
    assert row.per_dataset_best == pytest.approx(100 * (1 + 1 + 0 + 0.5) / 4)  # a, b, b, c
    assert (row.single_unscored, row.best_unscored) == (1, 2)
    plain = result.to_dict()["mean"]
    assert plain["best_single"] == {"expert": "b", "score": 62.5, "unscored": 1}
    assert plain["per_dataset_best_unscored"] == 2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_no_column_contradicts_another(share: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        scores = rng.random((40, 4)).round(1)
        scores[rng.random(scores.shape) > share] = np.nan
        scores[:, 0] = np.where(np.isnan(scores).all(axis=1), 0.5, scores[:, 0])
        records = [
            Record(str(at), "one" if at < 15 else "two", known)
            for at, row in enumerate(scores)
            if (known := {n: float(v) for n, v in zip("abcd", row, strict=True) if v == v})
        ]
        data = matrix(records, tuple("abcd"))
        chosen = np.argmax(np.nan_to_num(data.scores, nan=-1), axis=1)
        for name in "abcd":
            for row in evaluate_choices(chosen, data, best_single=name).datasets:
                assert row.random <= row.oracle + 1e-9
                assert row.per_dataset_best <= row.oracle + 1e-9
                assert np.isnan(row.single) or row.single <= row.per_dataset_best + 1e-9


def test_routing_never_scores_above_the_oracle(tmp_path: Path) -> None:
    """Experts that are missing on half of the queries are chosen only where they have a score."""
    rng = np.random.default_rng(1)
    full = planted(30)
    gaps = [
        replace(
            r, scores={n: s for n, s in r.scores.items() if n == EXPERTS[0] or rng.random() < 0.5}
        )
        for r in full
    ]
    index = ClusterIndex.fit(gaps, TopicEmbeddings(), n_clusters=4, path=tmp_path)
    result = evaluate_index(index, gaps, TopicEmbeddings())
    for row in (*result.datasets, result.mean):
        assert row.random <= row.routed <= row.oracle + 1e-9
    assert result.mean.unscored > 0


def test_records_without_a_shared_expert_are_left_out(tmp_path: Path) -> None:
    index = ClusterIndex.fit(planted(10), TopicEmbeddings(), n_clusters=4, path=tmp_path)
    strange = Record("who?", "elsewhere", {"stranger": 1.0})
    judged, data = shared_experts(index, [strange, *planted(2)])
    assert strange not in judged
    assert data.datasets == tuple(sorted({record.dataset for record in planted(2)}))
    assert len(data.scores) == len(judged) == len(planted(2))


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
