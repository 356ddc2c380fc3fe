"""The normal form in which words are compared."""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby

WINDOW = 12_000
"""Characters compared, from the start."""

_WORD = re.compile(
    r"[^\W_]+(?:['’][^\W_]+)*(?:\^?\{?\d*[+\-−⁺⁻]+\}?(?=[\s.,;:!?)\]\"'*`$]|$)|(?:\+\+|#))?"
    r"|[+\-−]?\d+(?:[.,]\d+)*%?|[+*/=<>%°#€£¥&~¬∧∨→←↔⇒⇔⊕∈∉⊂⊆⊃⊇∪∩∖∀∃≤≥≠≈±×÷√∞]"
)
"""A word, with the sign that makes it another one ("A-", "Cl-", "Na+", "C++", "C#"); a number; a
sign of arithmetic, or another one that has a meaning of its own."""
_INITIALS = re.compile(r"\b[A-Z]\.(?:\s?[A-Z]\.)*\s?[A-Z](?:\.|\b(?!['’]))")
"""``U.S.A.``, ``J. K.`` and ``J.K.``, which are one word with the points left out."""
_SYMBOL = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]")
_ARTICLES = frozenset({"a", "an", "the"})
_VOWEL_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u0652\u0670]")
"""Marks of Hebrew and Arabic that are written or not, as one likes."""


@lru_cache(maxsize=4096)
def normal_words(text: str, *, case: bool = False, accents: bool = False) -> tuple[str, ...]:
    """Case-folded words without articles, punctuation and the accents of Latin and Greek letters.

    Marks that make another letter of their script stay (が is not か). A text of articles alone
    keeps them ("A" may be all there is to say), and one without any word keeps all its symbols.

    Args:
        case: keep upper and lower case apart, as in chemical symbols.
        accents: keep the accents of Latin and Greek letters.
    """
    text = text[:WINDOW]
    if text.isascii():
        plain = text
    else:
        plain = unicodedata.normalize("NFKC", text) if accents else _without_accents(text)
    plain = plain.replace("−", "-")
    if "." in plain:
        plain = _INITIALS.sub(lambda match: re.sub(r"[.\s]", "", match.group()), plain)
    if not case:
        plain = plain.casefold()
    words = (
        [word.replace("’", "'") for word in _WORD.findall(plain)]
        if plain.isascii()
        else _words_of_any_script(plain)
    )
    if not any(character.isalnum() for word in words for character in word):
        return tuple(_SYMBOL.findall(plain.strip().removesuffix(".")))
    return tuple(word for word in words if word.lower() not in _ARTICLES) or tuple(words)


def normal_text(text: str) -> str:
    """``normal_words`` joined by single spaces."""
    return " ".join(normal_words(text))


def _without_accents(text: str) -> str:
    """Compatibility forms written out, without marks over Latin and Greek letters."""
    kept: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFKD", _VOWEL_POINTS.sub("", text))[:WINDOW]:
        if not unicodedata.combining(character):
            base = character
        elif base < "\u0250" or "\u0370" <= base < "\u0400" or base in "еЕ":
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def _words_of_any_script(text: str) -> list[str]:
    """The words of a text; a letter may carry marks, which are no letters to ``re``."""
    marked = {c for c in set(text) if not c.isascii() and unicodedata.category(c)[0] == "M"}
    if not marked:
        return [word.replace("’", "'") for word in _WORD.findall(text)]
    runs = groupby(text, key=lambda c: c.isalnum() or c in marked)
    words: list[str] = []
    for in_word, run in runs:
        piece = "".join(run)
        words += [piece] if in_word else _WORD.findall(piece)
    return words
