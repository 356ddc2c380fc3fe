"""Other vectors of the same queries, to see what the embedder is worth."""

from collections.abc import Sequence

import numpy as np

from avengers_graph.routing.model import Vectors

LEXICAL = "words alone (TF-IDF, SVD)"
"""Name of ``lexical_vectors`` in an ablation."""
LEXICAL_DIM = 384
"""As many dimensions as the default embedder has."""


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
