"""Numbers as people and models write them, read exactly.

``12,500``, ``1 000 000``, ``1.5e3``, ``2.5 \\times 10^{4}``, ``3 1/2``, ``½``, ``50%``, ``$18``,
``٣``, ``twenty-one``, ``3 million`` all become a ``Numeral``. Nothing here can blow up:
digits and exponents are bounded before any arithmetic.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from avengers_graph.voting.mathematics.latex import DRESSED, undisplayed
from avengers_graph.voting.numbers.number_words import scale_at, spelled
from avengers_graph.voting.numbers.units import (
    NO_UNIT,
    Unit,
    bound,
    measure_of,
    parts_at,
    read_unit,
    unit_at,
)

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
    unit: Unit = NO_UNIT
    """What is measured, where it is said."""


_DIGITS = r"(?:\d{1,3}(?:[, '’]\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)"
_POWER = (
    r"(?:\s?(?:\\times|\\cdot|[x×*·])\s?10\s?(?:\^|\*\*)\s?\{?\(?(?P<power>[-+]?\d{1,30})\)?\}?"
    r"|[eE](?P<exponent>[-+]?\d{1,30}))"
)
NUMBER = re.compile(
    rf"(?P<sign>[-+−–]\s?|minus\s)?(?P<currency>(?:US)?[$€£¥₹]\s?)?(?P<sign2>[-−])?"
    rf"(?:(?P<whole>{_DIGITS})(?P<decimal>\.\d+)?|(?P<bare>\.\d+)){_POWER}?"
)
_RATIO = re.compile(r"\s?/\s?(?P<over>\d[\d,]*(?:\.\d+)?)(?![\d/])")
_MIXED = re.compile(r"(?P<whole>\d{1,9})\s++(?:and\s++)?(?P<top>\d{1,9})\s?/\s?(?P<over>\d{1,9})")
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_ENDS_NUMBER = ("", ".", ",", ")", "]", "}", "\n", "*", "`", "$", "!", "?", ";", ":")
"""What follows a number that is complete."""
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_SUPERSCRIPT = re.compile(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SCRIPT = re.compile(r"[\^_]\s?\{?\s?[-−+]?\Z")
"""What makes the digits behind it an exponent or an index: ``cm^2``, ``x_{1}``."""
_COMPARED = re.compile(r"[<>≤≥≠]|!=|=/=|\\(?:[lg]e|[lg]t|no?[et])")
_COMPARISON = re.compile(
    r"(<=|>=|!=|=/=|\\not\s?=|[<>≤≥≠]|\\(?:leq|geq|neq|le|ge|ne|lt|gt)(?![a-z]))(?:slant)?\s{0,3}\Z"
)
"""What makes the number behind it a bound, and no value: ``x <= 2``."""
_SENSE_OF_SIGN = {
    "≤": "<=", "le": "<=", "leq": "<=", "≥": ">=", "ge": ">=", "geq": ">=", "lt": "<", "gt": ">",
    "!=": "not", "=/=": "not", "≠": "not", "ne": "not", "neq": "not", "not=": "not",
}  # fmt: skip
_REPEATS = re.compile(r"\\(?:overline|bar|dot)|\.\.\.|…|dots")
_REPEATING = re.compile(
    r"(?P<whole>\d{1,60})\.(?:(?P<fixed>\d{0,30})(?:\\(?:overline|bar)\s?\{?(?P<bar>\d{1,12})\}?"
    r"|\\dot\s?\{?(?P<dot>\d)\}?(?:(?P<inner>\d{0,9})\\dot\s?\{?(?P<last>\d)\}?)?)"
    r"|(?P<before>\d{0,12}?)(?P<run>\d{1,6})(?P=run){2,9}(?:\.\.\.|…|\\[cl]?dots(?![a-z])))"
)
_PLAIN = re.compile(r"-?\d{1,15}")
_GROUPING = re.compile(r"(?<=\d)(?:,?\\[,!;: ]|\{,\}(?:\\!)?)\s?(?=\d{3}(?!\d))")
_SPACING = re.compile(r"\\(?:[,!;: ]|(?:quad|qquad|enspace|thinspace)(?![a-zA-Z]))|~")
_BARE_COMMA = re.compile(r"([-−]?\d{1,9}),(\d{1,2}|\d{4,9})")
_LATEX_FRACTION = re.compile(
    r"(-?)\s?(\d{0,9})\s?\\[dt]?frac\s?(?:\{\s?(-?[\d.,]{1,30})\s?\}|(\d))\s?(?:\{\s?(-?[\d.,]{1,30})\s?\}|(\d))"
)


def western(text: str) -> str:
    """Digits of any script as 0-9, full-width forms folded, LaTeX spacing and ``\\text`` gone."""
    if not text.isascii():
        text = _SUPERSCRIPT.sub(_raised, text)
        text = text.replace("٫", ".").replace("٬", ",")
        text = "".join(_fold(character) for character in text)
    if "\\" in text or "{" in text:
        text = _GROUPING.sub(",", text)
        text = re.sub(r"(?<=\d)\{,\}(?=\d)", ".", text)
        text = DRESSED.sub(r" \1 ", text)
        text = _SPACING.sub(" ", text)
        text = re.sub(r"\\([%$#&])", r"\1", text)
        text = text.replace("\\Omega", "Ω")
        text = re.sub(r"\\(?:left|right|displaystyle|bf)(?![a-zA-Z])", "", text)
    return text


def _raised(match: re.Match[str]) -> str:
    return "^" + unicodedata.normalize("NFKC", match.group()).replace("−", "-")


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
        unit = _currency(match) or NO_UNIT
        return Numeral(-value if negative else value, False, decimals, unit=unit), match.end()
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
    if scale := scale_at(text, end, money=match["currency"] is not None):
        value *= scale[0]
        decimals, end = None, scale[1]
    percent = False
    if sign := _PERCENT.match(text, end):
        percent, end = True, sign.end()
    unit = _currency(match) or unit_at(text, end)
    if unit.measure and not ratio:
        added, end = parts_at(text, end)
        if added:
            value, decimals = value + added, None
    return Numeral(-value if negative else value, percent, decimals, ratio, unit), end


def _currency(match: re.Match[str]) -> Unit | None:
    """The unit that stands before a number: ``$18``."""
    sign = match["currency"]
    return Unit(measure_of(sign.strip().removeprefix("US"))) if sign else None


class Found(NamedTuple):
    """A number within a text."""

    numeral: Numeral
    start: int
    end: int


def found_numerals(text: str) -> list[Found]:
    """The numbers of a text that ``western`` was applied to; ordinals if there are no others."""
    found: list[Found] = []
    ordinals: list[Found] = []
    position = 0
    compared = _COMPARED.search(text) is not None
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
        if before in "^_{-−+ " and _SCRIPT.search(text, max(0, match.start() - 4), match.start()):
            continue
        read = numeral_at(text, match)
        if read is not None:
            numeral, end = read
            position = max(position, end)
            start = match.start()
            if compared and (sign := _COMPARISON.search(text, max(0, start - 8), start)):
                written = sign[1].strip("\\").replace(" ", "")
                sense = bound(_SENSE_OF_SIGN.get(written, written))
                numeral = replace(numeral, unit=Unit(numeral.unit.measure, sense))
            several = ordinals if _ORDINAL.match(text, end) else found
            several.append(Found(numeral, start, end))
    return found or ordinals


def numerals(text: str) -> list[Numeral]:
    """The numbers in the last ``WINDOW`` characters, in order; ordinals if there are no others."""
    return [found.numeral for found in found_numerals(rational_text(text[-WINDOW:]))]


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
    text = rational_text(text).strip("*`\"' \n\t").rstrip(".,;:!").strip("*`\"' ")
    formula = undisplayed(text)
    # Within dollars the exclamation mark is a factorial.
    text = formula.rstrip(".,;:!" if formula == text else ".,;:").strip()
    if comma := _BARE_COMMA.fullmatch(text):
        # A decimal comma: groups of thousands have three digits.
        text = f"{comma[1]}.{comma[2]}"
    match = NUMBER.match(text)
    if match is None:
        value = spelled(text)
        return None if value is None else Numeral(value)
    read = numeral_at(text, match)
    if read is None:
        return None
    numeral, end = read
    rest = text[end:].strip()
    if not rest:
        return numeral
    unit = read_unit(rest)
    if unit is None:
        return None
    measure = numeral.unit.measure if match["currency"] else unit.measure
    return replace(numeral, unit=Unit(measure or numeral.unit.measure, unit.sense))


def rational_text(text: str) -> str:
    """``western`` text with ``\\frac{a}{b}`` of plain numbers as ``a/b``, mixed numbers apart."""
    text = repeating_as_fractions(western(text), "{}/{}")
    if "frac" not in text:
        return text

    def written(match: re.Match[str]) -> str:
        sign, whole = match[1], match[2]
        top, over = match[3] or match[4], match[5] or match[6]
        negative = top.startswith("-") != over.startswith("-")
        ratio = f"{top.lstrip('-')}/{over.lstrip('-')}"
        return f"{sign}{whole} {ratio}" if whole else f"{'-' * (negative != (sign == '-'))}{ratio}"

    return _LATEX_FRACTION.sub(written, text)


def repeating_as_fractions(text: str, form: str) -> str:
    """``0.1\\overline{6}``, ``0.\\dot{6}`` and ``0.666...`` as the fractions that they are.

    Args:
        form: how a fraction is written, of its two numbers.
    """

    def written(match: re.Match[str]) -> str:
        parts = match.groupdict("")
        period = (parts["bar"] + parts["dot"] + parts["inner"] + parts["last"] + parts["run"])[:12]
        fixed = (parts["fixed"] + parts["before"])[:30]
        scale, cycle = 10 ** len(fixed), 10 ** len(period) - 1
        top = int((match["whole"] + fixed)[:60] or "0") * cycle + int(period)
        return form.format(top, scale * cycle)

    return _REPEATING.sub(written, text) if "." in text and _REPEATS.search(text) else text


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
