"""Numbers as people and models write them, read exactly.

``12,500``, ``1 000 000``, ``1.5e3``, ``2.5 \\times 10^{4}``, ``3 1/2``, ``½``, ``50%``, ``$18``,
``٣``, ``twenty-one``, ``3 million`` all become a ``Numeral``. Nothing here can blow up:
digits and exponents are bounded before any arithmetic.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from avengers_graph.voting.latex import DRESSED

MAX_DIGITS = 200
"""A longer run of digits is no number anyone asked for."""
WINDOW = 2_000
"""Characters searched for numbers, from the end."""
MAX_EXPONENT = 300
"""Largest power of ten that is expanded."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """An exact rational, with what its spelling says about precision."""

    value: Fraction
    percent: bool = False
    """A percent sign followed; ``value`` is still the number as written."""
    decimals: int | None = None
    """Digits after the decimal point as written; None when there was no point."""
    fraction: bool = False
    """Written as a ratio, a mixed number or a vulgar fraction."""


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(_ONES.split())}
_TENS = {word: 10 * value for value, word in enumerate(_DECADES.split(), start=2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_DIGITS = r"(?:\d{1,3}(?:[,  '’]\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)"
_POWER = (
    r"(?:\s?(?:\\times|\\cdot|[x×*·])\s?10\s?(?:\^|\*\*)\s?\{?\(?(?P<power>[-+]?\d{1,30})\)?\}?"
    r"|[eE](?P<exponent>[-+]?\d{1,30}))"
)
NUMBER = re.compile(
    rf"(?P<sign>[-+−–]\s?|minus\s)?(?P<currency>[$€£¥₹]\s?)?(?P<sign2>[-−])?"
    rf"(?:(?P<whole>{_DIGITS})(?P<decimal>\.\d+)?|(?P<bare>\.\d+)){_POWER}?"
)
_RATIO = re.compile(r"\s?/\s?(?P<over>\d[\d,]*(?:\.\d+)?)(?![\d/])")
_MIXED = re.compile(r"(?P<whole>\d{1,9})\s++(?:and\s++)?(?P<top>\d{1,9})\s?/\s?(?P<over>\d{1,9})")
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_SCALE = re.compile(r"\s?-?(thousand|million|billion|trillion)\b", re.IGNORECASE)
_ENDS_NUMBER = ("", ".", ",", ")", "]", "}", "\n", "*", "`", "$", "!", "?", ";", ":")
"""What follows a number that is complete."""
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_SUPERSCRIPT = re.compile(r"(?<=10)[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_PLAIN = re.compile(r"-?\d{1,15}")
_UNIT = re.compile(
    r"(?:\^?\{?\\(?:circ|degree)\}?|°|[€£¥₹$])?+\s?+"
    r"(?P<words>(?:[^\W\d_]++(?:\^?\{?-?[123²³]\}?)?+[./ ·-]{0,3}+)*+)"
)
_UNIT_WORD = re.compile(r"[^\W\d_]{1,20}")
_LATEX_FRACTION = re.compile(
    r"(-?)\s?(\d{0,9})\s?\\[dt]?frac\s?(?:\{\s?(-?[\d.,]{1,30})\s?\}|(\d))\s?(?:\{\s?(-?[\d.,]{1,30})\s?\}|(\d))"
)


def western(text: str) -> str:
    """Digits of any script as 0-9, full-width forms folded, LaTeX spacing and ``\\text`` gone."""
    if not text.isascii():
        text = _SUPERSCRIPT.sub(lambda m: "^" + unicodedata.normalize("NFKC", m.group()), text)
        text = text.replace("٫", ".").replace("٬", ",")
        text = "".join(_fold(character) for character in text)
    if "\\" in text or "{" in text:
        text = re.sub(r"(?<=\d)\{,\}(?=\d)", ",", text)
        text = DRESSED.sub(r" \1 ", text)
        text = re.sub(r"(?<=\d)\\[,!;](?=\d{3})", ",", text)
        text = re.sub(r"\\[,!;: ]|~", " ", text)
        text = re.sub(r"\\([%$#&])", r"\1", text)
        text = re.sub(r"\\(?:left|right|displaystyle|bf)(?![a-zA-Z])", "", text)
    return text


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", character)
    if "⁄" in folded:
        return " " + folded.replace("⁄", "/")
    return folded if folded.isascii() and folded.isprintable() else character


def plain(text: str) -> Numeral | None:
    """The fast path: nothing but an optional minus and up to 15 digits."""
    return Numeral(Fraction(int(text))) if _PLAIN.fullmatch(text) else None


def numeral_at(text: str, match: re.Match[str]) -> tuple[Numeral, int] | None:
    """Read the number that ``NUMBER`` matched, with what follows it, and where it ends."""
    whole, decimal = match["whole"], match["decimal"] or match["bare"]
    digits = whole or "0"
    if not digits.isdigit():
        digits = re.sub(r"\D", "", digits)
    if len(digits) + len(decimal or "") > MAX_DIGITS:
        return None
    value = Fraction(int(digits))
    decimals = None
    if decimal:
        decimals = len(decimal) - 1
        value += Fraction(int(decimal[1:]), 10**decimals)
    exponent = match["power"] or match["exponent"]
    if exponent is not None:
        if abs(int(exponent)) > MAX_EXPONENT:
            return None
        value *= Fraction(10) ** int(exponent)
        decimals = None if decimals is None else max(0, decimals - int(exponent))
    negative = bool(match["sign"] and match["sign"][0] in "-−–m") or bool(match["sign2"])
    if text[match.end() : match.end() + 1] in _ENDS_NUMBER:
        # The common case: nothing that could belong to the number follows it.
        return Numeral(-value if negative else value, False, decimals), match.end()
    end = match.end()
    ratio = False
    bare = whole and not decimal and exponent is None
    if bare and (mixed := _MIXED.match(text, match.start("whole"))):
        over = int(mixed["over"])
        if over and int(mixed["top"]) < over and len(digits) == len(mixed["whole"]):
            value += Fraction(int(mixed["top"]), over)
            ratio, end = True, mixed.end()
    if not ratio and (over_match := _RATIO.match(text, end)):
        over_text = over_match["over"].replace(",", "")
        if len(over_text) <= 30 and (over_value := Fraction(over_text)):
            value /= over_value
            ratio, end = True, over_match.end()
    if scale := _SCALE.match(text, end):
        value *= _SCALES[scale[1].lower()]
        decimals, end = None, scale.end()
    percent = False
    if sign := _PERCENT.match(text, end):
        percent, end = True, sign.end()
    return Numeral(-value if negative else value, percent, decimals, ratio), end


def numerals(text: str) -> list[Numeral]:
    """The numbers in the last ``WINDOW`` characters, in order; ordinals if there are no others."""
    text = _with_ratios(western(text[-WINDOW:]))
    found: list[Numeral] = []
    ordinals: list[Numeral] = []
    position = 0
    while match := NUMBER.search(text, position):
        position = match.end()
        before = text[match.start() - 1] if match.start() else " "
        if match["sign"] and (before.isalnum() or before in ")]}"):
            # "10-3" and "7 - 3": the dash is an operator or a range, not a sign.
            match = NUMBER.match(text, match.start() + len(match["sign"]))
            if match is None:
                continue
        elif before.isalpha() and before.isascii():
            continue
        read = numeral_at(text, match)
        if read is not None:
            position = max(position, read[1])
            (ordinals if _ORDINAL.match(text, read[1]) else found).append(read[0])
    return found or ordinals


def last_numeral(text: str) -> Numeral | None:
    """The last number of a text; its end is read first, since it is mostly there."""
    if len(text) > 80 and (found := numerals(text[-60:].partition(" ")[2])):
        return found[-1]
    found = numerals(text)
    return found[-1] if found else None


def whole_numeral(text: str) -> Numeral | None:
    """The number that makes up all of ``text`` but for units and currency; None otherwise."""
    quick = plain(text)
    if quick is not None:
        return quick
    if len(text) > 400:
        return None
    text = _with_ratios(western(text)).strip().strip("*$`\"' ").rstrip(".,;:!").strip()
    if comma := re.fullmatch(r"([-−]?\d{1,9}),(\d{1,2}|\d{4,9})", text):
        # A decimal comma: groups of thousands have three digits.
        text = f"{comma[1]}.{comma[2]}"
    match = NUMBER.match(text)
    if match is None:
        return spelled(text)
    read = numeral_at(text, match)
    if read is None:
        return None
    numeral, end = read
    rest = text[end:].strip()
    if rest and not _is_unit(rest):
        return None
    return numeral


def _is_unit(rest: str) -> bool:
    """Whether what follows a number only names what is counted: ``dollars``, ``cm^2``, ``°C``."""
    unit = _UNIT.fullmatch(rest)
    return unit is not None and len(_UNIT_WORD.findall(unit["words"])) <= 6


def _with_ratios(text: str) -> str:
    """``\\frac{a}{b}`` of plain numbers as ``a/b``, mixed numbers kept apart."""
    if "frac" not in text:
        return text

    def written(match: re.Match[str]) -> str:
        sign, whole = match[1], match[2]
        top, over = match[3] or match[4], match[5] or match[6]
        negative = top.startswith("-") != over.startswith("-")
        ratio = f"{top.lstrip('-')}/{over.lstrip('-')}"
        return f"{sign}{whole} {ratio}" if whole else f"{'-' * (negative != (sign == '-'))}{ratio}"

    return _LATEX_FRACTION.sub(written, text)


def spelled(text: str) -> Numeral | None:
    """A number in English words: ``twenty-one``, ``three hundred and five``, ``minus two``."""
    words = re.findall(r"[a-z]+", text.lower()) if len(text) <= 200 else []
    negative = bool(words) and words[0] in ("minus", "negative")
    total = current = 0
    read = 0
    for word in words[1 if negative else 0 :]:
        if word in _UNITS:
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
        elif word == "dozen" and read <= 1:
            current = max(current, 1) * 12
        elif word in ("and", "a") and (read or word == "a"):
            continue
        else:
            break
        read += 1
    if not read or len(words) > read + 3 or "of" in words:
        # More than a unit follows: a sentence that merely begins with a number.
        return None
    value = Fraction(total + current)
    return Numeral(-value if negative else value)


def rounds_to(coarse: Numeral, fine: Numeral) -> bool:
    """Whether ``coarse``, a decimal, is ``fine`` rounded to the decimals it shows."""
    places = coarse.decimals
    if places is None or places < 2 or coarse.fraction:
        return False
    if fine.decimals is not None and not fine.fraction and fine.decimals <= places:
        return False
    significant = len(str(abs(coarse.value.numerator * 10**places // coarse.value.denominator)))
    if significant < (2 if fine.fraction else 3):
        return False
    if abs(coarse.value - fine.value) * 10**places > 1:
        return False
    with localcontext() as context:
        context.prec = 250
        exact = Decimal(fine.value.numerator) / Decimal(fine.value.denominator)
        shown = Decimal(coarse.value.numerator) / Decimal(coarse.value.denominator)
        step = Decimal(1).scaleb(-places)
        return any(exact.quantize(step, mode) == shown for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN))
