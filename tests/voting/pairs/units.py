"""Numbers with units: an exponent is no answer, and units that contradict each other differ."""

from random import Random

from tests.voting.pairs.family import Draw, Family

LENGTHS = ("cm", "m", "mm", "km", "in", "ft", "yd")
AREAS = (
    r"\boxed{%d\text{ %s}^2}", r"\boxed{%d\,\text{%s}^{2}}", r"\boxed{%d \mathrm{~%s}^2}",
    r"The answer is %d %s².", "The area is %d %s^2.", r"\boxed{%d\ \mbox{%s}^{\text{2}}}",
    r"Final answer: $%d\,\mathrm{%s^2}$", "%d square %s", r"\[\boxed{%d \text{ sq %s}}\]",
)  # fmt: skip
VOLUMES = (
    r"\boxed{%d\text{ %s}^3}", r"\boxed{%d\,\mathrm{%s}^{3}}", "The volume is %d %s³.",
    "The answer is %d cubic %s.", r"#### %d %s^3",
)  # fmt: skip
SPEEDS = (
    r"\boxed{%d\text{ %s/s}^2}", r"\boxed{%d\frac{\text{%s}}{\text{s}^2}}", "It is %d %s/s^2.",
    r"The answer is %d\,\text{%s} \cdot \text{s}^{-2}.",
)  # fmt: skip
NAMES = {
    "cm": ("cm", "centimeters", "centimetre", "centimetres"), "m": ("m", "meters", "metre"),
    "km": ("km", "kilometers", "kilometres"), "ft": ("ft", "feet", "foot"),
    "h": ("hours", "h", "hrs", "hour"), "min": ("minutes", "min", "mins"),
    "kg": ("kg", "kilograms", "kilogram"), "g": ("g", "grams"), "l": ("liters", "litres", "L"),
    "day": ("days", "day"), "n": ("N", "newtons"), "j": ("J", "joules"), "kwh": ("kWh",),
    "eur": ("euros", "EUR", "€"), "usd": ("dollars", "USD"),
}  # fmt: skip
PLACES = (r"\boxed{%s %s}", r"\boxed{%s\text{ %s}}", "The answer is %s %s.", "%s %s", "#### %s %s")


def two_numbers(forms: tuple[str, ...]) -> Draw:
    """The same text about two numbers, in one unit."""

    def draw(random: Random) -> tuple[str, str]:
        first, second = random.sample(range(1, 1000), 2)
        unit = random.choice(LENGTHS)
        return random.choice(forms) % (first, unit), random.choice(forms) % (second, unit)

    return draw


def one_number(forms: tuple[str, ...]) -> Draw:
    """Two texts about one number, in one unit or without it."""

    def draw(random: Random) -> tuple[str, str]:
        number, unit = random.randrange(1, 1000), random.choice(LENGTHS)
        first, second = (form % (number, unit) for form in random.sample(forms, 2))
        return first, random.choice((second, rf"\boxed{{{number}}}"))

    return draw


def _said(random: Random, number: int, unit: str) -> str:
    return random.choice(PLACES) % (number, random.choice(NAMES[unit]))


def _other_unit(random: Random) -> tuple[str, str]:
    number = random.randrange(1, 1000)
    first, second = random.sample(sorted(NAMES), 2)
    return _said(random, number, first), _said(random, number, second)


def _same_unit(random: Random) -> tuple[str, str]:
    number, unit = random.randrange(1, 1000), random.choice(sorted(NAMES))
    return _said(random, number, unit), random.choice((_said(random, number, unit), str(number)))


def _other_power(random: Random) -> tuple[str, str]:
    number, unit = random.randrange(1, 1000), random.choice(LENGTHS)
    forms = random.sample((random.choice(AREAS), random.choice(VOLUMES), PLACES[1]), 2)
    return forms[0] % (number, unit), forms[1] % (number, unit)


def _other_base(random: Random) -> tuple[str, str]:
    number = format(random.randrange(1, 64), "b")
    first, second = random.sample(range(2, 10), 2)
    return rf"\boxed{{{number}_{first}}}", rf"\boxed{{{number}_{{{second}}}}}"


def _other_side(random: Random) -> tuple[str, str]:
    number = random.randrange(1, 1000)
    senses = (
        (r"\boxed{\text{at least }%d}", r"\boxed{\text{at most }%d}"),
        ("Thus $x <= %d$.", "Thus $x >= %d$."), ("So x != %d", "So x > %d"),
        (r"\boxed{x \le %d}", r"\boxed{x \ge %d}"), ("%d km north", "%d km south"),
        (r"\boxed{%d\text{ am}}", r"\boxed{%d\text{ pm}}"), ("%d BC", "%d AD"),
        ("a loss of \\boxed{%d \\text{ dollars loss}}", "\\boxed{%d \\text{ dollars profit}}"),
    )  # fmt: skip
    first, second = random.choice(senses)
    return first % number, second % number


FAMILIES = (
    Family(name="areas", kind="number", differ=two_numbers(AREAS), alike=one_number(AREAS)),
    Family(name="volumes", kind="number", differ=two_numbers(VOLUMES), alike=one_number(VOLUMES)),
    Family(
        name="accelerations", kind="number", differ=two_numbers(SPEEDS), alike=one_number(SPEEDS)
    ),
    Family(name="units", kind="number", differ=_other_unit, alike=_same_unit),
    Family(name="powers of units", kind="number", differ=_other_power),
    Family(name="number bases", kind="number", differ=_other_base),
    Family(name="sides and directions", kind="number", differ=_other_side),
)
