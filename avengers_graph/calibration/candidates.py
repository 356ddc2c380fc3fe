"""What ``fit --clusters auto`` tries: a grid of settings for each number of clusters."""

from collections.abc import Iterator
from itertools import product

from avengers_graph.routing import RankingSettings
from avengers_graph.routing.fitting import default_clusters

PARTITIONS = 4
"""Partitions of the clustering that candidates average at most."""
BLENDS = (
    *(
        {"cluster": 1 - s, other: s}
        for other in ("ridge", "knn", "prior")
        for s in (0.25, 0.5, 0.75)
    ),
    {"cluster": 0.25, "ridge": 0.5, "prior": 0.25},
    {"cluster": 0.5, "ridge": 0.25, "prior": 0.25},
)
AUTHORS = {"top_clusters": 11, "beta": 3.0}
"""Defaults of the authors' released code for its reciprocal-rank fusion."""


MOST_CLUSTERS = 128


def cluster_numbers(n_queries: int, *, different: int) -> list[int]:
    """Numbers of clusters to try, the default first, up to one for 10 queries.

    Args:
        different: Of the queries' vectors, counted up to ``MOST_CLUSTERS`` or further.
    """
    tried = [k for k in (MOST_CLUSTERS, 32, 16, 8) if k <= n_queries // 10]
    return list(dict.fromkeys(min(k, different) for k in (default_clusters(n_queries), *tried)))


def candidates(base: RankingSettings, *, first: bool) -> Iterator[RankingSettings]:
    """Settings that differ in all but the clustering; simpler ones first, as ties go to them.

    Args:
        first: Also those that do not depend on the number of clusters.
    """
    for prior in ("dataset", "global"):
        held = base.but(prior=prior)
        if first:
            yield held.but(scorer="prior", partitions=1)
            for penalty in (30.0, 100.0, 300.0):
                yield held.but(scorer="ridge", penalty=penalty, partitions=1)
            for neighbours, shrinkage in product((20, 50, 150), (10.0, 50.0)):
                yield held.but(
                    scorer="knn", neighbours=neighbours, shrinkage=shrinkage, partitions=1
                )
        mixing = ((1, 10.0), (3, 10.0), (3, 3.0))
        for (top, beta), averaged, shrinkage in product(
            mixing, (1, base.partitions), (0.0, 5.0, 20.0, 80.0)
        ):
            yield held.but(
                scorer="cluster",
                top_clusters=top,
                beta=beta,
                partitions=averaged,
                shrinkage=shrinkage,
            )
        for blend, shrinkage in product(BLENDS, (5.0, 20.0)):
            yield held.but(scorer="blend", blend=blend, shrinkage=shrinkage)
    for averaged in (1, base.partitions):
        yield base.but(scorer="reciprocal-rank", prior="global", partitions=averaged, **AUTHORS)
