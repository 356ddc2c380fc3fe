"""What routing is compared with: other routers, and an embedder that knows words alone."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from avengers_graph.calibration.evaluation import (
    best_of_each_dataset,
    single_expert_columns,
    values_at,
)
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
LEXICAL = "words alone (TF-IDF, SVD)"
"""Name of ``lexical_vectors`` in an ablation."""
LEXICAL_DIM = 384
"""As many dimensions as the default embedder has."""


def unfitted_scores(data: Matrix, *, best_single: str) -> dict[str, Floats]:
    """What needs no fit: the score it gets on each query, ``(n,)``, as ``evaluate`` counts it.

    NaN on data sets where the expert has too few scores (``single_expert_columns``).
    """
    alone = single_expert_columns(data)
    rows = np.arange(len(alone))
    return {
        "random": np.nanmean(data.scores, axis=1),
        "best single": values_at(data.scores, alone[:, data.experts.index(best_single)]),
        "best per data set": values_at(
            data.scores, alone[rows, best_of_each_dataset(data, alone)[data.dataset]]
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


def lexical_vectors(
    train: Sequence[str], test: Sequence[str], *, seed: int = 0
) -> tuple[Vectors, Vectors]:
    """Unit vectors that know words but no meaning: latent semantic analysis of the training texts.

    TF-IDF of words and word pairs, reduced by a truncated SVD to ``LEXICAL_DIM`` dimensions or
    to as many as the texts have. A text that shares no word with them gets a zero vector.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import normalize

    # Letters in a row are a word, any other character is one by itself: programs and Chinese
    # have few spaces.
    words = TfidfVectorizer(
        token_pattern=r"[A-Za-z\u00c0-\u024f]+|\S", ngram_range=(1, 2), sublinear_tf=True
    )
    counted = words.fit_transform(train)
    dim = max(1, min(LEXICAL_DIM, *(size - 1 for size in counted.shape)))
    reduced = make_pipeline(words, TruncatedSVD(dim, random_state=seed))
    fitted = reduced.fit_transform(train)
    first, second = (normalize(part) for part in (fitted, reduced.transform(test)))
    return first.astype(np.float32), second.astype(np.float32)
