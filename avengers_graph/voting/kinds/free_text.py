"""Free text: no two are alike, so the most central one wins (minimum Bayes risk).

Every sample is its own class unless it repeats another. The class most similar to all
ballots leads: by cosine similarity where an ``embed`` callable is given, else by the share
of words in common.
"""

import math
from collections.abc import Sequence

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Embed, Kind
from avengers_graph.voting.texts.normal import normal_text, normal_words
from avengers_graph.voting.texts.question import Question


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The whole text; a truncated one abstains."""
    stripped = text.strip()
    if truncated or not normal_words(stripped):
        return None
    return Answer(stripped, "free_text", normal_text(stripped))


def similarities(texts: Sequence[str], embed: Embed | None) -> list[list[float]]:
    """How alike each two texts are, in [0, 1]; 1 on the diagonal."""
    if embed is None:
        words = [frozenset(normal_words(text)) for text in texts]
        return [[_overlap(a, b) for b in words] for a in words]
    vectors = [_unit(vector) for vector in embed(list(texts))]
    return [
        [max(0.0, math.fsum(x * y for x, y in zip(a, b, strict=True))) for b in vectors]
        for a in vectors
    ]


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard index of two sets of words."""
    common = len(a & b)
    return common / (len(a) + len(b) - common) if common else 0.0


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(math.fsum(x * x for x in vector))
    return [x / length for x in vector] if length else [0.0 for _ in vector]


def key(answer: Answer) -> str:
    """The words of the text."""
    return answer.value if isinstance(answer.value, str) else normal_text(answer.text)


def support(answers: Sequence[Answer], embed: Embed | None) -> list[list[float]]:
    """``similarities`` of the answers' texts."""
    return similarities([answer.text for answer in answers], embed)


FREE_TEXT = Kind(extract=extract, key=key, support=support, whole_text=True)
