"""Other ways to choose an expert from an embedding, fitted on the same records."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from avengers_graph.calibration.single_experts import asked_alone, best_of_each, taken
from avengers_graph.routing.clustering import few_threads
from avengers_graph.routing.fitting import fit_ridge
from avengers_graph.routing.matrix import Matrix
from avengers_graph.routing.model import Vectors, nearest_queries

Floats = NDArray[np.float64]
_Baseline = Callable[[Matrix, Vectors, Vectors, int], Floats]

NEIGHBOURS = 50
PENALTY = 30.0
RANK = 3
"""Dimensions that queries and experts share in the factorisation."""


def unfitted_scores(data: Matrix, *, best_single: str) -> dict[str, Floats]:
    """What needs no fit: the score it gets on each query, ``(n,)``, as ``evaluate`` counts it.

    NaN on data sets where the expert has too few scores (``single_experts.asked_alone``).
    """
    alone = asked_alone(data)
    rows = np.arange(len(alone))
    return {
        "random": np.nanmean(data.scores, axis=1),
        "best single": taken(data.scores, alone[:, data.experts.index(best_single)]),
        "best per data set": taken(
            data.scores, alone[rows, best_of_each(data, alone)[data.dataset]]
        ),
        "oracle": np.nanmax(data.scores, axis=1),
    }


def predicted(name: str, data: Matrix, vectors: Vectors, asked: Vectors, *, seed: int) -> Floats:
    """Score that a baseline expects of each expert on each of ``asked``, ``(m, e)``."""
    with few_threads():
        return BASELINES[name](data, vectors, asked, seed)


def _knn(data: Matrix, vectors: Vectors, asked: Vectors, seed: int) -> Floats:
    """Mean over the neighbours that have a score; the expert's mean where none has."""
    near = data.scores[nearest_queries(asked, vectors, NEIGHBOURS)]
    known = np.isfinite(near).sum(axis=1)
    means = np.nansum(near, axis=1) / np.maximum(known, 1)
    return np.where(known > 0, means, _expert_means(data))


def _ridge(data: Matrix, vectors: Vectors, asked: Vectors, seed: int) -> Floats:
    return fit_ridge(vectors, data.scores, penalty=PENALTY)(asked)


def _factorised(data: Matrix, vectors: Vectors, asked: Vectors, seed: int) -> Floats:
    """Query and expert factors with squared loss, as EmbedLLM's but linear: rank-limited ridge."""
    linear = fit_ridge(vectors, data.scores, penalty=PENALTY)
    fitted = linear(vectors)
    centre = fitted.mean(axis=0)
    _, _, axes = np.linalg.svd(fitted - centre, full_matrices=False)
    kept = axes[:RANK].T @ axes[:RANK]
    return np.asarray(centre + (linear(asked) - centre) @ kept)


def _mlp(data: Matrix, vectors: Vectors, asked: Vectors, seed: int) -> Floats:
    """One hidden layer of 64; a missing score counts as the expert's mean."""
    from sklearn.neural_network import MLPRegressor

    targets = np.where(np.isfinite(data.scores), data.scores, _expert_means(data))
    model = MLPRegressor(
        hidden_layer_sizes=(64,),
        alpha=1.0,
        early_stopping=len(vectors) >= 100,
        max_iter=60,
        random_state=seed,
    )
    found = model.fit(vectors, targets if targets.shape[1] > 1 else targets[:, 0]).predict(asked)
    return np.asarray(found, dtype=np.float64).reshape(len(asked), -1)


def _expert_means(data: Matrix) -> Floats:
    """Mean of the known scores of each expert, ``(e,)``."""
    known = np.isfinite(data.scores).sum(axis=0)
    return np.asarray(np.nansum(data.scores, axis=0) / np.maximum(known, 1))


BASELINES: Mapping[str, _Baseline] = {
    "kNN": _knn,
    "ridge": _ridge,
    "matrix factorisation": _factorised,
    "MLP": _mlp,
}
"""Routers of other kinds, to be fitted; what needs no fit is in ``unfitted_scores``."""
