"""Best single, routed, and routed-and-voted over the 12 models of KOR-Bench.

    python benchmarks/voting_korbench.py [DATA] [--splits 10] [--clusters 24]

Half of the questions (by a seeded checksum of their id) calibrates: K-means over MiniLM
embeddings of the prompts, and per cluster each model's accuracy, shrunk towards its accuracy
overall. The other half judges, by the verdicts recorded with the data: the model that is best on
the calibration half; the model best in the nearest cluster; and votes over the models' texts,
each text weighing as its model's accuracy in the cluster says. Prints paired differences to best
single with 95% bootstrap intervals over questions, pooled over the splits. DATA is the folder
with ``korbench/dev.jsonl`` (default: ``../shared/data`` beside the repository).
"""

import argparse
import json
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from avengers_graph.embedding import load_embeddings
from avengers_graph.voting import WEIGHTINGS, vote

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
PSEUDO_COUNT = 4.0
"""Questions that a cluster's accuracy is shrunk by towards the overall one."""

Array = NDArray[np.float64]


def calibrated(vectors: Array, right: Array, *, clusters: int) -> tuple[KMeans, Array]:
    """Clusters of the calibration half, and accuracies of shape (clusters, models)."""
    fitted = KMeans(clusters, n_init=4, random_state=0).fit(vectors)
    overall = right.mean(axis=0)
    rows = []
    for cluster in range(clusters):
        inside = right[fitted.labels_ == cluster]
        rows.append((inside.sum(axis=0) + PSEUDO_COUNT * overall) / (len(inside) + PSEUDO_COUNT))
    return fitted, np.array(rows)


def judged(
    item: Mapping[str, Any], models: Sequence[str], scores: Array, *, best: int
) -> dict[str, float]:
    """Whether each strategy is right on one question, 0 or 1."""
    correct = [float(item["correct"][model]) for model in models]
    order = [int(index) for index in np.argsort(-scores, kind="stable")]
    outcome = {"best single": correct[best], "routed": correct[order[0]]}
    for name, voters, weighting in (
        ("plain vote of 12", len(models), "uniform"),
        ("voted, by score", len(models), "score"),
        ("voted, boosted", len(models), "boosted"),
        ("top 3, boosted", 3, "boosted"),
        ("top 5, boosted", 5, "boosted"),
    ):
        chosen = order[:voters]
        verdict = vote(
            [item["outputs"][models[index]] for index in chosen],
            question=item["prompt"],
            weights=[WEIGHTINGS[weighting](float(scores[index])) for index in chosen],
            ranks=list(range(voters)),
        )
        speaker = verdict.fallback if verdict.winner is None else verdict.winner
        outcome[name] = 0.0 if speaker is None else correct[chosen[speaker]]
    return outcome


def main() -> None:
    """Print one row per strategy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--clusters", type=int, default=24)
    options = parser.parse_args()
    file = options.data / "korbench" / "dev.jsonl"
    if not file.is_file():
        sys.exit(f"no {file}; pass the folder that holds korbench/dev.jsonl")
    items = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    models = sorted(items[0]["outputs"])
    right = np.array([[float(item["correct"][m]) for m in models] for item in items])
    embeddings = load_embeddings("all-MiniLM-L6-v2")
    vectors = np.array(embeddings.embed_documents([item["prompt"] for item in items]))
    outcomes: list[dict[str, float]] = []
    for split in range(options.splits):
        side = np.array([zlib.crc32(f"{split}:{item['id']}".encode()) % 2 for item in items])
        fitted, accuracy = calibrated(
            vectors[side == 0], right[side == 0], clusters=options.clusters
        )
        best = int(right[side == 0].mean(axis=0).argmax())
        nearest = fitted.predict(vectors)
        outcomes += [
            judged(items[index], models, accuracy[nearest[index]], best=best)
            for index in np.flatnonzero(side == 1)
        ]
    print(f"{'strategy':<20}{'accuracy':>9}{'minus best single':>19}   95% interval")
    rng = np.random.default_rng(0)
    base = np.array([outcome["best single"] for outcome in outcomes])
    for name in outcomes[0]:
        values = 100 * np.array([outcome[name] for outcome in outcomes])
        difference = values - 100 * base
        # Questions recur over the splits, so as many are drawn as one split judges.
        draws = difference[rng.integers(0, len(outcomes), (2000, len(outcomes) // options.splits))]
        low, high = np.percentile(draws.mean(axis=1), [2.5, 97.5])
        row = f"{name:<20}{values.mean():>9.2f}{difference.mean():>+19.2f}"
        print(f"{row}   [{low:+.2f}, {high:+.2f}]")
    print(f"\n{len(outcomes)} judged questions over {options.splits} splits")


if __name__ == "__main__":
    main()
