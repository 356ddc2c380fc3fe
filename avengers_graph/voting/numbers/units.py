"""Units of measure: what stands behind a number, and whether two of them disagree.

A number counts the same with its unit and without it ("12 cm" answers "12"), and things are
counted by any word ("5 apples" is 5). Measures that differ are different answers: 5 cm is not
5 m, 30 minutes are not 30 hours, 12 cm is not 12 cm^2. So are senses: at least 5 is not at most 5.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

MAX_WORDS = 6
"""More words behind a number are no unit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What qualifies a number; None where its spelling says nothing."""

    measure: str | None = None
    """Units with their powers, in alphabetical order: ``cm^2``, ``h^-1 km``, ``base 2``."""
    sense: str | None = None
    """Which side of the number is meant: ``>=``, ``south``, ``pm``, ``loss``."""

    def agrees(self, other: "Unit") -> bool:
        """Whether neither part is said differently by both."""
        return (self.measure is None or other.measure in (None, self.measure)) and _agree(
            self.sense, other.sense
        )


_RELATION = "x "


def bound(sign: str) -> str:
    """The sense of a number that a relation bounds: ``x <= 2`` is no 2, but is at most 2."""
    return _RELATION + sign


def _agree(first: str | None, second: str | None) -> bool:
    """Whether two senses may be meant by one answer."""
    if first is None or second is None:
        said = first or second or ""
        return not said.startswith(_RELATION) and said != "not"
    return first.removeprefix(_RELATION) == second.removeprefix(_RELATION)


NO_UNIT = Unit()

_PREFIXES = {
    "k": "kilo", "c": "centi", "m": "milli", "d": "deci", "M": "mega", "G": "giga", "n": "nano",
    "µ": "micro", "h": "hecto",
}  # fmt: skip
_METRIC = {
    "m": ("meter", "metre"), "g": ("gram", "gramme"), "L": ("liter", "litre"), "W": ("watt",),
    "J": ("joule",), "Pa": ("pascal",), "N": ("newton",), "V": ("volt",), "Hz": ("hertz",),
    "s": ("second",), "A": ("ampere", "amp"), "eV": ("electronvolt",), "mol": ("mole",),
    "Ω": ("ohm",), "B": ("byte",), "Wh": ("watt-hour", "watthour"), "Ah": ("ampere-hour",),
    "bar": ("bar",), "lm": ("lumen",), "lx": ("lux",), "dB": ("decibel",), "cal": ("calorie",),
}  # fmt: skip
_OTHER = {
    "min": "min mins minute minutes minuten minuto minutos minuti минут минуты 分钟",
    "s": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos секунд 秒",
    "h": "h hr hrs hour hours stunde stunden heure heures hora horas ore час часа часов 小时 時間",
    "day": "day days tag tage tagen jour jours día días dia dias giorni день дня дней 天",
    "week": "week weeks wk wks woche wochen semaine semaines semana semanas недель 周",
    "month": "month months monat monate mois mes meses месяцев 个月",
    "year": "year years yr yrs jahr jahre ans año años anni год года лет 年",
    "in": "in inch inches zoll", "ft": "ft foot feet", "yd": "yd yds yard yards",
    "mi": "mi mile miles meile meilen", "acre": "acre acres", "ha": "ha hectare hectares",
    "lb": "lb lbs pound pounds £ gbp pfund", "oz": "oz ounce ounces",
    "ton": "ton tons tonne tonnes",
    "gal": "gal gallon gallons", "pt": "pint pints", "qt": "quart quarts",
    "$": "$ usd dollar dollars dólares dólar", "€": "€ eur euro euros евро 欧元",
    "¥": "¥ yen yuan rmb jpy cny 元 円", "₹": "₹ rupee rupees rs inr", "rub": "rub рублей рубля ₽",
    "cent": "¢ cent cents penny pennies pence",
    "rad": "rad radian radians", "celsius": "°c celsius ℃", "fahrenheit": "°f fahrenheit ℉",
    "kelvin": "kelvin kelvins", "knot": "knot knots", "bit": "bit bits",
    "pair": "pair pairs", "percentage point": "pp",
}  # fmt: skip
_SENSES = {
    ">=": "least minimum mindestens mínimo",
    "<=": "most maximum höchstens máximo",
    ">": "over above exceeding greater",
    "<": "under below",
    "more": "more mehr plus",
    "less": "less fewer weniger",
    "gain": "profit gain increase rise",
    "loss": "loss decrease drop fall deficit decline",
    "am": "am a.m", "pm": "pm p.m",
    "bc": "bc bce", "ad": "ad ce",
    "north": "north northward", "south": "south southward", "east": "east", "west": "west",
    "left": "left", "right": "right", "up": "up upward", "down": "down downward",
}  # fmt: skip
_POWER_WORDS = {
    "square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3, "carré": 2, "carrés": 2,
    "cuadrado": 2, "cuadrados": 2, "cubes": 3, "cúbicos": 3, "平方": 2, "立方": 3,
}  # fmt: skip
_BEHIND = frozenset({"squared", "cubed", "carré", "carrés", "cuadrado", "cuadrados", "cúbicos"})
"""Powers said behind their unit."""


_LENGTH_NAMES = ("meter", "metern", "metro", "metros", "mètre", "mètres", "metri", "метр")
_LENGTH_PREFIXES = (
    ("", ""), ("k", "kilo"), ("k", "kiló"), ("c", "zenti"), ("c", "centi"), ("c", "centí"),
    ("m", "milli"), ("m", "milí"),
)  # fmt: skip


def _measures() -> dict[str, str]:
    known = {}
    for symbol, names in _METRIC.items():
        for prefix, prefix_name in ("", ""), *_PREFIXES.items():
            for name in names:
                for plural in ("", "s"):
                    known[prefix_name + name + plural] = prefix + symbol
            known[prefix + symbol] = prefix + symbol
    for length in _LENGTH_NAMES:
        for prefix, spelled in _LENGTH_PREFIXES:
            known[spelled + length] = prefix + "m"
    known |= {"米": "m", "厘米": "cm", "公里": "km", "千米": "km", "毫米": "mm"}
    known |= {"公斤": "kg", "克": "g"}
    known |= {"mph": "h^-1 mi"}
    known |= {"l": "L", "ml": "mL", "kph": "h^-1 km", "kmph": "h^-1 km", "ohms": "Ω", "hz": "Hz"}
    for symbol, spellings in _OTHER.items():
        for spelling in spellings.split():
            known[spelling] = symbol
    return known


_MEASURES = _measures()
_SENSE_OF = {word: sense for sense, words in _SENSES.items() for word in words.split()}
_COMPOUND = re.compile(r"(quadrat|kubik)(.+)|(平方|立方)(.+)", re.IGNORECASE)

_TOKEN = re.compile(
    r"(?P<word>(?:°\s?[CF](?![^\W\d_]))|[^\W\d_]+(?:['’][^\W\d_]+)?)|(?P<sign>[$€£¥₹¢₽℃℉])"
    r"|\^\s?\{?\s?(?P<power>[-−]?\s?[1-9])\s?\}?|(?P<digit>(?<=[^\W\d_])[23])(?!\d)"
    r"|(?P<over>/)|(?P<degree>(?:\^\s?\{?\s?)?(?:°|\\(?:circ|degree)(?![a-z]))\s?\}?)"
    r"|[\s.·*()-]|\\cdot(?![a-z])|\\times(?![a-z])"
)
_QUOTIENT = re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}")
_BASE = re.compile(r"_\s?\{?\s?(\d{1,2}|[a-z]{3,11})\s?\}?")
_PER = frozenset({"per", "pro", "par", "por", "a", "an"})
_LETTERS = frozenset("mgshlLJNWVAKCF")
"""Single letters that are units; other single letters are symbols."""
_BASES = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
          "eight": "8", "nine": "9", "ten": "10", "sixteen": "16"}  # fmt: skip


def measure_of(word: str) -> str | None:
    """The unit that a word or sign spells; None when it only names what is counted."""
    found = _MEASURES.get(word)
    return found if found is not None or len(word) == 1 else _MEASURES.get(word.lower())


@lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit | None:
    """The unit that a text consists of; None when it holds anything else.

    ``dollars``, ``cm^2``, ``square feet``, ``m/s^2``, ``\\frac{m}{s}``, ``_{2}``, ``apples``.
    """
    if len(text) > 120:
        return None
    text = text.strip()
    if base := _BASE.fullmatch(text):
        return Unit(f"base {_BASES.get(base[1], base[1])}")
    text = _QUOTIENT.sub(r"\1/\2", text)
    powers: dict[str, int] = {}
    sense = None
    last = None
    side, pending, words, position = 1, 1, 0, 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        word = token["word"] or token["sign"]
        if word:
            words += 1
            lowered = word.lower()
            if lowered in _PER:
                side = -1
                continue
            if words > MAX_WORDS or len(word) > 20 or not _is_word(word):
                return None
            power = 1
            if (compound := _COMPOUND.fullmatch(word)) is not None:
                power = 2 if (compound[1] or compound[3]).lower() in ("quadrat", "平方") else 3
                word = compound[2] or compound[4]
            measure = measure_of(word.replace(" ", ""))
            if lowered in _POWER_WORDS and lowered in _BEHIND:
                if last is not None:
                    powers[last] *= _POWER_WORDS[lowered]
            elif lowered in _POWER_WORDS:
                pending = _POWER_WORDS[lowered]
            elif measure is not None:
                powers[measure] = powers.get(measure, 0) + side * pending * power
                last, side, pending = measure, 1, 1
            else:
                sense = _SENSE_OF.get(lowered, sense)
                last, pending = None, 1
        elif token["over"]:
            side = -1
        elif token["power"] or token["digit"]:
            exponent = int((token["power"] or token["digit"]).replace("−", "-").replace(" ", ""))
            if last is not None:
                powers[last] *= exponent
            elif not words:
                return None
        elif token["degree"] and words:
            return None
    spelled = " ".join(
        unit if power == 1 else f"{unit}^{power}" for unit, power in sorted(powers.items()) if power
    )
    return Unit(spelled or None, sense) if spelled or sense else NO_UNIT


def _is_word(word: str) -> bool:
    """Letters that name a thing: no lone symbol, no ``π``."""
    if len(word) == 1:
        return word in _LETTERS or not word.isalpha() or ord(word) >= 0x3040 or word in _MEASURES
    return "π" not in word and "√" not in word


_EXPONENT = r"(?:\s?\^\s?\{?\s?[-−]?[1-9]\s?\}?|[23](?!\d))"
_PARTS = {
    ("week", "day"): 7, ("day", "h"): 24, ("h", "min"): 60, ("min", "s"): 60, ("year", "month"): 12,
    ("ft", "in"): 12, ("yd", "ft"): 3, ("mi", "ft"): 5280, ("km", "m"): 1000, ("m", "cm"): 100,
    ("cm", "mm"): 10, ("kg", "g"): 1000, ("lb", "oz"): 16, ("$", "cent"): 100, ("€", "cent"): 100,
}  # fmt: skip
_PART = re.compile(
    r"\s{0,3}-?(?P<unit>[^\W\d_]{1,12})\.?,?\s{1,3}(?:and\s|und\s|et\s|y\s)?"
    r"(?P<number>\d{1,9}(?:\.\d{1,9})?)(?=\s{0,3}-?(?P<part>[^\W\d_]{1,12}))"
)


def parts_at(text: str, position: int) -> tuple[Fraction, int]:
    """What smaller units add to a number, and where the last of them ends.

    ``12 hours 30 minutes``: behind the 12, the 30 adds a half. 0 where nothing is added.
    """
    added, per, end = Fraction(0), 1, position
    while match := _PART.match(text, position):
        ratio = _PARTS.get((measure_of(match["unit"]) or "", measure_of(match["part"]) or ""))
        if ratio is None:
            break
        per *= ratio
        added += Fraction(match["number"]) / per
        position, end = match.end(), match.end("part")
    return added, end


_LEADING = re.compile(
    r"\s{0,3}-?(?P<power>(?:square|sq\.?|cubic|cu\.?)\s)?"
    rf"(?P<word>°\s?[CF](?![^\W\d_])|[^\W\d_]{{1,20}}|[€£¥₹$¢])(?P<exponent>\s?{_EXPONENT})?"
    rf"(?:\s?(?:/|·|\*|\\cdot|\\times|\s(?:per|an?)\s)\s{{0,2}}[^\W\d_]{{1,12}}(?:\s?{_EXPONENT})?){{0,3}}",
    re.IGNORECASE,
)


def unit_at(text: str, position: int) -> Unit:
    """The unit that stands at a place within a sentence; ``NO_UNIT`` where none does."""
    match = _LEADING.match(text, position)
    if match is None or measure_of(match["word"].replace(" ", "")) is None:
        return NO_UNIT
    if match["word"].lower() == "in" and not (match["power"] or match["exponent"]):
        return NO_UNIT
    return read_unit(match.group().strip(" -")) or NO_UNIT


_BOUNDS = (
    (
        ">=",
        re.compile(r"\b(?:at least|no (?:less|fewer) than|not less than|or (?:more|greater))\b"),
    ),
    ("<=", re.compile(r"\b(?:at most|(?:no|not) more than|up to|or (?:less|fewer))\b")),
    (">", re.compile(r"\b(?:more than|greater than|over|above|exceeds)\b")),
    ("<", re.compile(r"\b(?:less than|fewer than|under|below)\b")),
    ("not", re.compile(r"\b(?:not|isn't|never)\b")),
)


def bound_of(text: str) -> str | None:
    """The sense of words around a number: ``at least`` is ``>=``."""
    lowered = text.lower()
    return next((sign for sign, pattern in _BOUNDS if pattern.search(lowered)), None)
