"""Words and symbols whose marks mean something."""

from random import Random

from tests.voting.pairs.family import Family

_PLACES = ("%s", "The answer is %s.", r"\boxed{\text{%s}}", "Answer: %s", "<answer>%s</answer>")
_BRACKETS = "()[]{}<>"
_IONS = ("Cl", "Na", "K", "F", "Br", "H", "Ag", "I", "OH", "Li")
_GRADES = "ABCDEF"
_SCRIPTS = (
    ("か", "が"), ("は", "ば"), ("は", "ぱ"), ("て", "で"), ("き", "ぎ"), ("и", "й"),
    ("दिन", "दीन"), ("काम", "कम"), ("แม่", "แม"), ("कल", "काल"), ("하", "허"), ("あ", "お"),
)  # fmt: skip
_LANGUAGES = ("C", "C++", "C#", "F#", "F", "A*", "D", "J", "J#", "J++")
_TITLES = ("Oh! Calcutta", "Oh! Canada", "Oh! Susanna", "Help! Help", "Help! Murder")
_WORDS = ("sun", "flower", "house", "river", "stone", "cloud", "light", "paper", "sugar", "apple")


_ACCENTED = (
    ("pêche", "péché"), ("côte", "côté"), ("ö", "o"), ("é", "e"), ("ñ", "n"), ("más", "mâs"),
    ("5'", '5"'), ("12'", '12"'),
)  # fmt: skip
_UNACCENTED = (
    ("café", "Cafe"), ("São Paulo", "Sao Paulo"), ("Gödel", "Godel"), ("naïve", "naive"),
    ("U.S.A.", "USA"), ("J.K. Rowling", "J. K. Rowling"), ("Zoë", "Zoe"),
)  # fmt: skip
_CONNECTIVES = "¬∧∨→↔⊕∈∉⊂∪∩"


def _stated(random: Random, first: str, second: str) -> tuple[str, str]:
    return random.choice(_PLACES) % first, random.choice(_PLACES) % second


def _closings(random: Random) -> tuple[str, str]:
    marks = [random.choice(_BRACKETS) for _ in range(random.randint(2, 5))]
    other = list(marks)
    place = random.randrange(len(other))
    other[place] = random.choice([mark for mark in _BRACKETS if mark != other[place]])
    form = random.choice(("%s", "Answer: %s"))
    return form % " ".join(marks), form % " ".join(other)


def _one_closing(random: Random) -> tuple[str, str]:
    marks = [random.choice(_BRACKETS) for _ in range(random.randint(2, 5))]
    return " ".join(marks), "Answer: " + "".join(marks)


def _charges(random: Random) -> tuple[str, str]:
    ion = random.choice(_IONS)
    first, second = random.sample((ion, f"{ion}-", f"{ion}+"), 2)
    return _stated(random, first, second)


def _one_charge(random: Random) -> tuple[str, str]:
    ion = random.choice(_IONS) + random.choice(("-", "+"))
    return _stated(random, ion, ion.replace("-", "−"))


def _grades(random: Random) -> tuple[str, str]:
    grade = random.choice(_GRADES)
    first, second = random.sample((grade, f"{grade}-", f"{grade}+"), 2)
    return _stated(random, first, second)


def _scripts(random: Random) -> tuple[str, str]:
    return _stated(random, *random.choice(_SCRIPTS))


def _accents(random: Random) -> tuple[str, str]:
    return _stated(random, *random.choice(_ACCENTED))


def _no_accents(random: Random) -> tuple[str, str]:
    return _stated(random, *random.choice(_UNACCENTED))


def _connectives(random: Random) -> tuple[str, str]:
    left, right = random.sample("pqrs", 2)
    first, second = random.sample(_CONNECTIVES, 2)
    return _stated(random, f"{left}{first}{right}", f"{left}{second}{right}")


def _programming(random: Random) -> tuple[str, str]:
    first, second = random.sample(_LANGUAGES, 2)
    return _stated(random, first, second)


def _one_script(random: Random) -> tuple[str, str]:
    word = random.choice(random.choice(_SCRIPTS))
    return _stated(random, word, word)


def _exclamations(random: Random) -> tuple[str, str]:
    first, second = random.sample(_TITLES, 2)
    return f'The answer is "{first}".', f'The answer is "{second}".'


def _phrases(random: Random) -> tuple[str, str]:
    first, second = random.sample(_WORDS, 2)
    third = random.choice(_WORDS)
    return _stated(random, f"{third}; {first}", f"{third}; {second}")


def _one_word(random: Random) -> tuple[str, str]:
    word = random.choice((*_WORDS, "café", "Zürich", "naïve", "piñata"))
    plain = {"café": "cafe", "Zürich": "Zurich", "naïve": "naive", "piñata": "pinata"}
    shown = random.choice((word.title(), word.upper(), plain.get(word, word), f'"{word}"'))
    return _stated(random, word, shown)


FAMILIES = (
    Family(name="accents", kind="text", differ=_accents, alike=_no_accents),
    Family(name="logic as words", kind="text", differ=_connectives),
    Family(name="closing brackets", kind="text", differ=_closings, alike=_one_closing),
    Family(name="charges", kind="text", differ=_charges, alike=_one_charge),
    Family(name="grades", kind="text", differ=_grades),
    Family(name="scripts", kind="text", differ=_scripts, alike=_one_script),
    Family(name="programming languages", kind="text", differ=_programming),
    Family(name="exclamations", kind="text", differ=_exclamations),
    Family(name="words", kind="text", differ=_phrases, alike=_one_word),
)
