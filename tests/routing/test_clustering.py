"""Clustering methods on groups that are planted, and the labels of clusters."""

import numpy as np
import pytest

from avengers_graph.errors import ConfigError, RecordsError
from avengers_graph.routing.clustering import METHODS, cluster, cluster_labels, nearest_rows
from avengers_graph.routing.model import Vectors


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
    with pytest.raises(ConfigError, match="makes 8 clusters of 9 queries at most, not 9"):
        cluster(blobs[::22][:9], n_clusters=9, method="spectral", seed=0)
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
