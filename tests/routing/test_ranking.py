"""The pure part of routing, checked against formulas worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from avengers_graph.errors import ConfigError
from avengers_graph.routing import (
    SCORERS,
    Evidence,
    RankingSettings,
    choose,
    cluster_weights,
    estimate,
    order_key,
    rank_experts,
    trust,
)
from avengers_graph.routing.ranking import credible_interval
from avengers_graph.routing.scores import Scorer

PLAIN = RankingSettings(scorer="cluster", prior="global", partitions=1, shrinkage=0)


def evidence(
    means: list[list[float]],
    *,
    counts: float = 50,
    weights: list[float] | None = None,
    settings: RankingSettings = PLAIN,
    costs: list[float] | None = None,
    trusted: float = 1.0,
    predictions: dict[str, list[float]] | None = None,
) -> Evidence:
    """One partition of clusters with ``means`` rows, and a global mean of 0.5."""
    table = np.array(means)
    size = table.shape[1]
    return Evidence(
        experts=tuple("abc"[:size]),
        settings=settings,
        weights=np.array([weights or [1 / len(means)] * len(means)]),
        means=table[None],
        counts=np.full((1, *table.shape), counts),
        expected=np.full((1, *table.shape), 0.5),
        prior=np.full(size, 0.5),
        prior_counts=np.full(size, 200.0),
        global_means=np.full(size, 0.5),
        global_counts=np.full(size, 200.0),
        trust=np.array(trusted),
        costs=np.array(costs if costs is not None else [np.nan] * size),
        predictions={name: np.array(values) for name, values in (predictions or {}).items()},
        label="sums",
    )


def names(found: Evidence, **options: object) -> list[str]:
    return [row["name"] for row in rank_experts(found, candidates=found.experts, **options)]  # type: ignore[arg-type]


def test_weights_are_a_softmax_of_distance() -> None:
    assert cluster_weights([0.5, 0.7], beta=0).tolist() == [0.5, 0.5]
    first, second = cluster_weights([0.5, 0.7], beta=10)
    assert first / second == pytest.approx(np.exp(2))
    assert cluster_weights([1e6, 1e6 + 1], beta=1e6).tolist() == [1, 0]
    assert cluster_weights([], beta=1).tolist() == []
    with pytest.raises(ConfigError, match="beta is -1"):
        cluster_weights([1.0], beta=-1)


def test_trust_halves_with_each_step_beyond_near() -> None:
    found = trust([0.5, 0.9, 1.1, 1.3], near=0.9, far=1.1)
    assert found.tolist() == pytest.approx([1, 1, 0.5, 0.25])


def test_the_best_in_the_cluster_comes_first_and_says_why() -> None:
    first, second = rank_experts(evidence([[0.4, 0.8]]), candidates=["a", "b"])
    assert (first["name"], first["score"], first["count"]) == ("b", 0.8, 50)
    assert first["interval"][0] < 0.8 < first["interval"][1]
    assert first["why"] == (
        "cluster accuracy: 80% of 50 scores in the nearest cluster (sums); 50% on all queries; "
        "estimate 80%"
    )
    assert second["cost"] is None


def test_small_clusters_shrink_to_the_prior() -> None:
    found = evidence([[1.0, 0.0]], counts=5, settings=replace(PLAIN, shrinkage=15))
    assert estimate(found).tolist() == [0.625, 0.375]


def test_clusters_mix_by_weight_and_partitions_average() -> None:
    assert estimate(evidence([[1.0, 0.0], [0.0, 1.0]], weights=[0.75, 0.25])).tolist() == [
        0.75,
        0.25,
    ]
    one, two = evidence([[0.9, 0.5]]), evidence([[0.5, 0.7]])
    both = Evidence(
        **{
            field: np.concatenate([getattr(one, field), getattr(two, field)])
            if field in ("weights", "means", "counts", "expected")
            else getattr(one, field)
            for field in Evidence.__dataclass_fields__
        }
    )
    assert estimate(both).tolist() == pytest.approx([0.7, 0.6])


def test_far_queries_fall_back_to_the_global_ranking() -> None:
    found = evidence([[0.9, 0.1]], trusted=0.25)
    assert estimate(found).tolist() == pytest.approx([0.6, 0.4])
    assert "75% of it is the global 50%" in rank_experts(found, candidates=["a"])[0]["why"]
    hardly = evidence([[0.9, 0.1]], trusted=0.996)
    assert "far from" not in rank_experts(hardly, candidates=["a"])[0]["why"]
    kept = evidence([[0.9, 0.1]], trusted=0.25, settings=replace(PLAIN, back_off=False))
    assert estimate(kept).tolist() == pytest.approx([0.9, 0.1])


def test_reciprocal_rank_fuses_ranks_as_the_authors_do() -> None:
    settings = replace(PLAIN, scorer="reciprocal-rank")
    means = [[0.9, 0.8, 0.1], [0.1, 0.9, 0.8]]
    found = evidence(means, weights=[0.6, 0.4], settings=settings)
    wanted = [0.6 / 0.1 + 0.4 / 2.1, 0.6 / 1.1 + 0.4 / 0.1, 0.6 / 2.1 + 0.4 / 1.1]
    assert order_key(found).tolist() == pytest.approx(wanted)
    assert names(found) == ["a", "b", "c"]


def test_an_expert_without_a_score_in_a_cluster_is_ranked_there_by_the_prior() -> None:
    settings = replace(PLAIN, scorer="reciprocal-rank")
    found = evidence([[0.4, 0.0, 0.6]], settings=settings)
    unscored = replace(found, counts=np.array([[[50.0, 0.0, 50.0]]]))
    assert names(unscored) == ["c", "b", "a"]


def test_why_never_makes_up_scores() -> None:
    settings = replace(PLAIN, prior="dataset")
    found = evidence([[1.0, 0.8], [0.0, 0.6]], weights=[0.5, 0.5], settings=settings)
    somewhere = replace(
        found,
        counts=np.array([[[50.0, 50.0], [0.0, 50.0]]]),
        prior_counts=np.array([0.0, 80.0]),
    )
    why = {row["name"]: row["why"] for row in rank_experts(somewhere, candidates=["a", "b"])}
    assert "100% of 25 scores in the nearest clusters" in why["a"]
    assert "no score on like data sets, where 50% is expected" in why["a"]
    assert "70% of 50 scores" in why["b"]
    assert "; 50% on like data sets" in why["b"]
    nowhere = replace(somewhere, counts=np.array([[[0.0, 50.0], [0.0, 50.0]]]))
    alone = rank_experts(nowhere, candidates=["a"])[0]
    assert "no score in the nearest clusters (sums)" in alone["why"]
    low, high = alone["interval"]
    assert high - low > 0.9


def test_a_blend_is_convex() -> None:
    settings = replace(PLAIN, scorer="blend", blend={"cluster": 3, "ridge": 1})
    found = evidence([[0.7, 0.5]], settings=settings, predictions={"ridge": [-0.2, 0.2]})
    assert estimate(found).tolist() == pytest.approx([0.5 + 0.15 - 0.05, 0.55])
    assert "blend of cluster x 3, ridge x 1" in rank_experts(found, candidates=["a"])[0]["why"]


def test_ties_go_to_the_cheaper_then_by_name() -> None:
    assert names(evidence([[0.5, 0.5, 0.5]])) == ["a", "b", "c"]
    assert names(evidence([[0.5, 0.5, 0.5]], costs=[3, 1, 2])) == ["b", "c", "a"]


def test_strangers_come_last_at_the_mean() -> None:
    ranked = rank_experts(evidence([[0.1, 0.2]]), candidates=["new", "a", "b", "a"])
    assert [row["name"] for row in ranked] == ["b", "a", "new"]
    assert (ranked[2]["score"], ranked[2]["count"]) == (0.5, 0)
    assert "no score of it" in ranked[2]["why"]
    assert rank_experts(evidence([[0.1]]), candidates=[]) == []


def test_alpha_trades_accuracy_for_cost() -> None:
    found = evidence([[0.9, 0.8, 0.1]], costs=[10, 2, 1])
    assert names(found, alpha=1) == ["a", "b", "c"]
    assert names(found, alpha=0.5) == ["b", "c", "a"]
    assert names(found, alpha=0) == ["c", "b", "a"]
    # What was measured counts for more than what is expected.
    assert names(found, alpha=0, expected_costs={"a": 0.5}) == ["c", "b", "a"]
    assert names(found, max_cost=5) == ["b", "c"]
    with pytest.raises(ConfigError, match=r"alpha is 1\.5"):
        names(found, alpha=1.5)
    with pytest.raises(ConfigError, match=r"no expert costs 0\.5"):
        names(found, max_cost=0.5)


def test_a_missing_cost_is_never_zero() -> None:
    found = evidence([[0.9, 0.8]], costs=[10, np.nan])
    with pytest.raises(
        ConfigError, match=r"the cost of \['b'\] is unknown; fit records with costs"
    ):
        names(found, alpha=0.5)
    with pytest.raises(ConfigError, match="max_cost is set"):
        names(found, max_cost=1)
    assert names(found, alpha=0, default_cost=20) == ["a", "b"]
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match=f"default_cost is {wrong}; it must be 0 or more"):
            names(found, default_cost=wrong)
    assert names(found, alpha=0, expected_costs={"b": 5}, default_cost=20) == ["b", "a"]


def test_intervals_narrow_with_evidence() -> None:
    wide, narrow = credible_interval(0.5, 4), credible_interval(0.5, 400)
    assert wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])
    assert credible_interval(0.5, 0) == pytest.approx([0.025, 0.975])
    low, high = credible_interval(1.0, 10)
    assert 0 < low < high == 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"partitions": 0},
        {"top_clusters": 0},
        {"beta": -1},
        {"shrinkage": float("inf")},
        {"n_clusters": 0},
        {"prior": "none"},
        {"blend": {}},
        {"blend": {"cluster": -1}},
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        RankingSettings(**change)  # type: ignore[arg-type]


def test_settings_survive_their_plain_form() -> None:
    settings = RankingSettings(n_clusters=7, blend={"knn": 1.0})
    assert RankingSettings.from_dict(settings.to_dict()) == settings
    with pytest.raises(ConfigError, match="'colour'"):
        RankingSettings.from_dict({"colour": 1})
    with pytest.raises(ConfigError, match="scorer 'x' is unknown"):
        estimate(evidence([[0.5]], settings=replace(PLAIN, scorer="x")))
    with pytest.raises(ConfigError, match="holds nothing for the scorer 'knn'"):
        estimate(evidence([[0.5]], settings=replace(PLAIN, scorer="knn")))


def test_a_batch_is_chosen_from_as_one_query_is_ranked() -> None:
    keys = np.array([[0.5, 0.9, 0.9], [0.7, 0.7, 0.7], [0.2, 0.1, 0.3]])
    costs = np.array([[1.0, 9.0, 2.0], [3.0, np.nan, 2.0], [1.0, 1.0, 1.0]])
    assert choose(keys).tolist() == [1, 0, 2]
    assert choose(keys, costs=costs).tolist() == [2, 2, 2]
    assert choose(keys[1:2], costs=np.full((1, 3), np.nan)).tolist() == [0]
    known = np.array([[True, False, False], [True, True, False], [True, True, False]])
    assert choose(keys, costs=costs, known=known).tolist() == [0, 0, 0]
    assert choose(keys[:1], known=np.zeros((1, 3), dtype=bool)).tolist() == [0]


def test_reciprocal_rank_backs_off_too() -> None:
    settings = replace(PLAIN, scorer="reciprocal-rank")
    near = evidence([[0.4, 0.6]], settings=settings)
    far = replace(near, trust=np.array(0.0), global_means=np.array([0.57, 0.48]))
    assert names(near) == ["b", "a"]
    assert names(far) == ["a", "b"]
    assert names(replace(far, settings=replace(settings, back_off=False))) == ["b", "a"]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (PLAIN, 2000),
        (replace(PLAIN, scorer="knn", neighbours=50), 50),
        (replace(PLAIN, scorer="ridge", neighbours=50), 50),
        (replace(PLAIN, scorer="blend", neighbours=50, blend={"cluster": 1, "ridge": 3}), 537.5),
    ],
)
def test_the_count_is_that_of_the_scorer_that_spoke(
    settings: RankingSettings, count: float
) -> None:
    predictions = {"knn": [0.1, 0.0], "ridge": [0.1, 0.0]}
    found = evidence([[0.9, 0.8]], counts=2000, settings=settings, predictions=predictions)
    assert rank_experts(found, candidates=["a"])[0]["count"] == count


def test_a_new_scorer_needs_a_row_in_the_registry_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cheerful = Scorer(lambda evidence: evidence.prior * 0 + 0.1, lambda settings, near: "cheer")
    added = {**SCORERS, "cheerful": cheerful}
    monkeypatch.setattr("avengers_graph.routing.scores.SCORERS", added)
    ranked = rank_experts(
        evidence([[0.5]], settings=replace(PLAIN, scorer="cheerful")), candidates=["a"]
    )
    assert ranked[0]["score"] == pytest.approx(0.6)
    assert ranked[0]["why"].startswith("cheer; ")
