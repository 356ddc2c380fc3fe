"""Programs that do something else where a reader of another language would see a comment."""

from random import Random

from tests.voting.pairs.family import Family

_NAMES = ("n", "count", "left", "total", "xs", "node")
_HOSTS = ("a.example", "b.example", "example.com/x", "example.com/y", "localhost:80")


def _fenced(tag: str, source: str) -> str:
    return f"```{tag}\n{source}\n```"


def _two(random: Random, low: int = 0, high: int = 99) -> tuple[int, int]:
    first, second = random.sample(range(low, high), 2)
    return first, second


def _behind_signs(random: Random) -> tuple[str, str]:
    """A difference behind ``--``, ``#``, ``//`` or ``/*`` that opens no comment there."""
    name, (first, second) = random.choice(_NAMES), _two(random)
    a, b = random.sample(_HOSTS, 2)
    tag, source, one, two = random.choice(
        (
            ("c", f"{name}--; s += %s;", first, second),
            ("java", f"while ({name}-- > 0) s += %s;", first, second),
            ("", f"{name}--; s += %s;", first, second),
            ("c", f"#define N %s\nint {name}[N];", first, second),
            ("", f"#define N %s\nint {name}[N];", first, second),
            ("js", 'fetch("https://%s")', a, b),
            ("ts", "const url = `https://%s`;", a, b),
            ("go", f'{name} := "http://%s"', a, b),
            ("", 'fetch("https://%s")', a, b),
            ("python", f"{name} = {name} // %s", first + 1, second + 1),
            ("python", f"print {name} // %s", first + 1, second + 1),
            ("python", f'{name} = "# %s"', first, second),
            ("ruby", f'puts "#{{{name}}} %s"', first, second),
            ("bash", f"echo ${{#{name}}} %s", first, second),
            ("sql", "SELECT '-- %s'", first, second),
            ("sql", f"SELECT {name}--%s", first, second),
            ("c", f'char *{name} = "/* %s */";', first, second),
            ("cpp", f"int {name} = 'a' /* x */ + %s;", first, second),
            ("haskell", f"{name} --> %s", first, second),
            ("css", f"{name} {{ background: url(//%s) }}", a, b),
            ("", f"{name} /* 1 */ %s", first, second),
        )
    )
    return _fenced(tag, source % one), _fenced(tag, source % two)


def _blanks(random: Random) -> tuple[str, str]:
    """Blanks and line ends that mean something."""
    name, other = random.sample(_NAMES, 2)
    tag, first, second = random.choice(
        (
            ("c", f"{name} - -{other};", f"{name}--{other};"),
            ("java", f's = "{name} {other}";', f's = "{name}{other}";'),
            ("js", f"return\n{name}", f"return {name}"),
            ("bash", f"rm {name} -{other}", f"rm {name}-{other}"),
            ("yaml", f"{name}:\n  a: 1\n{other}: 2", f"{name}:\n  a: 1\n  {other}: 2"),
            ("python", f"if {name}:\n    f()\ng({other})", f"if {name}:\n    f()\n    g({other})"),
            ("", f"if {name} then\n  f\n{other}", f"if {name} then\n  f\n  {other}"),
        )
    )
    return _fenced(tag, first), _fenced(tag, second)


def _printed(random: Random) -> tuple[str, str]:
    """Programs that read their input, and print something else of it."""
    first, second = _two(random, 2)
    body = "n = int(input())\ndef f(x):\n    return x * x\n"
    form = random.choice(("print(f(n) + {})", "print(f({}))", "for i in range({}): print(f(i))"))
    return _fenced("python", body + form.format(first)), _fenced(
        "python", body + form.format(second)
    )


def _layouts(random: Random) -> tuple[str, str]:
    """One program with other comments and another layout."""
    name, number = random.choice(_NAMES), random.randrange(100)
    tag, first, second = random.choice(
        (
            ("c", f"int f() {{ return {number}; }}", f"int f()\n{{\n  return {number}; // so\n}}"),
            ("js", f"let {name} = {number} // so", f"/* as asked */ let {name}={number}"),
            ("sql", f"SELECT {name}\n  FROM t -- all", f"SELECT {name} FROM t"),
            ("bash", f"echo {name} # so\n\nls", f"echo {name}\nls"),
            ("go", f"{name} := {number} // so\nf()", f"{name} := {number}\n\n\tf()"),
            (
                "python",
                f"def f(x):\n    return x + {number}  # so",
                f"def g(y): return y + {number}",
            ),
        )
    )
    return _fenced(tag, first), random.choice(("Here it is:\n", "")) + _fenced(tag, second)


def _corrected(random: Random) -> tuple[str, str]:
    """The program alone, and behind a draft, or before its tests."""
    number, other = _two(random)
    program = f"def f(x):\n    return x + {number}"
    draft = f"def f(x):\n    y = x\n    y += {other}\n    return y"
    cases = "\n".join(f"    assert f({i}) == {i + number}" for i in range(8))
    tests = _fenced("python", f"def test_f():\n{cases}")
    item = program.replace("\n", "\n  ")
    around = random.choice(
        (
            f"{_fenced('python', draft)}\nThat is wrong. Corrected:\n{_fenced('python', program)}",
            f"{_fenced('python', program)}\nTests:\n{tests}",
            f"- ```python\n  {item}\n  ```",
        )
    )
    return _fenced("python", program), around


FAMILIES = (
    Family(name="signs of comments", kind="code", differ=_behind_signs, alike=_layouts),
    Family(name="blanks that count", kind="code", differ=_blanks),
    Family(name="programs that print", kind="code", differ=_printed, alike=_corrected),
)
