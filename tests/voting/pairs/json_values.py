"""Objects whose fields differ in what a reader would call another value."""

import json
from random import Random

from tests.voting.pairs.family import Family

_WORDS = ("Paris", "green", "not found", "Dr. No", "twelve", "left", "right", "A", "B", "no")
_FIELDS = ("when", "price", "name", "version", "path", "count")


def _time(random: Random) -> str:
    return f"{random.randint(0, 23):02d}:{random.randint(0, 59):02d}"


def _day(random: Random) -> str:
    return f"{random.randint(1990, 2030)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"


def _objects(first: object, second: object, random: Random) -> tuple[str, str]:
    """Both values in the same place of an object, or of an object in a list."""
    field, other = random.sample(_FIELDS, 2)
    rest = random.choice(_WORDS)
    one, two = ({field: value, other: rest} for value in (first, second))
    if random.random() < 0.3:
        return json.dumps([one]), json.dumps([two])
    return json.dumps(one), json.dumps(two)


def _times(random: Random) -> tuple[str, str]:
    day, separator = _day(random), random.choice((" ", "T"))
    first, second = _time(random), _time(random)
    while first == second:
        second = _time(random)
    return _objects(f"{day}{separator}{first}", f"{day}{separator}{second}", random)


def _currencies(random: Random) -> tuple[str, str]:
    amount = random.choice((f"{random.randint(1, 99)}", f"{random.randint(1, 99)}.50", "1,200"))
    first, second = random.sample("$€£¥₹", 2)
    if random.random() < 0.5:
        return _objects(f"{first}{amount}", f"{second}{amount}", random)
    return _objects(f"{amount} {first}", f"{amount} {second}", random)


def _versions(random: Random) -> tuple[str, str]:
    major, minor = random.randint(0, 9), random.randint(1, 9)
    return _objects(f"{major}.{minor}0", f"{major}.{minor}", random)


def _negations(random: Random) -> tuple[str, str]:
    said = random.choice((*_WORDS, _day(random), "2024", "3.5"))
    return _objects(said, f"{random.choice(('not', 'no', 'except', 'before'))} {said}", random)


def _written(random: Random) -> tuple[str, str]:
    """Addresses and paths that only their marks tell apart."""
    first, second = random.sample("/:_@.=+#", 2)
    a, b = random.choice((("usr", "bin"), ("a", "b"), ("x1", "y2"), ("mail", "com")))
    return _objects(f"{a}{first}{b}", f"{a}{second}{b}", random)


def _amounts(random: Random) -> tuple[str, str]:
    number = random.randint(1000, 99_999)
    tenths = random.randint(1, 9)
    forms = (number, float(number), str(number), f"{number:,}", f"{number}.0")
    if random.random() < 0.5:
        forms = (tenths / 10, f"0.{tenths}", f"{tenths}0%")  # type: ignore[assignment]
    return _objects(*random.sample(forms, 2), random)


def _spellings(random: Random) -> tuple[str, str]:
    """One object as JSON, and as models write it."""
    value: dict[str, object] = {
        "name": random.choice(_WORDS),
        "ok": random.random() < 0.5,
        "none": None,
        "values": [random.randint(0, 99), random.random()],
    }
    strict = json.dumps(value)
    loose = random.choice(
        (
            repr(value),
            strict[:-1] + ",}",
            strict.replace("{", "{ // as asked\n"),
            f"```json\n{json.dumps(value, indent=2)}\n```",
            f"Here you are: {strict}\nAnything else?",
            f"{strict}<|eot_id|>",
            strict.replace('"name"', "name").replace("]", ",]"),
            f'{{"name": "draft"}} No, rather: {strict}',
        )
    )
    return strict, loose


FAMILIES = (
    Family(name="times in JSON", kind="json", differ=_times),
    Family(name="currencies in JSON", kind="json", differ=_currencies),
    Family(name="versions in JSON", kind="json", differ=_versions),
    Family(name="negations in JSON", kind="json", differ=_negations, alike=_amounts),
    Family(name="marks in JSON", kind="json", differ=_written, alike=_spellings),
)
