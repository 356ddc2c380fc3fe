"""Numbers in words, and the words that scale a number: ``twenty-one``, ``5 million``, ``5万``."""

import re
from fractions import Fraction

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: value for value, word in enumerate(_ONES.split())}
_TENS = {word: 10 * value for value, word in enumerate(_DECADES.split(), start=2)}

_SCALES = {
    12: "dozen dozens dutzend docena docenas douzaine дюжина",
    20: "score",
    144: "gross",
    10**2: "hundred hundreds hundert cent cien cientos 百 백",
    10**3: "thousand thousands tausend mil mille mila thsd тысяча тысячи тысяч тыс 千 천",
    10**4: "万 萬 만 myriad",
    10**5: "lakh lakhs lac",
    10**6: "million millions millionen mio mn mln millón millones milhão milhões milioni milione "
           "миллион миллиона миллионов млн 百万 百萬 백만",
    10**7: "crore crores 千万 천만",
    10**8: "亿 億 억",
    10**9: "billion billions bn bln milliarde milliarden mrd milliards milliard miliardi miliardo "
           "миллиард миллиарда миллиардов млрд 十亿 十億",
    10**12: "trillion trillions tn billionen 兆 조 万亿",
    10**15: "quadrillion", 10**18: "quintillion",
}  # fmt: skip
SCALE_WORDS = {word: scale for scale, words in _SCALES.items() for word in words.split()}
SCALE_WORDS.pop("cent")  # Also a coin.
_LETTERS = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_IN_ORDER = sorted(SCALE_WORDS, key=len, reverse=True)
_SCALE = re.compile(
    rf"[\s-]{{0,4}}(?P<word>{'|'.join(map(re.escape, _IN_ORDER))})(?:\.(?=\s?\S))?"
    r"(?![a-zäöüßéóãõа-я])",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[kKMBT](?![^\W_])")
_MONEY_LETTER = re.compile(r"\s?[kKmMbBtT](?:(?:io|n|ln)\b)?(?![^\W_])")


def scale_at(text: str, position: int, *, money: bool = False) -> tuple[int, int] | None:
    """The factor that words at a place give a number, and where they end.

    ``million``, ``hundred thousand``, ``dozen``, ``k``, ``万``; None where there is no such word.

    Args:
        money: the number is an amount of money: then ``m`` is a million, too.
    """
    factor, end = 1, position
    while match := _SCALE.match(text, end):
        factor, end = factor * SCALE_WORDS[match["word"].lower()], match.end()
        if factor > 10**30:
            return None
    if end == position:
        letter = (_MONEY_LETTER if money else _LETTER).match(text, position)
        if letter is None:
            return None
        initial = letter.group().strip()[0]
        factor, end = _LETTERS["k" if initial == "k" else initial.upper()], letter.end()
    return factor, end


def spelled(text: str) -> Fraction | None:
    """The number that a text consists of in English words, with a unit of three words at most.

    ``twenty-one``, ``three hundred and five``, ``minus two``, ``a dozen eggs``.
    """
    words = re.findall(r"[a-z]+", text.lower()) if len(text) <= 200 else []
    negative = bool(words) and words[0] in ("minus", "negative")
    total = current = 0
    read = 0
    for word in words[1 if negative else 0 :]:
        scale = SCALE_WORDS.get(word)
        if word in _VALUES:
            current += _VALUES[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word in ("hundred", "dozen") and scale is not None:
            current = max(current, 1) * scale
        elif scale is not None and scale >= 1000 and word.isascii() and len(word) > 5:
            total, current = total + max(current, 1) * scale, 0
        elif word in ("and", "a") and (read or word == "a"):
            continue
        else:
            break
        read += 1
    if not read or len(words) > read + 3 or "of" in words:
        # More than a unit follows: a sentence that merely begins with a number.
        return None
    value = Fraction(total + current)
    return -value if negative else value
