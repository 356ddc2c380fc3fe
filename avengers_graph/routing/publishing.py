"""From records to a published generation: all is computed first, then written, then switched."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from avengers_graph.embedding import embed_texts, fingerprint, spec_of
from avengers_graph.embedding.vectors import unit_rows
from avengers_graph.errors import EmbeddingError, IndexMismatchError
from avengers_graph.records import Record, check_records
from avengers_graph.routing import catalogue
from avengers_graph.routing.client import open_client
from avengers_graph.routing.fitting import fit_model, matrix
from avengers_graph.routing.reading import read_model
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.routing.writing import Fitted, Progress, write_model

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from langchain_core.embeddings import Embeddings

_UNIT = 1e-5
"""How far from 1 the length of a vector may be that is taken as it is."""


def fit_records(
    records: Sequence[Record],
    embeddings: "Embeddings | None",
    *,
    n_clusters: int | None,
    seed: int,
    settings: RankingSettings | None,
    vectors: ArrayLike | None,
    progress: Progress | None,
) -> Fitted:
    """Check, embed and cluster, and write nothing. The arguments are those of ``ClusterIndex.fit``.

    Raises:
        RecordsError: the records cannot be used, or are too few for the clusters.
        EmbeddingError: the embedder fails, or there is none and no vectors either; or these are
            not one for each record, finite and not zero.
    """
    experts = check_records(records)
    chosen = settings or RankingSettings()
    if n_clusters is not None:
        chosen = chosen.but(n_clusters=n_clusters)
    texts = [record.query for record in records]
    if vectors is not None:
        rows = np.asarray(vectors, dtype=np.float32)
        if rows.shape[:1] != (len(records),) or rows.ndim != 2:
            raise EmbeddingError(
                f"vectors have shape {rows.shape} for {len(records)} records; give one each"
            )
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        if not (np.abs(lengths - 1) <= _UNIT).all():
            rows = unit_rows(rows, expected=len(records))
    elif embeddings is not None:
        rows = embed_texts(embeddings, texts, progress=progress)
    else:
        raise EmbeddingError("neither embeddings nor vectors are given; pass one of them")
    data = matrix(records, experts)
    model, labels = fit_model(
        data, rows, settings=chosen, seed=seed, queries=texts, progress=progress
    )
    return Fitted(model, records, data, rows, labels)


def publish(
    fitted: Fitted,
    embeddings: "Embeddings | None",
    *,
    seed: int,
    place: tuple[Path | None, str | None, int],
    progress: Progress | None,
) -> tuple["ClientAPI", str]:
    """Write a new generation, read it back, and only then move the pointer to it.

    What dead fits left is removed first.

    Args:
        place: Directory, or host and port.

    Raises:
        IndexMismatchError: the embedder's vectors have another length than the clusters.
    """
    probes = None if embeddings is None else fingerprint(embeddings)
    if probes is not None and len(probes[0]) != fitted.model.dim:
        raise IndexMismatchError(
            f"the clusters have {fitted.model.dim} dimensions, the embedder "
            f"{spec_of(embeddings)!r} {len(probes[0])}; use the one they were fitted with"
        )
    client = open_client(*place, create=True)
    catalogue.discard_leftovers(client)
    generation = catalogue.new_generation()
    embedder = {"model": spec_of(embeddings), "fingerprint": probes}
    try:
        write_model(client, generation, fitted, seed=seed, embedder=embedder, progress=progress)
        read_model(client, generation, catalogue.manifest(client, generation))
        catalogue.point_to(client, generation)
    except BaseException:
        # Ctrl-C too: whatever the reason, half a generation is of no use to anybody.
        if not any(
            item.current for item in catalogue.generations(client) if item.name == generation
        ):
            catalogue.discard(client, generation)
        raise
    return client, generation
