"""A loaded sentence-transformers model behind LangChain's interface."""

from typing import Any

from langchain_core.embeddings import Embeddings

from avengers_graph.embedding.loading import CHARACTERS_PER_TOKEN, load_embeddings


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
