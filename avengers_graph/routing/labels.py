"""A few words that tell one cluster from the others."""

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_]{3,}")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2,}")
WORDS = 3
_READ = 2000
"""Characters of a query that are looked at."""
_PER_CLUSTER = 500
"""Queries of a cluster that are looked at, the first ones in file order."""


def cluster_labels(queries: Sequence[str], clusters: Sequence[int], n_clusters: int) -> list[str]:
    """A label of up to ``WORDS`` words per cluster, by what sets it off from all queries.

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
        labels.append(", ".join(best[:WORDS]) or f"cluster {number}")
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
