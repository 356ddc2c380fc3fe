"""Clustering methods by name, and a few words that label a cluster.

Whatever the method, online a query goes to the nearest centroid.
"""

import math
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import ConfigError, RecordsError

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
Partition = tuple[Vectors, Labels]
"""Centroids ``(n_clusters, dim)``, and the row of each query's cluster ``(n,)``."""

MINI_BATCH_ABOVE = 20_000
"""Queries above which ``kmeans`` goes by mini-batches."""

LABEL_WORDS = 3
"""Words of a label, at most."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2,}")
_READ = 2000
"""Characters of a query that are looked at."""
_PER_CLUSTER = 500
"""Queries of a cluster that are looked at, the first ones in file order."""


def cluster(vectors: Vectors, *, n_clusters: int, method: str, seed: int) -> Partition:
    """Centroids ``(n_clusters, dim)`` and each row's nearest one ``(n,)``.

    Raises:
        ConfigError: the method is unknown, or cannot make as many clusters of so few queries.
        RecordsError: there are fewer different vectors than clusters.
    """
    if method not in METHODS:
        raise ConfigError(f"clustering method {method!r} is unknown; use one of {sorted(METHODS)}")
    if n_clusters > len(vectors):
        raise RecordsError(
            f"{len(vectors)} queries cannot make {n_clusters} clusters; "
            f"ask for {len(vectors)} or fewer, or add records"
        )
    distinct = distinct_rows(vectors, enough=n_clusters)
    if n_clusters > distinct:
        raise RecordsError(
            f"the embedder gives only {distinct} different vectors, too few for {n_clusters} "
            f"clusters; ask for {distinct} or fewer, or check the embedder"
        )
    if n_clusters == 1:
        return vectors.mean(axis=0, keepdims=True), np.zeros(len(vectors), dtype=np.int64)
    with few_threads():
        return METHODS[method](vectors, n_clusters, seed)


def distinct_rows(vectors: Vectors, *, enough: int) -> int:
    """Number of different rows, counted no further than ``enough``."""
    seen: set[bytes] = set()
    for row in vectors:
        seen.add(row.tobytes())
        if len(seen) >= enough:
            break
    return len(seen)


def few_threads() -> AbstractContextManager[Any]:
    """One thread for linear algebra and scikit-learn, unless OMP_NUM_THREADS says otherwise.

    Threads that wait for each other spin: on two cores with other work, clustering 6,000
    queries took 9 times longer with two threads than with one.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(
        limits=None if "OMP_NUM_THREADS" in os.environ else 1
    )
    return limits


def nearest_rows(vectors: Vectors, centroids: Vectors, *, chunk: int = 8192) -> Labels:
    """Row of the nearest centroid of each vector, ties to the lower row, shape ``(n,)``."""
    parts = [
        squared_distances(vectors[start : start + chunk], centroids).argmin(axis=1)
        for start in range(0, len(vectors), chunk)
    ]
    return np.concatenate(parts).astype(np.int64)


def squared_distances(vectors: Vectors, centroids: Vectors) -> NDArray[np.float64]:
    """Squared Euclidean distances, shape ``(n, n_centroids)``, never below 0."""
    rows, points = vectors.astype(np.float64), centroids.astype(np.float64)
    cross = rows @ points.T
    lengths = (rows**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)[None, :]
    return np.asarray(np.maximum(lengths - 2 * cross, 0.0))


def _kmeans(vectors: Vectors, n_clusters: int, seed: int) -> Partition:
    from sklearn.cluster import KMeans

    if len(vectors) > MINI_BATCH_ABOVE:
        return _mini_batch(vectors, n_clusters, seed)
    model = KMeans(n_clusters, n_init=1, random_state=seed).fit(vectors)
    return model.cluster_centers_.astype(np.float32), model.labels_.astype(np.int64)


def _mini_batch(vectors: Vectors, n_clusters: int, seed: int) -> Partition:
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(
        n_clusters, n_init=1, batch_size=4096, max_iter=20, random_state=seed
    ).fit(vectors)
    centroids = model.cluster_centers_.astype(np.float32)
    return centroids, nearest_rows(vectors, centroids)


def _hierarchical(vectors: Vectors, n_clusters: int, seed: int) -> Partition:
    from sklearn.cluster import AgglomerativeClustering

    return _means_of(vectors, AgglomerativeClustering(n_clusters).fit_predict(vectors))


def _gmm(vectors: Vectors, n_clusters: int, seed: int) -> Partition:
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(n_clusters, covariance_type="diag", random_state=seed, reg_covar=1e-4)
    return _means_of(vectors, model.fit_predict(vectors.astype(np.float64)))


def _spectral(vectors: Vectors, n_clusters: int, seed: int) -> Partition:
    from sklearn.cluster import SpectralClustering

    if n_clusters >= len(vectors):
        # As many eigenvectors as there are queries are more than a sparse solver finds.
        raise ConfigError(
            f"spectral clustering makes {len(vectors) - 1} clusters of {len(vectors)} queries at "
            f"most, not {n_clusters}; ask for fewer, or use another method"
        )
    model = SpectralClustering(
        n_clusters,
        affinity="nearest_neighbors",
        n_neighbors=min(10, len(vectors)),
        assign_labels="cluster_qr",
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        return _means_of(vectors, model.fit_predict(vectors))


def _birch(vectors: Vectors, n_clusters: int, seed: int) -> Partition:
    from sklearn.cluster import Birch

    return _means_of(vectors, Birch(threshold=0.4, n_clusters=n_clusters).fit_predict(vectors))


def _means_of(vectors: Vectors, labels: Labels) -> Partition:
    """The groups that a method found, each with its mean as the centroid.

    A query near the border of a group may lie nearer to another group's mean, and then goes there.
    """
    found = np.unique(labels)
    centroids = np.stack([vectors[labels == label].mean(axis=0) for label in found])
    return centroids, nearest_rows(vectors, centroids)


METHODS: Mapping[str, Callable[[Vectors, int, int], Partition]] = {
    "kmeans": _kmeans,
    "mini-batch": _mini_batch,
    "hierarchical": _hierarchical,
    "gmm": _gmm,
    "spectral": _spectral,
    "birch": _birch,
}
"""Methods by name: from vectors ``(n, dim)``, a number of clusters and a seed to a partition."""


def cluster_labels(queries: Sequence[str], clusters: Sequence[int], n_clusters: int) -> list[str]:
    """A label of up to ``LABEL_WORDS`` words per cluster, by what sets it off from all queries.

    A word's weight in a cluster is the share of the cluster's queries it occurs in, times the
    logarithm of that share over its share in all queries: one term of their relative
    entropy. Ties go alphabetically, so that the same input gives the same labels. A cluster
    without words of its own is named by its number.
    """
    counts: list[Counter[str]] = [Counter() for _ in range(n_clusters)]
    read = [0] * n_clusters
    for query, cluster in zip(queries, clusters, strict=True):
        if read[cluster] < _PER_CLUSTER:
            counts[cluster].update(_words(query))
            read[cluster] += 1
    everywhere: Counter[str] = Counter()
    for count in counts:
        everywhere.update(count)
    total = sum(read)
    labels = []
    for number, count in enumerate(counts):
        least = 2 if read[number] >= 4 else 1
        weights = {
            word: times / read[number] * math.log(times * total / (read[number] * everywhere[word]))
            for word, times in count.items()
            if times >= least
        }
        best = sorted(
            (word for word, weight in weights.items() if weight > 0 or n_clusters == 1),
            key=lambda word: (-weights[word], -count[word], word),
        )
        labels.append(", ".join(best[:LABEL_WORDS]) or f"cluster {number}")
    return labels


def _words(query: str) -> set[str]:
    """Different words of a query; runs of Chinese and Japanese give their pairs of characters."""
    text = query[:_READ].casefold()
    words: set[str] = set()
    for word in _WORD.findall(text):
        if _HAN.search(word):
            for run in _HAN.findall(word):
                words.update(run[at : at + 2] for at in range(len(run) - 1))
        elif len(word) <= 24:
            words.add(word)
    return words
