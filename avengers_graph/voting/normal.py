"""The normal form in which words are compared."""

import re
import unicodedata
from functools import lru_cache

WINDOW = 12_000
"""Characters compared, from the start."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[+\-−]?\d+(?:[.,]\d+)*%?|[+*/=<>%°#]")
_ARTICLES = frozenset({"a", "an", "the"})


@lru_cache(maxsize=4096)
def normal_words(text: str) -> tuple[str, ...]:
    """Case-folded words without articles, accents and punctuation.

    A text of articles alone keeps them ("A" may be all there is to say).
    """
    folded = unicodedata.normalize("NFKD", text[:WINDOW])[:WINDOW].casefold()
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    words = [word.replace("’", "'") for word in _WORD.findall(folded)]
    return tuple(word for word in words if word not in _ARTICLES) or tuple(words)


def normal_text(text: str) -> str:
    """``normal_words`` joined by single spaces."""
    return " ".join(normal_words(text))
