"""Fitting the scores, the prior and the ridge behind an index."""

import warnings

import numpy as np
import pytest

from avengers_graph.errors import EmbeddingError
from avengers_graph.records import Record
from avengers_graph.routing import RankingSettings
from avengers_graph.routing.clustering import cluster
from avengers_graph.routing.fitting import (
    Fitted,
    default_clusters,
    fit_model,
    fit_records,
    fit_ridge,
)
from avengers_graph.routing.matrix import macro_mean, matrix, standard_error
from avengers_graph.routing.model import Vectors


def test_a_data_set_prior_knows_the_best_expert_of_each(blobs: Vectors) -> None:
    records = [
        Record(f"q {at}", f"set {at // 40}", {"a": float(at < 120), "b": float(at >= 120)})
        for at in range(200)
    ]
    data = matrix(records, ("a", "b"))
    model, labels = fit_model(data, blobs, settings=RankingSettings(n_clusters=5))
    prior, counts = model.prior(blobs)
    assert (prior[:120, 0] > prior[:120, 1]).all()
    assert (prior[120:, 1] > prior[120:, 0]).all()
    assert np.bincount(labels).tolist() == [40] * 5
    assert counts == pytest.approx(40, abs=0.5)


def test_ridge_recovers_a_linear_score_where_it_is_known(blobs: Vectors) -> None:
    truth = blobs @ np.linspace(-1, 1, 16)
    targets = np.stack([truth, np.where(np.arange(200) % 3, truth, np.nan)], axis=1)
    found = fit_ridge(blobs, targets, penalty=1e-3)(blobs)
    assert np.abs(found - truth[:, None]).max() < 0.01


def test_default_number_of_clusters() -> None:
    assert [default_clusters(n) for n in (1, 19, 40, 400, 10**6)] == [1, 1, 2, 20, 64]


def test_nearly_as_many_data_sets_as_queries_need_no_warning(blobs: Vectors) -> None:
    records = [Record(f"q {at}", f"set {at % 150}", {"a": 1.0, "b": 0.0}) for at in range(200)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_model(matrix(records, ("a", "b")), blobs, settings=RankingSettings(n_clusters=2))


def test_partitions_of_fewer_clusters_weigh_what_they_have(blobs: Vectors) -> None:
    """Gaussian mixtures leave components empty, in one partition more than in another."""
    records = [Record(f"q {at}", "d", {"a": float(at < 100)}) for at in range(200)]
    data = matrix(records, ("a",))
    parts = [cluster(blobs, n_clusters=k, method="kmeans", seed=0) for k in (5, 3)]
    settings = RankingSettings(n_clusters=5, partitions=2, scorer="cluster")
    model, _ = fit_model(data, blobs, settings=settings, partitions=parts)
    shown = model.nearest(blobs[:2], k=4, beta=1.0)
    evidence = model.evidence(blobs[:2], shown=shown, beta=1.0)
    assert evidence.weights.shape == (2, 2, 4)
    assert np.allclose(evidence.weights.sum(axis=-1), 1)
    assert (evidence.weights[:, 1, 3] == 0).all()
    assert (evidence.weights[:, 0, 3] > 0).all()


def test_each_data_set_counts_once_and_a_single_query_is_certain() -> None:
    records = [Record(str(at), where, {"x": 1}) for at, where in enumerate("ddde")]
    data = matrix(records, ("x",))
    values = np.array([1.0, 0.0, np.nan, 0.25])
    assert macro_mean(values, data) == 0.375
    assert standard_error(values, data) == 0.25  # sqrt(0.5 / 2 + 0) / 2


def fitted(vectors: Vectors) -> Fitted:
    records = [Record(str(at), "d", {"a": float(at % 2)}) for at in range(len(vectors))]
    return fit_records(
        records, None, n_clusters=5, seed=0, settings=None, vectors=vectors, progress=None
    )


def test_vectors_of_any_length_are_made_unit_vectors(blobs: Vectors) -> None:
    scale = np.linspace(0.5, 20, len(blobs), dtype=np.float32)[:, None]
    plain, scaled = fitted(blobs), fitted(blobs * scale)
    assert scaled.model.clusters.centroids == pytest.approx(
        plain.model.clusters.centroids, abs=1e-5
    )
    assert scaled.vectors == pytest.approx(blobs, abs=1e-6)
    assert np.array_equal(plain.vectors, blobs), "unit vectors stay as they are, to the last digit"


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_vectors_that_are_not_finite_or_zero_are_refused(blobs: Vectors, value: float) -> None:
    broken = blobs.copy()
    broken[7] = value
    with pytest.raises(EmbeddingError, match=r"vector for text 7 has length .* not zero"):
        fitted(broken)
