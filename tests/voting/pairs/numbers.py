"""Numbers: scale words, decimal commas, what a box holds that is no number, questions repeated."""

from collections.abc import Sequence
from random import Random

from tests.voting.pairs.family import Draw, Family

SCALES = {
    100: ("hundred",), 12: ("dozen",), 10**3: ("thousand", "Tausend", "mille", "тысяч"),
    10**6: ("million", "Millionen", "millones", "млн", "Mio.", "mn"),
    10**9: ("billion", "Milliarden", "milliards", "bn", "Mrd."), 10**12: ("trillion",),
    10**4: ("万", "만"), 10**8: ("亿", "억"), 10**5: ("lakh",), 10**7: ("crore",),
}  # fmt: skip
SCALED = (
    r"\boxed{%s\text{ %s}}", r"\boxed{%s\,\text{%s}}", r"\boxed{%s\ \mathrm{%s}}", "%s  %s",
    r"The answer is %s %s.", r"\boxed{%s~\textrm{%s}}",
)  # fmt: skip
QUESTION = "What is the area of the triangle?"
"""Makes auto choose numbers."""
NO_NUMBERS = (
    r"\text{Cannot be determined}", r"\infty", r"\text{no solution}", r"\text{undefined}",
    r"\text{none of these}", r"\text{N/A}", r"x+1", r"\frac{a}{b}", r"\text{increases}",
)  # fmt: skip
LANGUAGES = {
    "de": ("Wie viel kostet das Brot?", "Die Antwort ist %s.", "Es kostet %s Euro.", "%s €"),
    "fr": ("Combien coûte le pain ?", "La réponse est %s.", "Le prix est de %s euros.", "%s €"),
    "es": ("¿Cuánto cuesta el pan?", "La respuesta es %s.", "Cuesta %s euros.", r"\boxed{%s}"),
    "ru": ("Сколько стоит хлеб?", "Ответ: %s", "Хлеб стоит %s рублей.", r"\boxed{%s}"),
    "it": ("Quanto costa il pane?", "La risposta è %s.", "Il prezzo è %s euro.", "%s €"),
    "pt": ("Quanto custa o pão?", "A resposta é %s.", "O preço é %s.", r"\boxed{%s}"),
}  # fmt: skip


def _amount(random: Random, count: int) -> Sequence[int]:
    return random.sample(range(1, 1000), count)


def _scaled(random: Random) -> tuple[str, str]:
    number = random.randrange(1, 99)
    first, second = random.sample(sorted(SCALES), 2)
    form = random.choice(SCALED)
    return (
        form % (number, random.choice(SCALES[first])),
        form % (number, random.choice(SCALES[second])),
    )


def _scaled_alike(random: Random) -> tuple[str, str]:
    number, scale = random.randrange(1, 99), random.choice(sorted(SCALES))
    said = random.choice(SCALED) % (number, random.choice(SCALES[scale]))
    return said, random.choice((str(number * scale), f"\\boxed{{{number * scale:,}}}"))


def _letters(random: Random) -> tuple[str, str]:
    number = random.randrange(1, 99)
    first, second = random.sample(("", "k", "M", "B"), 2)
    return f"\\boxed{{{number}{first}}}", f"\\boxed{{{number}{second}}}"


def _irrational(random: Random, value: Sequence[int]) -> str:
    a, b = value
    return random.choice(
        (rf"{a}\sqrt{{{b}}}", rf"{a}√{b}", rf"\sqrt{{{a * a * b}}}", rf"{a}\cdot\sqrt{{{b}}}")
    )


def _placed(random: Random, content: str) -> str:
    places = (
        r"\boxed{%s}", r"\boxed{%s\text{ cm}}", "The answer is %s.", "The area is %s.", "**%s**",
        "So it covers %s cm².", "The answer is $%s$.", "#### %s",
    )  # fmt: skip
    return random.choice(places) % content


def _roots(random: Random) -> tuple[str, str]:
    radicand = random.choice((2, 3, 5, 7, 11, 13))
    first, second = random.sample(range(2, 40), 2)
    return (
        _placed(random, _irrational(random, (first, radicand))),
        _placed(random, _irrational(random, (second, radicand))),
    )


def _roots_alike(random: Random) -> tuple[str, str]:
    value = random.randrange(2, 40), random.choice((2, 3, 5, 7, 11, 13))
    return _placed(random, _irrational(random, value)), _placed(random, _irrational(random, value))


def _pi(random: Random, number: int) -> str:
    return _placed(random, random.choice((f"{number}\\pi", f"{number}π", f"{number} \\pi")))


def _circles(random: Random) -> tuple[str, str]:
    first, second = _amount(random, 2)
    return _pi(random, first), random.choice((_pi(random, second), f"\\boxed{{{first}}}"))


def _circles_alike(random: Random) -> tuple[str, str]:
    number = random.randrange(2, 1000)
    return _pi(random, number), _pi(random, number)


def _powers(random: Random) -> tuple[str, str]:
    (first, second), exponent = random.sample(range(2, 20), 2), random.randrange(2, 12)
    forms = (r"\boxed{%d^{%d}}", "The answer is %d^%d.", r"\boxed{%d^%d}")
    form = forms[random.randrange(2)] if exponent > 9 else random.choice(forms)
    return form % (first, exponent), form % (second, exponent)


def _ratios(random: Random) -> tuple[str, str]:
    second = random.choice((3, 7, 11))
    first, other = random.sample([n for n in range(1, 30) if n % second], 2)
    return f"\\boxed{{{first}:{second}}}", f"\\boxed{{{other}:{second}}}"


def _times(random: Random) -> tuple[str, str]:
    hour, half = random.randrange(1, 6), random.randrange(10, 30)
    return random.choice(
        (
            (f"\\boxed{{{hour}:{half}}}", f"\\boxed{{{2 * hour}:{2 * half}}}"),
            (f"\\boxed{{{hour}:00 \\text{{ am}}}}", f"\\boxed{{{hour}:00 \\text{{ pm}}}}"),
            (f"The answer is {hour}:00 am.", f"The answer is {hour}:00 pm."),
        )
    )


def _unreadable(random: Random) -> tuple[str, str]:
    number = random.randrange(2, 100)
    said = random.choice((r"There are %d apples. \boxed{%s}", r"After %d steps: $\boxed{%s}$"))
    if random.random() < 0.3:
        words = random.choice(("N/A", "Cannot be determined", "no solution", "undefined"))
        return f"Answer: {words} ({number} apples)", f"\\boxed{{{number}}}"
    first, second = random.sample(NO_NUMBERS, 2)
    return said % (number, first), random.choice((said % (number, second), str(number)))


def _unreadable_alike(random: Random) -> tuple[str, str]:
    content, (first, second) = random.choice(NO_NUMBERS), _amount(random, 2)
    return f"With {first} apples: \\boxed{{{content}}}", f"{second} pears, so \\boxed{{{content}}}"


def commas(language: str) -> tuple[Draw, Draw]:
    """Amounts with a decimal comma, and with grouped thousands, in one language."""
    _, *forms = LANGUAGES[language]

    def spelled(cents: int) -> str:
        return f"{cents // 100},{cents % 100:02d}"

    def grouped(number: int) -> str:
        return f"{number:,}".replace(",", ".")

    def differ(random: Random) -> tuple[str, str]:
        form = random.choice(forms)
        if random.random() < 0.5:
            first = random.randrange(100, 99_999)
            return form % spelled(first), form % spelled(first + 100 * random.randrange(1, 50))
        first = 1_000 * random.randrange(1, 100) + random.randrange(1, 1_000)
        other = random.choice((f"{first / 1000:.3f}".replace(".", ","), grouped(first + 1)))
        return form % grouped(first), form % other

    def alike(random: Random) -> tuple[str, str]:
        cents = random.randrange(100_000, 9_999_999)
        whole = f"{cents // 100:,}".replace(",", random.choice((".", "")))
        return random.choice(forms) % f"{whole},{cents % 100:02d}", random.choice(
            (random.choice(forms) % spelled(cents), f"\\boxed{{{cents / 100:.2f}}}")
        )

    return differ, alike


def _repeated(random: Random) -> tuple[str, str]:
    first, second, hours = random.sample(range(2, 400), 3)
    said = random.choice(
        (
            "He covers %d miles in %d hours.",
            "She reads %d pages in %d hours.",
            "%d of the %d apples",
        )
    )
    return said % (first, hours), said % (second, hours)


def _repeated_alike(random: Random) -> tuple[str, str]:
    first, hours, other = random.sample(range(2, 400), 3)
    return f"He covers {first} miles in {hours} hours.", random.choice(
        (f"{first} of the {other} miles", f"{first} miles", f"The answer is {first}.")
    )


def _duration(random: Random, hours: int, minutes: int) -> str:
    form = random.choice(
        (r"\boxed{%d\text{ hours }%d\text{ minutes}}", "The answer is %d hours and %d minutes.",
         r"\boxed{%d\text{ h }%d\text{ min}}", "It takes %d hours, %d minutes")
    )  # fmt: skip
    return form % (hours, minutes)


def _durations(random: Random) -> tuple[str, str]:
    hours, (first, second) = random.randrange(2, 20), random.sample(range(1, 60), 2)
    return _duration(random, hours, first), random.choice(
        (_duration(random, hours, second), _duration(random, hours + 1, first))
    )


def _durations_alike(random: Random) -> tuple[str, str]:
    hours, minutes = random.randrange(2, 20), random.randrange(1, 60)
    return _duration(random, hours, minutes), _duration(random, hours, minutes)


def _range(random: Random, low: int, high: int) -> str:
    forms = ("between %d and %d", "%d-%d", "The answer is %d to %d.", "It is %d–%d years old.")
    return random.choice(forms) % (low, high)


def _ranges(random: Random) -> tuple[str, str]:
    first, second, high = random.sample(range(2, 1000), 3)
    return _range(random, first, high), random.choice((_range(random, second, high), str(high)))


def _ranges_alike(random: Random) -> tuple[str, str]:
    low, high = random.sample(range(2, 1000), 2)
    return _range(random, low, high), _range(random, low, high)


def _list(random: Random, numbers: Sequence[int]) -> str:
    a, b, c = numbers
    return random.choice(
        (f"The answer is {a}, {b} and {c}.", f"\\boxed{{{a}, {b}, {c}}}", f"#### {a}, {b}, {c}",
         f"The answer is ({a}, {b}, {c}).", f"\\boxed{{({a}, {b}, {c})}}")
    )  # fmt: skip


def _lists(random: Random) -> tuple[str, str]:
    a, b, c, other = _amount(random, 4)
    return _list(random, (a, b, c)), random.choice((_list(random, (a, other, c)), str(a)))


def _percents(random: Random) -> tuple[str, str]:
    first, second = _amount(random, 2)
    return f"\\boxed{{{first}\\%}}", random.choice((f"{second}%", f"\\boxed{{{first}}}"))


def _percents_alike(random: Random) -> tuple[str, str]:
    number = random.randrange(1, 1000)
    return f"\\boxed{{{number}\\%}}", random.choice((f"{number} percent", f"{number / 100:g}"))


def _grouped_alike(random: Random) -> tuple[str, str]:
    number = random.randrange(1_000, 99_999_999)
    marks = (",", r",\!", r"{,}", r"\,", " ", r",\! ", r"\ ", "'")
    return f"\\boxed{{{number:,}}}".replace(",", random.choice(marks)), str(number)


def _grouped(random: Random) -> tuple[str, str]:
    first, second = random.sample(range(1_000, 99_999_999), 2)
    marks = (",", r",\!", r"{,}", r"\,")
    mark = random.choice(marks)
    return (
        f"\\boxed{{{first:,}}}".replace(",", mark),
        f"\\boxed{{{second - second % 1000 + first % 1000:,}}}".replace(",", mark)
        if second // 1000 != first // 1000
        else str(first + 1),
    )


def _asked(name: str, differ: Draw, alike: Draw | None = None) -> tuple[Family, ...]:
    """The same under the kind itself and under a question that leaves it to auto."""
    return (
        Family(name=name, kind="number", differ=differ, alike=alike),
        Family(name=f"{name} (asked)", question=QUESTION, differ=differ, alike=alike),
    )


def _comma_family(language: str) -> Family:
    differ, alike = commas(language)
    return Family(
        name=f"decimal commas ({language})",
        kind="number",
        question=LANGUAGES[language][0],
        differ=differ,
        alike=alike,
    )


FAMILIES = (
    Family(name="scale words", kind="number", differ=_scaled, alike=_scaled_alike),
    Family(name="scale letters", kind="number", differ=_letters),
    *_asked("roots", _roots, _roots_alike),
    *_asked("multiples of pi", _circles, _circles_alike),
    *_asked("powers", _powers),
    *_asked("ratios", _ratios),
    *_asked("times", _times),
    *_asked("boxes without a number", _unreadable, _unreadable_alike),
    *(_comma_family(language) for language in LANGUAGES),
    Family(
        name="numbers of the question",
        kind="number",
        question="How many miles does he cover in total?",
        differ=_repeated,
        alike=_repeated_alike,
    ),
    Family(name="numbers repeated", kind="number", differ=_repeated),
    Family(name="durations", kind="number", differ=_durations, alike=_durations_alike),
    Family(name="ranges", kind="number", differ=_ranges, alike=_ranges_alike),
    Family(name="lists of numbers", kind="number", differ=_lists),
    Family(name="percentages", kind="number", differ=_percents, alike=_percents_alike),
    Family(name="grouped digits", kind="number", differ=_grouped, alike=_grouped_alike),
)
