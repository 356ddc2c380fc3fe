"""Mathematics: letters that are none, equations, logic, several values, and many spellings."""

from random import Random

from tests.voting.pairs.family import Draw, Family

WORDS = (
    "stop", "pots", "spot", "tops", "post", "opts", "listen", "silent", "enlist", "tinsel", "north",
    "thorn", "act", "cat", "dog", "god", "tea", "eat", "ate", "star", "rats", "arts",
)  # fmt: skip
LETTERED = (r"\boxed{%s}", r"\boxed{\text{%s}}", r"\boxed{\mathrm{%s}}", r"\boxed{\textbf{%s}}")
OPERATORS = (
    r"\to", r"\rightarrow", r"\Rightarrow", r"\implies", r"\leftarrow", r"\mapsto", r"\subset",
    r"\subseteq", r"\supset", r"\in", r"\vdash", r"\models", r"\circ", r"\parallel", r"\mid",
    r"\setminus", r"\prec", r"\succ", r"\ast", "->", "⇒", "→", r"\land \lnot", r"\longrightarrow",
)  # fmt: skip
_ORDERED = tuple(sign for sign in OPERATORS if sign not in (r"\ast",))
LOGIC = {
    "implies": (r"\to", r"\rightarrow", r"\Rightarrow", r"\implies", "→", "⇒", "->"),
    "and": (r"\land", r"\wedge", "∧"), "or": (r"\lor", r"\vee", "∨"),
    "iff": (r"\leftrightarrow", r"\iff", r"\Leftrightarrow", "↔"),
}  # fmt: skip
NOT = (r"\neg ", r"\lnot ", "¬", "~")


def _boxed(content: str) -> str:
    return rf"\boxed{{{content}}}"


def _anagrams(random: Random) -> tuple[str, str]:
    if random.random() < 0.5:
        first, second = random.sample(WORDS, 2)
    else:
        length = random.randrange(2, 7)
        first = "".join(random.choices("HT", k=length))
        second = "".join(random.sample(first, length))
        if first == second:
            second = first + "H"
    return random.choice(LETTERED) % first, random.choice(LETTERED) % second


def _anagrams_alike(random: Random) -> tuple[str, str]:
    word = random.choice(WORDS)
    return random.choice(LETTERED) % word, random.choice(LETTERED) % random.choice(
        (word, word.capitalize())
    )


def _codes(random: Random) -> tuple[str, str]:
    digits = random.choice(("0123456789ABCDEF", "01ABC", "0123456789abcdef"))
    first, second = ("".join(random.choices(digits, k=random.randrange(3, 9))) for _ in range(2))
    while (
        first == second
        or not (set(first + second) - set("0123456789eE"))
        or (first.isdigit() and second.isdigit())
    ):
        first, second = first + "A0", "0" + second
    return _boxed(first), _boxed(second)


def _implications(random: Random) -> tuple[str, str]:
    sign, (p, q) = random.choice(_ORDERED), random.sample(("P", "Q", "R", "p", "q", "A", "B"), 2)
    return _boxed(f"{p} {sign} {q}"), _boxed(f"{q} {sign} {p}")


def _negations(random: Random) -> tuple[str, str]:
    p, sign = random.choice("pqPQ"), random.choice(NOT)
    return _boxed(sign + p), _boxed(random.choice((p, f"{sign}{sign}{p}")))


def _connectives(random: Random) -> tuple[str, str]:
    first, second = random.sample(sorted(LOGIC), 2)
    p, q = random.sample("PQRS", 2)
    return _boxed(f"{p} {random.choice(LOGIC[first])} {q}"), _boxed(
        f"{p} {random.choice(LOGIC[second])} {q}"
    )


def _connectives_alike(random: Random) -> tuple[str, str]:
    name = random.choice(sorted(LOGIC))
    p, q, r = random.sample("PQRS", 3)

    def spelled() -> str:
        sign, negation = random.choice(LOGIC[name]), random.choice(NOT[:3])
        return _boxed(f"{p} {sign} ({negation}{q} {sign} {r})")

    return spelled(), spelled()


def _equation(random: Random, value: int) -> str:
    a, b = random.randrange(1, 20), random.randrange(1, 20)
    return f"{a}+{b}*{value}={a + b * value}"


def _equations(random: Random) -> tuple[str, str]:
    first, second = _equation(random, 2), _equation(random, 3)
    wrong = random.choice(("0=1", "1=2", "0=2", "1+1=3", "2+2=5"))
    return _boxed(first), _boxed(random.choice((second, wrong)))


def _labelled(random: Random) -> tuple[str, str]:
    first, second = random.sample(("Misty", "Vicki", "apples", "pears", "red", "blue"), 2)
    a, b = random.sample(range(1, 30), 2)
    form = random.choice(("%d %s, %d %s", r"%d \text{ %s and } %d \text{ %s}"))
    return _boxed(form % (a, first, b, second)), _boxed(form % (a, second, b, first))


def _polynomial(random: Random, terms: list[int]) -> str:
    parts = [f"{c}x^{power}" for power, c in enumerate(terms)]
    random.shuffle(parts)
    return _boxed("+".join(parts).replace("x^0", "").replace("x^1", "x"))


def _polynomials(random: Random) -> tuple[str, str]:
    terms = [random.randrange(1, 12) for _ in range(4)]
    other = list(terms)
    other[random.randrange(4)] += random.randrange(1, 5)
    return _polynomial(random, terms), _polynomial(random, other)


def _polynomials_alike(random: Random) -> tuple[str, str]:
    terms = [random.randrange(1, 12) for _ in range(4)]
    return _polynomial(random, terms), _polynomial(random, terms)


FRACTIONS = (r"\frac{%d}{%d}", r"\dfrac{%d}{%d}", "%d/%d", r"\tfrac{%d}{%d}", r"{%d}/{%d}")


def _surd(random: Random, a: int, b: int, c: int) -> str:
    return random.choice(
        (
            rf"\frac{{{a}\sqrt{{{b}}}}}{{{c}}}",
            rf"{a}\sqrt{{{b}}}/{c}",
            rf"\frac{{{a}}}{{{c}}}\sqrt{{{b}}}",
            rf"\sqrt{{\frac{{{a * a * b}}}{{{c * c}}}}}",
            rf"{a}√{b}/{c}",
        )
    )


def _surds(random: Random) -> tuple[str, str]:
    b, c = random.choice((2, 3, 5, 7, 11)), random.randrange(2, 9)
    first, second = random.sample(range(2, 30), 2)
    return _boxed(_surd(random, first, b, c)), _boxed(_surd(random, second, b, c))


def _surds_alike(random: Random) -> tuple[str, str]:
    a, b, c = random.randrange(2, 30), random.choice((2, 3, 5, 7, 11)), random.randrange(2, 9)
    return _boxed(_surd(random, a, b, c)), _boxed(_surd(random, a, b, c))


def _values(random: Random, values: list[int]) -> str:
    a, b = random.sample(values, 2)
    return random.choice(
        (
            _boxed(f"{a}, {b}"),
            _boxed(rf"\{{{a}, {b}\}}"),
            _boxed(rf"{a} \text{{ and }} {b}"),
            _boxed(rf"x = {a} \text{{ or }} x = {b}"),
            f"The solutions are x = {a} and x = {b}.",
            f"So $x = {a}$ or $x = {b}$.",
        )
    )


def _several(random: Random) -> tuple[str, str]:
    first, second, last = random.sample(range(-20, 40), 3)
    return _values(random, [first, last]), _values(random, [second, last])


def _several_alike(random: Random) -> tuple[str, str]:
    values = random.sample(range(-20, 40), 2)
    return _values(random, values), _values(random, values)


def _sentence(random: Random, value: int) -> str:
    return random.choice(
        (
            rf"The answer is: the largest $n$ is {value}.",
            rf"Final Answer: The largest \(n\) is {value}.",
            rf"Final answer: the value of $x$ is {value}",
            rf"The answer is $n$ = {value}.",
            rf"So the value of \(x\) is {value}.",
            rf"The minimum of $x^2+y$ is ${value}$.",
            rf"The result is $n = {value}$.",
            rf"\boxed{{{value}}}",
            rf"The answer is ${value}$.",
        )
    )


def _sentences(random: Random) -> tuple[str, str]:
    first, second = random.sample(range(2, 1000), 2)
    return _sentence(random, first), _sentence(random, second)


def _sentences_alike(random: Random) -> tuple[str, str]:
    value = random.randrange(2, 1000)
    return _sentence(random, value), _sentence(random, value)


def _point(random: Random, x: int, y: int) -> str:
    return _boxed(
        random.choice(
            (
                f"({x}, {y})",
                rf"\left({x},{y}\right)",
                f"(x,y)=({x},{y})",
                f"x={x}, y={y}",
                rf"y = {y} \text{{ and }} x = {x}",
                rf"\langle {x}, {y} \rangle",
                rf"\begin{{pmatrix}} {x} \\ {y} \end{{pmatrix}}",
                rf"\left[\begin{{array}}{{c}} {x} \\ {y} \end{{array}}\right]",
            )
        )
    )


def _points(random: Random) -> tuple[str, str]:
    x, y = random.sample(range(-9, 30), 2)
    return _point(random, x, y), _point(random, y, x)


def _points_alike(random: Random) -> tuple[str, str]:
    x, y = random.sample(range(-9, 30), 2)
    return _point(random, x, y), _point(random, x, y)


def _range(random: Random, low: int, high: int, closed: bool) -> str:
    if closed:
        forms = (
            f"[{low}, {high}]",
            rf"{low} \le x \le {high}",
            rf"\{{x \mid {low} \leq x \leq {high}\}}",
            rf"x \in \left[{low}, {high}\right]",
        )
    else:
        forms = (
            f"({low}, {high})",
            f"{low} < x < {high}",
            rf"\{{x : {low} < x < {high}\}}",
            rf"x \in ({low}, {high})",
        )
    return _boxed(random.choice(forms))


def _ranges(random: Random) -> tuple[str, str]:
    low, high = random.randrange(-20, 10), random.randrange(10, 40)
    closed = random.random() < 0.5
    if random.random() < 0.5:
        return _range(random, low, high, closed), _range(random, low, high, not closed)
    return _range(random, low, high, closed), _range(random, low, high + 1, closed)


def _ranges_alike(random: Random) -> tuple[str, str]:
    low, high, closed = random.randrange(-20, 10), random.randrange(10, 40), random.random() < 0.5
    return _range(random, low, high, closed), _range(random, low, high, closed)


def _named(random: Random, value: int) -> str:
    name = random.choice(
        ("AB", r"\angle ABC", r"\cos A", "f(2)", "|AB|", r"\overline{AB}", "[ABC]", "P(A)", "x_1",
         r"\text{Area}", r"m\angle A", "")
    )  # fmt: skip
    number = random.choice((r"\frac{%d}{2}", "%d/2", r"\dfrac{%d}2")) % value
    return _boxed(f"{name} = {number}" if name else number)


def _names(random: Random) -> tuple[str, str]:
    first, second = random.sample(range(1, 100), 2)
    return _named(random, first), _named(random, second)


def _names_alike(random: Random) -> tuple[str, str]:
    value = random.randrange(1, 100)
    return _named(random, value), _named(random, value)


def _degrees(random: Random) -> tuple[str, str]:
    first, second = random.sample((0, 30, 45, 60, 90), 2)
    name = random.choice(("cos", "sin"))
    return _boxed(rf"\{name} {first}^\circ"), _boxed(rf"\{name} {second}^{{\circ}}")


def _degrees_alike(random: Random) -> tuple[str, str]:
    angle, radians, value = random.choice(
        ((60, r"\frac{\pi}{3}", "1/2"), (0, "0", "1"), (90, r"\pi/2", "0"),
         (45, r"\frac{\pi}{4}", r"\frac{\sqrt2}{2}"), (120, r"\frac{2\pi}{3}", "-0.5"))
    )  # fmt: skip
    return _boxed(rf"\cos {angle}^\circ"), _boxed(
        random.choice((rf"\cos({angle}°)", rf"\cos\left({radians}\right)", value))
    )


def _repeating(random: Random) -> tuple[str, str]:
    first, second = random.sample(range(1, 9), 2)
    return _periodic(random, first), _periodic(random, second)


def _periodic(random: Random, digit: int) -> str:
    forms = (rf"0.\overline{{{digit}}}", rf"0.\dot{digit}", rf"0.\dot{{{digit}}}",
             rf"\frac{{{digit}}}{{9}}",
             f"0.{digit}{digit}{digit}...", rf"0.\bar{{{digit}}}")  # fmt: skip
    return _boxed(random.choice(forms))


def _repeating_alike(random: Random) -> tuple[str, str]:
    digit = random.randrange(1, 9)
    return _periodic(random, digit), _periodic(random, digit)


def _near(random: Random) -> tuple[str, str]:
    """Values that look alike."""
    n = random.randrange(2, 30)
    return random.choice(
        (
            (_boxed(r"\sin^{-1} x"), _boxed(r"\frac{1}{\sin x}")),
            (_boxed(f"|x-{n}|"), _boxed(f"x-{n}")),
            (_boxed(f"|x|+{n}"), _boxed(f"x+{n}")),
            (_boxed(f"{n}:15"), _boxed(f"{2 * n}:30")),
            (_boxed(rf"{n} \text{{ cm}}"), _boxed(rf"{n} \text{{ m}}")),
            (_boxed(rf"{n} \text{{ minutes}}"), _boxed(rf"{n} \text{{ hours}}")),
            (_boxed(rf"\text{{at least }} {n}"), _boxed(rf"\text{{at most }} {n}")),
            (_boxed(rf"{n} \pmod 7"), _boxed(rf"{n} \pmod 5")),
            (_boxed(f"{n}\\pi"), _boxed(f"{n}")),
            (_boxed(f"{n}π"), _boxed(f"{n}")),
            (_boxed(rf"\int_0^1 x^{n} dx"), _boxed(rf"\int_0^1 x^{n + 1} dx")),
            (_boxed(rf"\sum_{{k=1}}^{{{n}}} k"), _boxed(rf"\sum_{{k=1}}^{{{n + 1}}} k")),
            (_boxed(rf"\begin{{pmatrix}} 1 \\ {n} \end{{pmatrix}}"),
             _boxed(rf"\begin{{pmatrix}} {n} \\ 1 \end{{pmatrix}}")),
            (_boxed(rf"\begin{{vmatrix}} 1 & 2 \\ {n} & 4 \end{{vmatrix}}"),
             _boxed(rf"\begin{{pmatrix}} 1 & 2 \\ {n} & 4 \end{{pmatrix}}")),
            (_boxed(rf"\mathbb{{R}} \setminus \{{{n}\}}"), _boxed(r"\mathbb{R}")),
            (_boxed(f"y = {n}x + 1"), _boxed(f"y = {n}x - 1")),
            (_boxed(rf"\lfloor {n}.5 \rfloor"), _boxed(rf"\lceil {n}.5 \rceil")),
        )
    )  # fmt: skip


def _one_value(random: Random) -> tuple[str, str]:
    """Spellings of one value that share little."""
    n = random.randrange(2, 30)
    return random.choice(
        (
            (rf"\{{x \mid x>{n}\}}", rf"({n},\infty)"), (rf"\{{x : x>{n}\}}", f"x > {n}"),
            (rf"\mathbb{{R}}\setminus\{{{n}\}}", rf"(-\infty,{n})\cup({n},\infty)"),
            (rf"x \neq {n}", rf"\mathbb{{R}} \setminus \{{{n}\}}"),
            (rf"{n}, {n + 1}, \text{{ and }} {n + 2}", f"{n},{n + 1},{n + 2}"),
            (rf"{n}\pi \approx {3.14159 * n:.2f}", rf"{n} \pi"),
            (rf"{n},\! 111", f"{n}111"), (rf"{n}{{,}}111", f"{n}111"), (rf"{n}\,111", f"{n},111"),
            (rf"{n}{{,}}5", f"{n}.5"), (rf"\lfloor {n}.7 \rfloor", str(n)),
            (rf"\lvert -{n} \rvert", str(n)), (rf"|{-n}|", str(n)),
            (rf"\sin^{{-1}} \frac{{x}}{{{n}}}", rf"\arcsin\left(\frac{{x}}{{{n}}}\right)"),
            (rf"{n} \text{{ cm}}^2", rf"{n}\text{{ square centimeters}}"),
            (rf"{n}\sqrt{{13}}", f"{n}√13"), (rf"x = {n}", rf"x \approx {n}"),
            (rf"y = {n}x + 1", rf"{n}x - y + 1 = 0"), (rf"\text{{ {n} }}", str(n)),
            (rf"f(x) = {n}x", rf"{n}x \text{{ for all real }} x"), (f"{n}x²", f"{n}x^2"),
            (rf"\frac{n % 9 + 1}{{x}}", rf"\frac{{{n % 9 + 1}}}x"),
            (f"{n}^{{1/2}}", rf"\sqrt{{{n}}}"),
            (rf"\log_{{{n}}} {n * n}", "2"), (r"\text{No solution}", r"\text{no solutions}"),
            (rf"\int_0^{n} x\,dx", rf"\int_0^{n} x dx"),
            (f"P(A \\cap B) = 1/{n}", rf"\frac1{{{n}}}"),
        )
    )  # fmt: skip


def _one_value_boxed(random: Random) -> tuple[str, str]:
    first, second = _one_value(random)
    return _boxed(first), _boxed(second)


def _row(name: str, differ: Draw, alike: Draw | None = None) -> Family:
    return Family(name=name, kind="math", differ=differ, alike=alike)


FAMILIES = (
    _row("anagrams", _anagrams, _anagrams_alike),
    _row("codes", _codes),
    _row("implications", _implications),
    _row("negations", _negations),
    _row("connectives", _connectives, _connectives_alike),
    _row("numeric equations", _equations),
    _row("labelled numbers", _labelled),
    _row("polynomials", _polynomials, _polynomials_alike),
    _row("surds", _surds, _surds_alike),
    _row("several values", _several, _several_alike),
    _row("formulas in sentences", _sentences, _sentences_alike),
    _row("points", _points, _points_alike),
    _row("intervals", _ranges, _ranges_alike),
    _row("named values", _names, _names_alike),
    _row("degrees", _degrees, _degrees_alike),
    _row("repeating decimals", _repeating, _repeating_alike),
    _row("values that look alike", _near, _one_value_boxed),
)
