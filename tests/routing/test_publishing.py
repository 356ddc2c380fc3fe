"""What is checked before anything is clustered or written."""

import numpy as np
import pytest

from avengers_graph.errors import EmbeddingError
from avengers_graph.records import Record
from avengers_graph.routing.model import Vectors
from avengers_graph.routing.publishing import fit_records
from avengers_graph.routing.writing import Fitted


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
