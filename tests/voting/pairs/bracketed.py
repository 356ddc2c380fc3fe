"""Answers in double brackets: lists, grids, codes and computations are what is written."""

from random import Random

from tests.voting.pairs.family import Draw, Family

QUESTION = "Solve the puzzle and give your answer in double square brackets, [[like this]]."
PLACES = (
    "[[%s]]", "The answer is [[%s]].", "So we get:\n\n[[%s]]", "**[[%s]]**",
)  # fmt: skip
SIGNS = ("*", "$", "#", "@", "&", "%", "!", "?", "+", "-", "~", "^", "/", "<", ">")
NAMES = ("Misty", "Vicki", "Jerry", "Anna", "Carl", "Bella")


def _shown(random: Random, content: str) -> str:
    return random.choice(PLACES) % content


def _shown_both(random: Random, first: str, second: str) -> tuple[str, str]:
    return _shown(random, first), _shown(random, second)


def _items(random: Random) -> list[str]:
    if random.random() < 0.5:
        return [str(number) for number in random.sample(range(1, 50), random.randrange(2, 7))]
    return random.sample("ABCDEFGH", random.randrange(2, 6))


def _reordered(random: Random) -> tuple[str, str]:
    items = _items(random)
    other = random.sample(items, len(items))
    while other == items:
        other = random.sample(items, len(items))
    comma = random.choice((",", ", "))
    return _shown_both(random, comma.join(items), comma.join(other))


def _spaced(random: Random) -> tuple[str, str]:
    items = _items(random)
    return _shown_both(random, ",".join(items), ", ".join(items))


def _grid(random: Random, marks: str) -> list[list[str]]:
    size = random.randrange(2, 5)
    return [random.choices(marks, k=size) for _ in range(size)]


def _grid_text(grid: list[list[str]], comma: str) -> str:
    return comma.join(" ".join(row) for row in grid)


def _grids(random: Random) -> tuple[str, str]:
    marks = random.choice(("01ACT", "X123", "ABC", "0123456789", "01"))
    first = _grid(random, marks)
    second = [list(row) for row in first]
    row = random.randrange(len(first))
    column = random.randrange(len(first))
    second[row][column] = random.choice([mark for mark in marks if mark != second[row][column]])
    return _shown_both(random, _grid_text(first, ","), _grid_text(second, ", "))


def _grids_alike(random: Random) -> tuple[str, str]:
    grid = _grid(random, random.choice(("01ACT", "X123", "ABC")))
    return _shown_both(random, _grid_text(grid, ","), _grid_text(grid, ", "))


def _codes(random: Random) -> tuple[str, str]:
    marks = random.choice(("0123456789ABCDEF", "0AB", "HT", "m0k"))
    first, second = ("".join(random.choices(marks, k=random.randrange(2, 9))) for _ in range(2))
    while first == second or (first + second).isdigit():
        first, second = f"0{first}A", f"0{second}B"
    return _shown_both(random, first, second)


def _signs(random: Random) -> tuple[str, str]:
    word = "".join(random.choices("ABC", k=random.randrange(0, 4)))
    first, second = random.sample((*SIGNS, ""), 2)
    if not word and not (first and second):
        word = "A"
    return _shown_both(random, word + first, word + second)


def _assigned(random: Random) -> tuple[str, str]:
    names, numbers = random.sample(NAMES, 3), random.sample(range(1, 10), 3)
    first = ",".join(f"{number} {name}" for number, name in zip(numbers, names, strict=True))
    second = ",".join(f"{n} {name}" for n, name in zip(numbers[::-1], names, strict=True))
    return _shown_both(random, first, second)


def _equations(random: Random) -> tuple[str, str]:
    a, b, c, d = random.choices(range(1, 10), k=4)
    first = f"{a}+{b}+{c}*{d}={a + b + c * d}"
    second = random.choice(
        (f"{a + 1}+{b}+{c}*{d}={a + b + c * d}", f"{a}+{c * d}={a + c * d}", f"{a}*{b}={a * b}")
    )
    return _shown_both(random, first, second)


def _equations_alike(random: Random) -> tuple[str, str]:
    a, b, c = random.choices(range(1, 10), k=3)
    return _shown_both(
        random, f"{a}+{b}*{c}={a + b * c}", random.choice((f"{a} + {b} * {c} = {a + b * c}",))
    )


def _logic(random: Random) -> tuple[str, str]:
    p, q = random.sample("pqrs", 2)
    sign = random.choice(("→", "∧", "∨", "↔", "->", "&", "|", r"\to"))
    other = random.choice([s for s in ("∧", "∨", "→") if s != sign])
    return random.choice(
        (
            _shown_both(random, f"¬{p}", p),
            _shown_both(random, f"{p}{sign}¬{q}", f"¬{p}{sign}{q}"),
            _shown_both(random, f"{p} → {q}", f"{q} → {p}"),
            _shown_both(random, f"{p}∧{q}", f"{p}∨{q}"),
            _shown_both(random, f"~{p}", p),
            _shown_both(random, f"{p} {other} {q}", f"{p} ⊕ {q}"),
        )
    )


def _mixed_case(random: Random) -> tuple[str, str]:
    first = "aB" + "".join(random.choices("aBcD", k=random.randrange(0, 5)))
    return _shown_both(random, first, first.swapcase())


def _texts(random: Random) -> tuple[str, str]:
    words = ("HELLO WORLD", "RASKEN", "true", "plausible", "be bend", "cat act", "A", "D")
    first, second = random.sample(words, 2)
    return _shown_both(random, first, second)


def _texts_alike(random: Random) -> tuple[str, str]:
    word = random.choice(("HELLO WORLD", "RASKEN", "true", "plausible", "be bend", "A", "True"))
    spelled = (word, f'"{word}"', f" {word} ", f"{word}.", f"$\\text{{{word}}}$", word.upper())
    return _shown_both(random, word, random.choice(spelled))


def _matrix(random: Random, numbers: list[int]) -> str:
    a, b, c, d = numbers
    return random.choice(
        (
            f"(({a},{b}),({c},{d}))",
            f"(({a}, {b}), ({c}, {d}))",
            f"[({a},{b}),({c},{d})]",
            f"({a},{b}),({c},{d})",
            rf"\begin{{pmatrix}} {a} & {b} \\ {c} & {d} \end{{pmatrix}}",
        )
    )


def _matrices(random: Random) -> tuple[str, str]:
    numbers = random.sample(range(1, 60), 4)
    return _shown_both(random, _matrix(random, numbers), _matrix(random, numbers[::-1]))


def _matrices_alike(random: Random) -> tuple[str, str]:
    numbers = random.sample(range(1, 60), 4)
    return _shown_both(random, _matrix(random, numbers), _matrix(random, numbers))


def _row(name: str, differ: Draw, alike: Draw | None = None) -> Family:
    return Family(
        name=f"brackets: {name}", kind="bracketed", question=QUESTION, differ=differ, alike=alike
    )


FAMILIES = (
    _row("order", _reordered, _spaced),
    _row("grids", _grids, _grids_alike),
    _row("codes", _codes),
    _row("signs", _signs),
    _row("assignments", _assigned),
    _row("equations", _equations, _equations_alike),
    _row("logic", _logic),
    _row("mixed case", _mixed_case),
    _row("texts", _texts, _texts_alike),
    _row("matrices", _matrices, _matrices_alike),
)
