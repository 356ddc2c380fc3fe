"""What each setting is worth: one changed at a time, on queries that were held out.

Run: python benchmarks/routing_ablation.py FILES... [--embedding MODEL]...
Holds a fifth of each data set out (seeded), refits on the rest with one setting changed at a time
over three seeds, and prints the table of ``avengers-graph evaluate --ablate``.
"""

import argparse

from avengers_graph.calibration.ablation import Split, ablate
from avengers_graph.calibration.baselines import LEXICAL, lexical_vectors
from avengers_graph.calibration.cross_validation import random_folds
from avengers_graph.calibration.evaluation import best_single
from avengers_graph.cli.evaluate import show_ablation
from avengers_graph.cli.terminal import progress_bars
from avengers_graph.embedding import embed_texts, load_embeddings
from avengers_graph.records import expert_names, read_records
from avengers_graph.routing import RankingSettings
from avengers_graph.routing.fitting import default_clusters, fit_model
from avengers_graph.routing.matrix import matrix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--embedding", action="append", default=[])
    options = parser.parse_args()
    records = read_records(options.files)
    data = matrix(records, expert_names(records))
    texts = [record.query for record in records]
    with progress_bars() as moved:
        vectors = embed_texts(load_embeddings(), texts, progress=moved)
        fold = random_folds(data, n_folds=5, seed=0)[0]
        split = Split(
            data.rows(fold.train), vectors[fold.train], data.rows(fold.test), vectors[fold.test]
        )
        train, test = ([texts[row] for row in rows] for rows in (fold.train, fold.test))
        others = {LEXICAL: lexical_vectors(train, test)}
        for model in options.embedding:
            embeddings = load_embeddings(model)
            others[model] = embed_texts(embeddings, train), embed_texts(embeddings, test)
        settings = RankingSettings(n_clusters=default_clusters(len(train)))
        model, _ = fit_model(split.train, split.train_vectors, settings=settings)
        best = best_single(model, data.experts)
        rows = ablate(split, settings, best_single=best, embedders=others, progress=moved)
    print(f"{len(train)} queries fitted on, {len(test)} judged; {', '.join(data.datasets)}")
    show_ablation(rows)


if __name__ == "__main__":
    main()
