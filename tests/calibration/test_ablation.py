"""Variants and baselines are refitted and judged on records they have not seen."""

import numpy as np
import pytest

from avengers_graph.calibration.ablation import AblationRow, Split, ablate
from avengers_graph.calibration.baselines import predicted, unfitted_scores
from avengers_graph.calibration.evaluation import evaluate_choices
from avengers_graph.calibration.frontier import (
    cheapest_within,
    frontier_points,
    trade_off_choices,
    with_costs,
)
from avengers_graph.embedding import embed_texts
from avengers_graph.errors import RecordsError
from avengers_graph.records import Record
from avengers_graph.routing import RankingSettings
from avengers_graph.routing.fitting import fit_model
from avengers_graph.routing.matrix import matrix
from tests.routing.conftest import EXPERTS, TopicEmbeddings, planted


@pytest.fixture(scope="module")
def split() -> Split:
    embeddings = TopicEmbeddings()
    train = planted(30)
    test = [Record(f"{r.query} again", r.dataset, r.scores, r.costs) for r in planted(10)]
    vectors = [embed_texts(embeddings, [r.query for r in records]) for records in (train, test)]
    return Split(matrix(train, EXPERTS), vectors[0], matrix(test, EXPERTS), vectors[1])


def test_each_axis_and_baseline_gets_a_row(split: Split) -> None:
    settings = RankingSettings(n_clusters=6, partitions=2)
    rows = ablate(split, settings, best_single=EXPERTS[0], seeds=(0, 1))
    found = {(row.axis, row.value): row for row in rows}
    assert {axis for axis, _ in found} == {
        *("as fitted", "clusters", "partitions", "top clusters", "prior", "scorer", "method"),
        *("training share", "pool size", "baseline"),
    }
    assert found["as fitted", ""].score == pytest.approx(90)
    assert found["pool size", "2"].score < found["pool size", "3"].score == pytest.approx(90)
    for name in ("kNN", "ridge", "MLP", "matrix factorisation"):
        assert 50 <= found["baseline", name].score <= 90.1
    by_rule = {"random": 50, "best single": 60, "best per data set": 90, "oracle": 90}
    for name, score in by_rule.items():
        assert found["baseline", name].score == pytest.approx(score)
    for row in rows:
        assert 0 <= row.ci[0] < row.score < row.ci[1] <= 100
    assert AblationRow("a", "b", 1.234, (1.111, 1.357)).to_dict() == {
        **{"axis": "a", "value": "b", "score": 1.23, "ci": [1.11, 1.36]}
    }


def test_an_interval_counts_queries_and_seeds() -> None:
    """Two data sets, of two queries and of one: variances 1/2 / 2 and, of one alone, none."""
    records = [Record(name, where, {"x": 1}) for name, where in ("ad", "bd", "ce")]
    data = matrix(records, ("x",))
    once = AblationRow.of("a", "", scores=np.array([[1.0, 0.0, 0.5]]), data=data)
    assert once.score == 50
    assert once.ci == pytest.approx((50 - 49, 50 + 49))  # 1.96 * sqrt(1/4) / 2
    seeds = np.array([[1.0, 0.0, 0.4], [1.0, 0.0, 0.6]])
    twice = AblationRow.of("a", "", scores=seeds, data=data)
    over_seeds = 12.706 * 5  # means 45 and 55: standard error 5
    assert twice.ci == pytest.approx((max(0, 50 - np.hypot(49, over_seeds)), 100))


@pytest.mark.parametrize("best_single", ["x", "y", "z"])
def test_what_needs_no_fit_agrees_with_the_table_of_evaluate(best_single: str) -> None:
    """x and y have gaps; z was asked once on the second data set, too little to compare it."""
    records = [
        Record("a", "one", {"x": 1, "y": 0}),
        Record("b", "one", {"x": 0, "y": 0.5, "z": 1}),
        Record("c", "two", {"x": 0, "y": 1, "z": 1}),
        Record("d", "two", {"y": 0}),
        Record("e", "two", {"x": 0.5, "y": 0.25}),
    ]
    data = matrix(records, ("x", "y", "z"))
    table = evaluate_choices(np.ones(5, dtype=np.int64), data, best_single=best_single).mean
    found = unfitted_scores(data, best_single=best_single)
    rows = {
        name: AblationRow.of("", name, scores=of[None], data=data) for name, of in found.items()
    }
    assert {name: row.score for name, row in rows.items()} == {
        "random": pytest.approx(table.random),
        "best single": pytest.approx(table.single, nan_ok=True),
        "best per data set": pytest.approx(table.per_dataset_best),
        "oracle": pytest.approx(table.oracle),
    }
    assert np.isnan(table.single) == (best_single == "z")
    if best_single == "z":
        assert rows["best single"].to_dict()["score"] is None


def test_knn_takes_an_experts_mean_where_no_neighbour_has_a_score() -> None:
    """b is good, but was asked only far from where the question lies."""
    vectors = np.repeat(np.eye(2, dtype=np.float32), 60, axis=0)
    records = [
        Record(str(at), "d", {"a": 0.5, **({"b": 0.75} if at < 60 else {})}) for at in range(120)
    ]
    data = matrix(records, ("a", "b"))
    found = predicted("kNN", data, vectors, np.eye(2, dtype=np.float32), seed=0)
    assert found == pytest.approx(np.array([[0.5, 0.75], [0.5, 0.75]]))


def test_the_frontier_runs_from_cheap_to_good(split: Split) -> None:
    model, _ = fit_model(split.train, split.train_vectors, settings=RankingSettings(n_clusters=4))
    choices = trade_off_choices(model, split.test_vectors, split.test, alphas=(0, 0.5, 1))
    routed, single = frontier_points(choices, split.test)
    assert [point.name for point in single] == list(EXPERTS)
    assert routed[0].cost == pytest.approx(single[0].cost) == pytest.approx(1.0)
    assert routed[-1].score == pytest.approx(90)
    assert routed[0].cost <= routed[1].cost <= routed[2].cost
    best = max(single, key=lambda point: point.score)
    assert cheapest_within(routed, of=best, margin=5) is not None
    assert cheapest_within(routed[:1], of=routed[-1], margin=5) is None


def test_score_and_cost_of_a_single_expert_are_about_the_same_queries() -> None:
    """b told a cost of queries that it has no score on: they failed, or nobody graded them."""
    records = [
        Record("1", "d", {"a": 1, "b": 1}, {"a": 0.01, "b": 0.001}),
        Record("2", "d", {"a": 0.5}, {"a": 0.03, "b": 1.0}),
    ]
    data = with_costs(matrix(records, ("a", "b")))
    _, (a, b) = frontier_points({1.0: np.array([0, 0])}, data)
    assert (a.score, a.cost, a.unscored) == (75, pytest.approx(20), 0)
    assert (b.score, b.cost, b.unscored) == (75, pytest.approx(1000 * (0.001 + 0.03) / 2), 1)
    assert b.to_dict() == {"expert": "b", "score": 75.0, "cost": 15.5, "unscored": 1}
    few = with_costs(matrix([*records, records[1], records[1]], ("a", "b")))
    _, (_, b) = frontier_points({1.0: np.zeros(4, dtype=np.int64)}, few)
    assert np.isnan([b.score, b.cost]).all()


def test_missing_costs_are_an_error(split: Split) -> None:
    records = [Record(r.query, r.dataset, r.scores) for r in planted(30)]
    model, _ = fit_model(
        matrix(records, EXPERTS), split.train_vectors, settings=RankingSettings(n_clusters=4)
    )
    with pytest.raises(RecordsError, match=r"the costs of .* are unknown"):
        trade_off_choices(model, split.test_vectors, split.test)
