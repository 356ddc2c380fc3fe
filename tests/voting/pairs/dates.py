"""Dates in the languages and forms that people write."""

from random import Random

from tests.voting.pairs.family import Family

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}
_FORMS = {
    "en": "{month} {day}, {year}",
    "de": "{day}. {month} {year}",
    "fr": "{day} {month} {year}",
    "es": "{day} de {month} de {year}",
    "it": "{day} {month} {year}",
    "pt": "{day} de {month} de {year}",
    "nl": "{day} {month} {year}",
    "ru": "{day} {month} {year} г.",
    "iso": "{year:04d}-{number:02d}-{day:02d}",
    "zh": "{year}年{number}月{day}日",
    "ko": "{year}년 {number}월 {day}일",
    "us": "{number:02d}/{day:02d}/{year:04d}",
}
_PLACES = ("%s", "The answer is %s.", r"\boxed{\text{%s}}", "Answer: %s", "It fell on %s.")
Day = tuple[int, int, int]


def _day(random: Random) -> Day:
    return random.randint(1000, 2100), random.randint(1, 12), random.randint(1, 28)


def _written(random: Random, day: Day) -> str:
    language = random.choice(list(_FORMS))
    names = _MONTHS.get(language, _MONTHS["en"]).split()
    date = _FORMS[language].format(year=day[0], month=names[day[1] - 1], number=day[1], day=day[2])
    return random.choice(_PLACES) % date


def _days(random: Random) -> tuple[str, str]:
    first = _day(random)
    part = random.randrange(3)
    other = _day(random)
    second = (*first[:part], other[part], *first[part + 1 :])
    if second == first:
        second = (first[0] + 1, first[1], first[2])
    return _written(random, first), _written(random, second)  # type: ignore[arg-type]


def _one_day(random: Random) -> tuple[str, str]:
    day = _day(random)
    return _written(random, day), _written(random, day)


def _eras(random: Random) -> tuple[str, str]:
    first, second = random.sample(range(1, 900), 2)
    form = random.choice(
        ("%d BC", "The answer is %d BC.", "March 15, %d BC", r"\boxed{%d\text{ BC}}")
    )
    if random.random() < 0.5:
        return form % first, form.replace("BC", "AD") % first
    return form % first, form % second


def _spans(random: Random) -> tuple[str, str]:
    start, last = random.randint(1000, 1900), random.randint(1901, 2020)
    shown = random.choice((f"{start}-{last}", f"{start}–{last}", f"from {start} to {last}"))
    other = random.choice((str(last), str(start), f"{start + 1}-{last}", f"{start}-{last + 1}"))
    return random.choice(_PLACES) % shown, random.choice(_PLACES) % other


def _boxed_words(random: Random) -> tuple[str, str]:
    day = _written(random, _day(random))
    words = random.choice(("Cannot be determined", "None", "Unknown", "Not enough information"))
    return f"It may have been {day} \\boxed{{\\text{{{words}}}}}", day


def _one_in_words(random: Random) -> tuple[str, str]:
    words = random.choice(("Cannot be determined", "None of these", "Not enough information"))
    first, second = _written(random, _day(random)), _written(random, _day(random))
    return f"{first} \\boxed{{\\text{{{words}}}}}", f"{second} \\boxed{{\\text{{{words.lower()}}}}}"


def _reasons(random: Random) -> tuple[str, str]:
    first, second = _day(random), _day(random)
    if first == second:
        second = (second[0] + 1, *second[1:])
    iso = _FORMS["us"]
    one, other = (iso.format(year=d[0], number=d[1], day=d[2]) for d in (first, second))
    return f"{one} because today is {other}", f"The answer is {other}."


def _sides(random: Random) -> tuple[str, str]:
    year = random.randint(1000, 2020)
    first, second = random.sample(("before %d", "after %d", "%d"), 2)
    place = random.choice(_PLACES[:4])
    return place % (first % year), place % (second % year)


_PARTS = (
    "early %d", "mid-%d", "late %d", "spring %d", "summer of %d", "autumn %d", "winter %d",
    "Q1 %d", "Q2 %d", "%d Q3", "fourth quarter of %d", "first half of %d",
    "second half of %d", "%d",
)  # fmt: skip
_ONE_PART = (
    ("Q1 %d", "the first quarter of %d"), ("%d Q3", "third quarter of %d"),
    ("fall %d", "autumn of %d"),
    ("the end of %d", "late %d"), ("beginning of %d", "early %d"), ("H2 %d", "second half of %d"),
)  # fmt: skip


def _parts(random: Random) -> tuple[str, str]:
    year = random.randint(1000, 2020)
    first, second = random.sample(_PARTS, 2)
    place = random.choice(_PLACES[:4])
    return place % (first % year), place % (second % year)


def _one_part(random: Random) -> tuple[str, str]:
    year = random.randint(1000, 2020)
    first, second = random.choice(_ONE_PART)
    return random.choice(_PLACES[:4]) % (first % year), random.choice(_PLACES[:4]) % (second % year)


FAMILIES = (
    Family(name="days in all languages", kind="date", differ=_days, alike=_one_day),
    Family(name="eras", kind="date", differ=_eras),
    Family(name="spans of years", kind="date", differ=_spans),
    Family(name="boxes without a date", kind="date", differ=_boxed_words, alike=_one_in_words),
    Family(name="dates in reasons", kind="date", differ=_reasons),
    Family(name="sides of a year", kind="date", differ=_sides),
    Family(name="parts of a year", kind="date", differ=_parts, alike=_one_part),
)
