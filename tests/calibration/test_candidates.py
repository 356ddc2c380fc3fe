"""The grid that is searched."""

from avengers_graph.calibration.candidates import candidates, cluster_numbers
from avengers_graph.routing import RankingSettings


def test_every_scorer_is_a_candidate() -> None:
    tried = list(candidates(RankingSettings(n_clusters=64), first=True))
    assert {settings.scorer for settings in tried} == {
        *("cluster", "reciprocal-rank", "knn", "ridge", "prior", "blend")
    }
    assert len({repr(settings) for settings in tried}) == len(tried)
    assert cluster_numbers(5000, different=128) == [64, 128, 32, 16, 8]
    assert cluster_numbers(30, different=30) == [1]
    assert cluster_numbers(5000, different=4) == [4]
