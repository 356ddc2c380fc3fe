"""Names with points in them: a sentence does not end at "Dr." or at an initial."""

from random import Random

from tests.voting.pairs.family import Family

_TITLES = ("Dr.", "Mr.", "Mrs.", "Prof.", "St.", "Gen.", "Capt.", "Sen.", "Mt.", "Lt.")
_SURNAMES = (
    "Smith", "Jones", "Watson", "Brown", "Louis", "Helens", "Grant", "Müller", "García", "Okafor",
    "Tanaka", "Rowling", "Tolkien", "Lewis", "Bush", "Bach", "Newton", "Curie",
)  # fmt: skip
_GENERA = ("E", "S", "C", "H", "B")
_SPECIES = (
    "coli", "aureus", "histolytica", "elegans", "sapiens", "subtilis", "albicans", "pylori",
)  # fmt: skip
_FORMS = (
    "The answer is %s.",
    "Answer: %s",
    r"\boxed{\text{%s}}",
    "%s",
    "The answer is **%s**.",
    "<answer>%s</answer>",
    "The answer is %s. He is well known.",
)


def _initials(random: Random) -> str:
    return " ".join(
        f"{random.choice('ABCDEFGHJKLMNOPRSTW')}." for _ in range(random.choice((1, 2)))
    )


def _stated(random: Random, first: str, second: str) -> tuple[str, str]:
    return random.choice(_FORMS) % first, random.choice(_FORMS) % second


def _titled(random: Random) -> tuple[str, str]:
    first, second = random.sample(_SURNAMES, 2)
    title = random.choice(_TITLES)
    return _stated(random, f"{title} {first}", f"{title} {second}")


def _one_titled(random: Random) -> tuple[str, str]:
    name = f"{random.choice(_TITLES)} {random.choice(_SURNAMES)}"
    return _stated(random, name, name)


def _with_initials(random: Random) -> tuple[str, str]:
    first, second = random.sample(_SURNAMES, 2)
    initials = _initials(random)
    return _stated(random, f"{initials} {first}", f"{initials} {second}")


def _one_with_initials(random: Random) -> tuple[str, str]:
    name = f"{_initials(random)} {random.choice(_SURNAMES)}"
    return _stated(random, name, name)


def _species(random: Random) -> tuple[str, str]:
    first, second = random.sample(_SPECIES, 2)
    genus = random.choice(_GENERA)
    return _stated(random, f"{genus}. {first}", f"{genus}. {second}")


def _abbreviations(random: Random) -> tuple[str, str]:
    first, second = random.sample(("Army", "Navy", "Senate", "Congress", "dollar", "Mint"), 2)
    return _stated(random, f"U.S. {first}", f"U.S. {second}")


FAMILIES = (
    Family(name="titles", kind="text", differ=_titled, alike=_one_titled),
    Family(name="initials", kind="text", differ=_with_initials, alike=_one_with_initials),
    Family(name="species", kind="text", differ=_species),
    Family(name="dotted abbreviations", kind="text", differ=_abbreviations),
)
