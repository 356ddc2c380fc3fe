"""Fitting at scale: synthetic vectors with planted clusters, so that no embedding is timed.

Run: python benchmarks/routing_scale.py [--queries 100000] [--experts 20] [--clusters 64]
Prints seconds of the fit (clustering, scores, linear models, and writing to Chroma), the
process's peak memory, and milliseconds of ``nearest``. Targets on two cores: 100,000 queries
in 90 s and 3 GB; 1,000,000 in 10 minutes and 6 GB.
"""

import argparse
import resource
import tempfile
import time

import numpy as np

from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex, rank_experts

DIM = 384
TOPICS = 200


def planted(count: int, experts: int) -> tuple[list[Record], np.ndarray]:
    """Unit vectors around ``TOPICS`` directions; in each topic other experts are good."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(TOPICS, DIM)).astype(np.float32)
    skill = rng.uniform(0.2, 0.9, size=(TOPICS, experts))
    names = [f"expert {number}" for number in range(experts)]
    topic = rng.integers(TOPICS, size=count)
    vectors = np.empty((count, DIM), dtype=np.float32)
    records = []
    for start in range(0, count, 50_000):
        here = topic[start : start + 50_000]
        noise = rng.normal(size=(len(here), DIM)).astype(np.float32)
        piece = centres[here] + noise
        vectors[start : start + 50_000] = piece / np.linalg.norm(piece, axis=1, keepdims=True)
        right = (rng.random((len(here), experts)) < skill[here]).astype(float)
        records += [
            Record(
                f"query {start + at} of topic {t}",
                f"set {t % 8}",
                dict(zip(names, row, strict=True)),
            )
            for at, (t, row) in enumerate(zip(here.tolist(), right.tolist(), strict=True))
        ]
    return records, vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--experts", type=int, default=20)
    parser.add_argument("--clusters", type=int, default=64)
    options = parser.parse_args()
    records, vectors = planted(options.queries, options.experts)
    with tempfile.TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        index = ClusterIndex.fit(
            records, None, vectors=vectors, n_clusters=options.clusters, path=folder
        )
        seconds, work = time.perf_counter() - started, time.process_time() - used
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"fit {options.queries} x {DIM}, {options.experts} experts, K = {index.n_clusters}: "
            f"{seconds:.1f} s ({work:.1f} s of CPU), {memory:.2f} GB at most"
        )
        times = {"nearest": [], "evidence and ranking": []}
        for vector in vectors[:300]:
            start = time.perf_counter()
            hits = index.nearest(vector)
            found = time.perf_counter()
            rank_experts(index.evidence(vector, hits), candidates=index.experts)
            times["nearest"].append(found - start)
            times["evidence and ranking"].append(time.perf_counter() - found)
        for name, values in times.items():
            print(f"{name}: median {1e3 * np.median(values):.2f} ms")


if __name__ == "__main__":
    main()
