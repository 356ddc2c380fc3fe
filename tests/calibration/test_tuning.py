"""Cross-validation finds what is planted, holds out what it says, and repeats itself."""

from dataclasses import replace

import numpy as np
import pytest

from avengers_graph.calibration.cross_validation import (
    HeldOut,
    random_folds,
    shifted_folds,
)
from avengers_graph.calibration.tuning import candidates, cluster_numbers, tune
from avengers_graph.embedding import embed_texts
from avengers_graph.errors import ConfigError, RecordsError
from avengers_graph.routing import SCORERS, RankingSettings, choose, order_key
from avengers_graph.routing.fitting import fit_model, knn_queries
from avengers_graph.routing.matrix import Matrix, macro_mean, matrix
from avengers_graph.routing.model import Vectors
from tests.routing.conftest import EXPERTS, TopicEmbeddings, planted


@pytest.fixture(scope="module")
def data() -> tuple[Matrix, Vectors]:
    records = planted(40)
    vectors = embed_texts(TopicEmbeddings(), [record.query for record in records])
    return matrix(records, EXPERTS), vectors


def test_folds_part_the_records(data: tuple[Matrix, Vectors]) -> None:
    scored, vectors = data
    for folds in (
        random_folds(scored, n_folds=5, seed=0),
        shifted_folds(scored, vectors, n_folds=5, seed=0),
    ):
        held = np.concatenate([fold.test for fold in folds])
        assert np.array_equal(np.sort(held), np.arange(160))
        for fold in folds:
            assert not set(fold.train) & set(fold.test)
            assert len(fold.train) + len(fold.test) == 160
    for fold in random_folds(scored, n_folds=5, seed=0):
        assert np.bincount(scored.dataset[fold.test]).tolist() == [8, 8, 8, 8]


@pytest.mark.parametrize(
    "settings",
    [
        RankingSettings(scorer="cluster", prior="global", top_clusters=2, partitions=2),
        RankingSettings(scorer="blend", penalty=30.0),
        RankingSettings(scorer="knn", neighbours=20, prior="global"),
        RankingSettings(scorer="reciprocal-rank", top_clusters=3, beta=3.0),
    ],
)
def test_a_held_out_judgement_is_that_of_a_fit_on_the_rest(
    data: tuple[Matrix, Vectors], settings: RankingSettings
) -> None:
    scored, vectors = data
    settings = replace(settings, n_clusters=6)
    fold = random_folds(scored, n_folds=4, seed=1)[0]
    base = RankingSettings(n_clusters=6, partitions=4)
    shared = HeldOut(scored, vectors, fold, settings=base, seed=5).routed(settings)
    rest = scored.rows(fold.train)
    model, _ = fit_model(rest, vectors[fold.train], settings=settings, seed=5)
    queries = knn_queries(model, rest, vectors[fold.train])
    chosen = choose(order_key(model.evidence(vectors[fold.test], neighbours=queries)))
    assert np.array_equal(shared, scored.scores[fold.test, chosen])


def test_tuning_beats_the_best_single_expert_and_repeats(data: tuple[Matrix, Vectors]) -> None:
    scored, vectors = data
    tuning = tune(scored, vectors, n_folds=3, seed=2)
    assert tuning.complete
    assert tuning.trials[0].random == pytest.approx(90)
    assert tuning.best_single < 70
    assert tuning.per_dataset_best == pytest.approx(90)
    assert tuning.chosen == tuning.trials[0].settings
    for repeats in (4, 1):  # those judged most often come first
        scores = [trial.score for trial in tuning.trials if trial.repeats == repeats]
        assert scores == sorted(scores, reverse=True)
    often = [trial.repeats for trial in tuning.trials]
    assert often == sorted(often, reverse=True)
    assert 12 <= often.count(4) <= 13
    defaults = RankingSettings(n_clusters=8)
    assert next(t for t in tuning.trials if t.settings == defaults).repeats == 4
    again = tune(scored, vectors, n_folds=3, seed=2)
    assert [trial.to_dict() for trial in again.trials] == [t.to_dict() for t in tuning.trials]


def test_the_budget_ends_the_search_after_the_first_number(data: tuple[Matrix, Vectors]) -> None:
    scored, vectors = data
    moves: list[tuple[str, int, int]] = []
    tuning = tune(
        scored, vectors, n_folds=2, budget=1e-9, progress=lambda *args: moves.append(args)
    )
    assert not tuning.complete
    assert {trial.settings.n_clusters for trial in tuning.trials} == {8}
    assert moves[0] == ("tuning", 0, 8)


def test_too_little_to_go_by(data: tuple[Matrix, Vectors]) -> None:
    scored, vectors = data
    few = np.arange(4)
    with pytest.raises(RecordsError, match="4 queries are too few"):
        tune(scored.rows(few), vectors[few])
    with pytest.raises(ConfigError, match="budget is 0"):
        tune(scored, vectors, budget=0)


def test_data_sets_count_once_and_missing_scores_not_at_all() -> None:
    records = planted(2)
    scored = matrix(records, EXPERTS)
    scores = np.array([1, 1, 0, 0, 0.5, np.nan, np.nan, np.nan])
    assert macro_mean(scores, scored) == pytest.approx(0.5)


def test_queries_that_are_all_alike_can_be_tuned_on(data: tuple[Matrix, Vectors]) -> None:
    scored, vectors = data
    alike = np.repeat(vectors[:1], len(vectors), axis=0)
    assert tune(scored, alike, n_folds=2, budget=1e-9).trials[0].score > 0


def test_every_scorer_is_a_candidate() -> None:
    tried = list(candidates(RankingSettings(n_clusters=64), first=True))
    assert {settings.scorer for settings in tried} == set(SCORERS)
    assert len({repr(settings) for settings in tried}) == len(tried)
    assert cluster_numbers(5000, different=128) == [64, 128, 32, 16, 8]
    assert cluster_numbers(30, different=30) == [1]
    assert cluster_numbers(5000, different=4) == [4]
