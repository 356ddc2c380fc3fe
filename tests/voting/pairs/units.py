"""Numbers with units."""

from random import Random

from tests.voting.pairs.family import Family

_UNITS = ("cm", "m", "mm", "km", "in", "ft")


def _areas(random: Random) -> tuple[str, str]:
    first, second = random.sample(range(1, 1000), 2)
    unit, power = random.choice(_UNITS), random.choice((2, 3))
    form = random.choice((r"\boxed{%d\text{ %s}^%d}", r"\boxed{%d\,\text{%s}^%d}"))
    return form % (first, unit, power), form % (second, unit, power)


FAMILIES = (Family(name="areas and volumes", kind="number", differ=_areas),)
