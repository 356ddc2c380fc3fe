"""Texts to unit vectors, through any LangChain ``Embeddings``."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avengers_graph.errors import EmbeddingError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Called as (what is being done, how many are done, how many there are)."""

BATCH = 16
"""On one core 16 went faster than 64 (47 texts a second to 33 of RouterDC's): less padding."""


def embed_texts(
    embeddings: "Embeddings",
    texts: Sequence[str],
    *,
    batch_size: int = BATCH,
    progress: Progress | None = None,
) -> Vectors:
    """Unit vectors of ``texts``, shape ``(len(texts), dim)``.

    Texts go out longest first, so that a batch holds texts of like length and little is
    padded; a text that comes several times is embedded once.

    Raises:
        EmbeddingError: the embedder failed, or gave vectors of differing length, a zero
            vector, or something that is not finite.
    """
    order = sorted(set(texts), key=lambda text: (-_tokens(text), text))
    if not order:
        raise EmbeddingError("no text to embed; pass at least one query")
    parts: list[Vectors] = []
    done = 0
    if progress is not None:
        progress("embedding", 0, len(order))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        parts.append(unit_rows(_asked(embeddings, batch), expected=len(batch)))
        if parts[-1].shape[1] != parts[0].shape[1]:
            raise EmbeddingError(
                f"the embedder gave vectors of {parts[0].shape[1]} and of {parts[-1].shape[1]} "
                "dimensions; use one model"
            )
        done += len(batch)
        if progress is not None:
            progress("embedding", done, len(order))
    row_of = {text: row for row, text in enumerate(order)}
    return np.concatenate(parts)[[row_of[text] for text in texts]]


def embed_query(embeddings: "Embeddings", text: str) -> Vectors:
    """Unit vector of one query, shape ``(dim,)``.

    Raises:
        EmbeddingError: as ``embed_texts``.
    """
    try:
        values = embeddings.embed_query(text)
    except (RuntimeError, ValueError, OSError, TypeError) as error:
        raise _failed(error) from error
    vector: Vectors = unit_rows([values], expected=1)[0]
    return vector


def unit_rows(values: ArrayLike, *, expected: int | None = None) -> Vectors:
    """``values`` of shape ``(n, dim)`` with each row scaled to length 1.

    Raises:
        EmbeddingError: the shape is wrong, or a row is zero or not finite.
    """
    try:
        rows = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EmbeddingError(
            "the embedder's vectors differ in length or are no numbers; use one model"
        ) from error
    if rows.ndim != 2 or rows.shape[1] == 0 or (expected is not None and len(rows) != expected):
        raise EmbeddingError(
            f"the embedder gave an array of shape {rows.shape} for {expected} texts; "
            "it must give one vector per text"
        )
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        row = int(np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))[0])
        raise EmbeddingError(
            f"the embedder's vector for text {row} has length {float(lengths[row, 0])!r}; "
            "it must be finite and not zero"
        )
    return np.asarray(rows / lengths, dtype=np.float32)


def _tokens(text: str) -> float:
    """About how many tokens a text has: four letters each in ASCII, one each elsewhere."""
    wide = sum(not character.isascii() for character in text) if not text.isascii() else 0
    return wide + (len(text) - wide) / 4


def _asked(embeddings: "Embeddings", batch: list[str]) -> list[list[float]]:
    try:
        return embeddings.embed_documents(batch)
    except (RuntimeError, ValueError, OSError, TypeError) as error:
        raise _failed(error) from error


def _failed(error: BaseException) -> EmbeddingError:
    return EmbeddingError(
        f"the embedding model failed ({type(error).__name__}: {' '.join(str(error).split())}); "
        "check the model or the endpoint behind it"
    )
