"""Whether the credible intervals of scores hold on queries that were held out.

Run: python benchmarks/routing_intervals.py FILES... [--seeds 3]
Fits on a few hundred to a few thousand of the records, puts the others into neighbourhoods of 25
queries or more, and counts how often an expert's mean score there lies within 1.96 standard
deviations of its mean estimate. The deviation is that of the estimate's Beta distribution and
that of a mean over so few queries; 95% is right, less is too sure.
"""

import argparse

import numpy as np
from scipy.stats import beta

from avengers_graph.cli.terminal import progress_bars
from avengers_graph.embedding import embed_texts, load_embeddings
from avengers_graph.records import expert_names, read_records
from avengers_graph.routing import RankingSettings, estimate
from avengers_graph.routing.clustering import cluster
from avengers_graph.routing.fitting import fit_model
from avengers_graph.routing.matrix import Matrix, matrix
from avengers_graph.routing.model import Vectors
from avengers_graph.routing.ranking import worth_of

FITTED = (300, 1000, 3000)
NEIGHBOURHOODS = 60
FEWEST = 25
VARIED = {
    "default": RankingSettings(),
    "cluster": RankingSettings(scorer="cluster"),
    "ridge": RankingSettings(scorer="ridge"),
    "prior": RankingSettings(scorer="prior"),
    "default, global prior": RankingSettings(prior="global"),
}


def deviations(
    data: Matrix, vectors: Vectors, *, settings: RankingSettings, size: int, seed: int
) -> list[float]:
    """Mean score less mean estimate of each expert in each neighbourhood, in deviations."""
    shuffled = np.random.default_rng(seed).permutation(len(vectors))
    train, test = np.sort(shuffled[:size]), np.sort(shuffled[size:])
    model, _ = fit_model(data.rows(train), vectors[train], settings=settings)
    evidence = model.evidence(vectors[test])
    guess, worth = estimate(evidence), worth_of(evidence)
    spread = beta.std(1 + guess * worth, 1 + (1 - guess) * worth)
    _, group = cluster(vectors[test], n_clusters=NEIGHBOURHOODS, method="kmeans", seed=99)
    scores = data.scores[test]
    found: list[float] = []
    for number in range(NEIGHBOURHOODS):
        here = group == number
        if here.sum() >= FEWEST:
            noise = np.maximum(scores[here].var(axis=0), 0.01) / here.sum()
            off = scores[here].mean(axis=0) - guess[here].mean(axis=0)
            found += (off / np.sqrt(noise + spread[here].mean(axis=0) ** 2)).tolist()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    records = read_records(options.files)
    data = matrix(records, expert_names(records))
    with progress_bars() as moved:
        texts = [record.query for record in records]
        vectors = embed_texts(load_embeddings(), texts, progress=moved)
    print(f"{'settings':>24}" + "".join(f"{size:>8}" for size in FITTED))
    for name, settings in VARIED.items():
        shares = []
        for size in FITTED:
            found = [
                off
                for seed in range(options.seeds)
                for off in deviations(data, vectors, settings=settings, size=size, seed=seed)
            ]
            shares.append(float(np.mean(np.abs(found) < 1.96)))
        print(f"{name:>24}" + "".join(f"{share:>8.1%}" for share in shares), flush=True)


if __name__ == "__main__":
    main()
