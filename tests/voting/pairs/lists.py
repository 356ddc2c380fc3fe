"""Lists of words and numbers, in an order or without one."""

from random import Random

from tests.voting.pairs.family import Family

_WORDS = ("apple", "pear", "plum", "red cherry", "fig", "date", "lime", "kiwi", "nut", "Dr. Pepper")
_SORTED = "Sort these words alphabetically."


def _written(random: Random, items: list[str]) -> str:
    form = random.randrange(6)
    if form == 0:
        return "\n".join(f"- {item}" for item in items)
    if form == 1:
        return "\n".join(f"{place}. {item}" for place, item in enumerate(items, start=1))
    if form == 2:
        return f"The answer is: {', '.join(items[:-1])} and {items[-1]}."
    if form == 3:
        return rf"\boxed{{{', '.join(items)}}}"
    if form == 4:
        return "\n".join(items)
    return ", ".join(items)


def _changed(random: Random, items: list[str], pool: list[str]) -> list[str]:
    place = random.randrange(len(items))
    left = [item for item in pool if item not in items]
    return [*items[:place], random.choice(left), *items[place + 1 :]]


def _words(random: Random) -> tuple[str, str]:
    items = random.sample(_WORDS, random.randint(2, 5))
    return _written(random, items), _written(random, _changed(random, items, list(_WORDS)))


def _one_list(random: Random) -> tuple[str, str]:
    items = random.sample(_WORDS, random.randint(2, 5))
    return _written(random, items), _written(random, random.sample(items, len(items)))


def _numbers(random: Random) -> tuple[str, str]:
    pool = [f"{number:,}" for number in random.sample(range(1, 99_999), 12)]
    items = pool[: random.randint(2, 5)]
    return _written(random, items), _written(random, _changed(random, items, pool))


def _orders(random: Random) -> tuple[str, str]:
    items = random.sample(_WORDS, random.randint(2, 5))
    other = list(items)
    while other == items:
        random.shuffle(other)
    return _written(random, items), _written(random, other)


def _one_order(random: Random) -> tuple[str, str]:
    items = random.sample(_WORDS, random.randint(2, 5))
    return _written(random, items), _written(random, items)


FAMILIES = (
    Family(name="sets of words", kind="list", differ=_words, alike=_one_list),
    Family(name="sets of numbers", kind="list", differ=_numbers),
    Family(name="orders", kind="list", question=_SORTED, differ=_orders, alike=_one_order),
)
