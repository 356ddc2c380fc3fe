"""Cost against accuracy on RouterBench, cross-validated on the records at hand.

Run: python benchmarks/routing_frontier.py FILES... [--reference gpt-4-1106-preview]
Each fold is routed by an index fitted on the others, at each alpha. Prints score and cost per
1,000 queries of routing and of each single model, and the cheapest routing that stays within
5 points of the reference model.
"""

import argparse

import numpy as np

from avengers_graph.calibration.cross_validation import random_folds
from avengers_graph.calibration.frontier import (
    ALPHAS,
    FrontierPoint,
    cheapest_within,
    frontier_points,
    trade_off_choices,
    with_costs,
)
from avengers_graph.embedding import embed_texts, load_embeddings
from avengers_graph.records import expert_names, read_records
from avengers_graph.routing import RankingSettings
from avengers_graph.routing.fitting import fit_model
from avengers_graph.routing.matrix import matrix


def line(point: FrontierPoint) -> str:
    return f"{point.name:>36}  {point.score:6.2f}%  {point.cost:8.4f} USD per 1,000"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--reference", default="gpt-4-1106-preview")
    options = parser.parse_args()
    records = read_records(options.files)
    vectors = embed_texts(load_embeddings(), [record.query for record in records])
    data = with_costs(matrix(records, expert_names(records)))
    chosen = {alpha: np.zeros(len(records), dtype=np.int64) for alpha in ALPHAS}
    for fold in random_folds(data, n_folds=5, seed=0):
        model, _ = fit_model(data.rows(fold.train), vectors[fold.train], settings=RankingSettings())
        held_out = data.rows(fold.test)
        for alpha, at in trade_off_choices(model, vectors[fold.test], held_out).items():
            chosen[alpha][fold.test] = at
    routed, single = frontier_points(chosen, data)
    print(f"{len(records)} queries of {', '.join(data.datasets)}; each data set counts once")
    for point in (*routed, *sorted(single, key=lambda point: point.cost)):
        print(line(point))
    reference = next(point for point in single if point.name == options.reference)
    within = cheapest_within(routed, of=reference, margin=5)
    if within is None:
        print(f"no alpha stays within 5 points of {reference.name}")
    else:
        print(f"cheapest within 5 points of {reference.name}, {within.cost / reference.cost:.1%}:")
        print(line(within))


if __name__ == "__main__":
    main()
