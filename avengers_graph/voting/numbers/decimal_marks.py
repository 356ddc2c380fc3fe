"""Decimal commas and points that group thousands, read as the language of the text writes them.

``1.234,56`` and ``1.234.567`` say what they are; ``2,74`` and ``12.500`` do only together with
a language. ``LANGUAGES`` says which write decimals with a comma.
"""

import re
from functools import lru_cache

from avengers_graph.voting.texts.languages import LANGUAGES, Language

_OTHERS = (
    "och är hur många svar er hvor mange og det jest ile wynosi odpowiedź kosztuje kolik odpověď "
    "kaç bir cevap berapa adalah jawaban yang bao nhiêu là"
)
"""Scandinavian, Polish, Czech, Turkish, Indonesian, Vietnamese: languages without a row."""


def _words_of(language: Language) -> set[str]:
    said = (*language.function_words, *language.answer_nouns, *language.copulas)
    return {word for phrase in (*said, *language.how_many) for word in phrase.split()}


_POINT_WORDS = _words_of(LANGUAGES["en"])
_COMMA_WORDS = set(_OTHERS.split()).union(
    *(_words_of(language) for language in LANGUAGES.values() if language.decimal_comma)
)
_COMMA_WORDS -= _POINT_WORDS
_WORD = re.compile(r"[^\W\d_]+")
_POINT_SCRIPTS = re.compile(r"[぀-ヿ一-鿿가-힯฀-๿]")
_CYRILLIC_OR_GREEK = re.compile(r"[Ͱ-ϿЀ-ӿ]{2}")
_WINDOW = 1_000
"""Characters looked at in either end of a text."""

_AMBIGUOUS = re.compile(r"[,.](?:(?<=\d,)\d|(?<=\d\.)\d{3}(?!\d))")
_SPELLED = re.compile(
    r"(?<![\d.,\\])(?:"
    r"(?P<grouped>\d{1,3}(?:\.\d{3})+),(?P<decimals>\d+)"
    r"|(?P<groups>\d{1,3}(?:\.\d{3}){2,})"
    r"|(?P<spaced>\d{1,3}(?:[   ]\d{3})+),(?P<spaced_decimals>\d{1,2})"
    r"|(?P<group>\d{1,3}\.\d{3})(?=\s?(?:€|[Ee]uros?\b|EUR\b|CHF\b|kr\b|zł|руб))"
    r"|(?P<amount>\d{1,9}),(?P<cents>\d{1,2})"
    r"(?=\s?(?:€|[Ee]uros?\b|EUR\b|CHF\b|USD\b|%|\\%|kr\b|zł|руб|[Mm](?:il|io|rd|ld)|млн|млрд|тыс"
    r"|(?:k?g|[ckm]?m|km/h|[dlc]?[lL])\b))"
    r")(?![.,]?\d)"
)
"""Numbers whose spelling alone tells the marks apart."""
_POINTED = re.compile(
    r"(?<![\d.,(\[])(?<!\\\{)(?:(?P<thousands>\d{1,3}(?:\.\d{3})+)(?:,(?P<decimals>\d+))?"
    r"|(?P<whole>\d+),(?P<part>\d+))(?![.,]?\d)"
)
"""Numbers that a language with a decimal comma reads in its own way."""
_ZEROS = re.compile(r"(?:000)+")


def point_decimals(text: str, question: str = "") -> str:
    """The text with the numbers of decimal-comma languages as ``1234.56``.

    Args:
        question: what was asked; its language decides, else the text's own.
    """
    if not _AMBIGUOUS.search(text):
        return text
    text = _SPELLED.sub(_unmistakable, text)
    if not _POINTED.search(text):
        return text
    decides = writes_comma(question)
    if decides is None:
        decides = writes_comma(text)
    return _POINTED.sub(_european, text) if decides else text


@lru_cache(maxsize=1024)
def writes_comma(text: str) -> bool | None:
    """Whether the language of a text writes decimals with a comma; None without a sign of it."""
    text = text if len(text) <= 2 * _WINDOW else text[:_WINDOW] + " " + text[-_WINDOW:]
    words = [word.lower() for word in _WORD.findall(text)]
    comma = sum(word in _COMMA_WORDS for word in words)
    point = sum(word in _POINT_WORDS for word in words)
    if comma != point:
        return comma > point
    if _CYRILLIC_OR_GREEK.search(text):
        return True
    return False if _POINT_SCRIPTS.search(text) else None


def _unmistakable(match: re.Match[str]) -> str:
    if match["grouped"]:
        return f"{match['grouped'].replace('.', '')}.{match['decimals']}"
    if match["spaced"]:
        return f"{re.sub(r'[^0-9]', '', match['spaced'])}.{match['spaced_decimals']}"
    if match["amount"]:
        return f"{match['amount']}.{match['cents']}"
    return (match["groups"] or match["group"]).replace(".", "")


def _european(match: re.Match[str]) -> str:
    if match["thousands"]:
        whole = match["thousands"].replace(".", "")
        return f"{whole}.{match['decimals']}" if match["decimals"] else whole
    if _ZEROS.fullmatch(match["part"]) and len(match["whole"]) <= 3:
        # 10,000 is ten thousand in English digits: nobody writes three empty decimals.
        return match["whole"] + match["part"]
    return f"{match['whole']}.{match['part']}"
