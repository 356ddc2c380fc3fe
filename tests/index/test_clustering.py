"""Clustering methods, labels and linear models, each on what is planted."""

import numpy as np
import pytest

from avengers_graph.errors import ConfigError, RecordsError
from avengers_graph.index.clustering import METHODS, cluster, nearest_rows
from avengers_graph.index.fitting import default_clusters, fit_model, fit_ridge, matrix
from avengers_graph.index.labels import cluster_labels
from avengers_graph.index.model import Vectors
from avengers_graph.index.writing import stored_rows
from avengers_graph.ranking import RankingSettings
from avengers_graph.records import Record


@pytest.fixture(scope="module")
def blobs() -> Vectors:
    """Five tight groups of 40 unit vectors, one after another."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(5, 16), 40, axis=0)
    vectors = centres + 0.05 * rng.normal(size=centres.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_groups(blobs: Vectors, method: str) -> None:
    centroids, labels = cluster(blobs, n_clusters=5, method=method, seed=0)
    assert centroids.shape == (5, 16)
    assert centroids.dtype == np.float32
    assert len(np.unique(labels)) == 5
    for start in range(0, 200, 40):
        assert len(set(labels[start : start + 40].tolist())) == 1
    assert np.array_equal(labels, nearest_rows(blobs, centroids))
    again, _ = cluster(blobs, n_clusters=5, method=method, seed=0)
    assert np.array_equal(centroids, again)


def test_what_cannot_be_clustered(blobs: Vectors) -> None:
    with pytest.raises(ConfigError, match="method 'x' is unknown"):
        cluster(blobs, n_clusters=2, method="x", seed=0)
    with pytest.raises(RecordsError, match="200 queries cannot make 201"):
        cluster(blobs, n_clusters=201, method="kmeans", seed=0)
    with pytest.raises(RecordsError, match="only 1 different"):
        cluster(np.repeat(blobs[:1], 9, axis=0), n_clusters=2, method="kmeans", seed=0)


def test_labels_name_what_sets_a_cluster_off() -> None:
    queries = [f"how many apples cost {word} coins" for word in ("two", "three", "four", "five")]
    queries += [f"which king ruled {word} france" for word in ("old", "north", "south", "west")]
    queries += ["水的化学式是什么", "水的沸点是多少"]
    first, second, third, empty = cluster_labels(queries, [0] * 4 + [1] * 4 + [2] * 2, 4)
    assert first == "apples, coins, cost"
    assert second == "france, king, ruled"
    assert "水的" in third
    assert empty == "cluster 3"


def test_a_data_set_prior_knows_the_best_expert_of_each(blobs: Vectors) -> None:
    records = [
        Record(f"q {at}", f"set {at // 40}", {"a": float(at < 120), "b": float(at >= 120)})
        for at in range(200)
    ]
    data = matrix(records, ("a", "b"))
    model, labels = fit_model(data, blobs, settings=RankingSettings(n_clusters=5))
    prior = model.prior(blobs)
    assert (prior[:120, 0] > prior[:120, 1]).all()
    assert (prior[120:, 1] > prior[120:, 0]).all()
    assert np.bincount(labels).tolist() == [40] * 5
    assert 0 < model.median_distance < model.far_distance


def test_ridge_recovers_a_linear_score_where_it_is_known(blobs: Vectors) -> None:
    truth = blobs @ np.linspace(-1, 1, 16)
    targets = np.stack([truth, np.where(np.arange(200) % 3, truth, np.nan)], axis=1)
    found = fit_ridge(blobs, targets, penalty=1e-3)(blobs)
    assert np.abs(found - truth[:, None]).max() < 0.01


def test_stored_queries_are_a_share_of_each_cluster() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    rows = stored_rows(labels, 100, 7)
    assert np.bincount(labels[rows]).tolist() == pytest.approx([60, 30, 10], abs=1)
    assert np.array_equal(rows, stored_rows(labels, 100, 7))
    assert np.array_equal(stored_rows(labels, 1000, 7), np.arange(1000))


def test_default_number_of_clusters() -> None:
    assert [default_clusters(n) for n in (1, 19, 40, 400, 10**6)] == [1, 1, 2, 20, 64]
