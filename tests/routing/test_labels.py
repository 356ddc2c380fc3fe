"""Names of clusters, from the words of their queries."""

from avengers_graph.routing.labels import cluster_labels


def test_labels_name_what_sets_a_cluster_off() -> None:
    queries = [f"how many apples cost {word} coins" for word in ("two", "three", "four", "five")]
    queries += [f"which king ruled {word} france" for word in ("old", "north", "south", "west")]
    queries += ["水的化学式是什么", "水的沸点是多少"]
    first, second, third, empty = cluster_labels(queries, [0] * 4 + [1] * 4 + [2] * 2, 4)
    assert first == "apples, coins, cost"
    assert second == "france, king, ruled"
    assert "水的" in third
    assert empty == "cluster 3"
