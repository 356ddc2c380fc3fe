"""Code in texts: which block is the program, and when two programs are the same."""

import pytest

from avengers_graph.voting import extract_answer, vote


def chosen(text: str, **ways: str) -> str | None:
    answer = extract_answer(text, kind="code", **ways)
    return None if answer is None else answer.text


def same(first: str, second: str, question: str | None = None) -> bool:
    return len(vote([first, second], kind="code", question=question).tally) == 1


def fenced(tag: str, source: str) -> str:
    return f"```{tag}\n{source}\n```"


ADD = "```python\ndef add(a: int, b: int) -> int:\n    '''Add.'''\n    return a + b  # sum\n```"
PLUS = "Here:\n```python\ndef plus(x, y):\n    return x + y\n\nprint(plus(1, 2))\n```\nDone."
MINUS = "```python\ndef add(a, b):\n    return a - b\n```"


def test_code_is_the_same_whatever_its_names() -> None:
    assert same(ADD, PLUS)
    assert not same(ADD, MINUS)


def test_programs_are_grouped_by_what_they_do() -> None:
    question = "Write a function add.\n>>> add(1, 2)\n3\n>>> add(0, 0)\n0"
    other = "```python\ndef add(a, b):\n    return sum([a, b])\n```"
    endless = "```python\ndef add(a, b):\n    while True: pass\n```"
    greedy = "```python\ndef add(a, b):\n    open('/tmp/owned', 'w'); return 3\n```"
    verdict = vote([ADD, other, MINUS, greedy], question=question, kind="code", run_code=True)
    assert verdict.tally[0]["samples"] == [0, 1]
    assert len(verdict.tally) == 3
    without = vote([ADD, other, MINUS], question=question, kind="code")
    assert len(without.tally) == 3
    assert vote([endless, ADD, other], question=question, kind="code", run_code=True).winner == 1


def test_prose_behind_a_program_is_no_part_of_it() -> None:
    program = "def f(x):\n    return x + 1"
    answer = extract_answer(f"{program}\n\nIt adds one (to\nthe number.", kind="code")
    assert answer is not None
    assert answer.text == program


DRAFT = fenced("python", "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return 0")
MENDED = "def f(xs):\n    return sum(xs)"
TESTS = fenced("python", "def test_f():\n" + "    assert f([1]) == 1\n" * 9)


@pytest.mark.parametrize(
    "text",
    [
        f"{DRAFT}\nThat returns 0. Corrected:\n{fenced('python', MENDED)}",
        f"{fenced('python', MENDED)}\nTests:\n{TESTS}",
        f"{fenced('python', MENDED)}\nUse:\n{fenced('python', 'print(f([1, 2]))' * 9)}",
        f"{fenced('bash', 'pip install ' + 'x' * 99)}\n{fenced('python', MENDED)}",
        "1. The function:\n   ```python\n   def f(xs):\n       return sum(xs)\n   ```\n2. Done.",
        f"~~~python\n{MENDED}\n~~~",
        f"```python\n{MENDED}",
        f"[PYTHON]\n{MENDED}\n[/PYTHON]",
    ],
)
def test_the_program_of_a_text(text: str) -> None:
    assert chosen(text) == MENDED


def test_a_program_that_defines_nothing_is_not_what_it_prints() -> None:
    program = "n = int(input())\nfor i in range(n):\n    print(i)"
    assert chosen(f"{fenced('python', program)}\nOutput:\n{fenced('', '0')}") == program
    better = program.replace("print(i)", "print(i + 1)")
    assert chosen(f"{fenced('python', program)}\nNo:\n{fenced('python', better)}") == better


def test_a_block_that_is_cut_off_is_no_program() -> None:
    text = f"```python\n{MENDED}"
    cut = {"content": text, "response_metadata": {"finish_reason": "length"}}
    assert vote([cut], kind="code").answer is None


@pytest.mark.parametrize(
    ("tag", "first", "second"),
    [
        ("js", "function f(x) { return x } // same", "function f(x)\n{ return x }"),
        ("c", "int f() { return 1; } // one", "int f()\n{\n  /* one */ return 1;\n}"),
        ("cpp", "#define N 5 // five\nint x;", "#define N 5\n\nint x;"),
        ("sql", "SELECT a -- the first\nFROM t", "SELECT a\n  FROM t"),
        ("bash", "echo a # says a\n\nls", "echo a\nls"),
        ("haskell", "f x = y -- why\n  where y = x", "f x = y\n    where y = x"),
        ("", "x <- 1  \n\ny <- 2", "x <- 1\ny <- 2"),
    ],
)
def test_layout_and_comments_do_not_matter(tag: str, first: str, second: str) -> None:
    assert same(fenced(tag, first), fenced(tag, second))


@pytest.mark.parametrize(
    ("tag", "first", "second"),
    [
        ("c", "n--; s += 1;", "n--; s += 9;"),
        ("c", "a - -b", "a--b"),
        ("c", "#define N 5\nint x;", "#define N 6\nint x;"),
        ("c", 'puts("/* a */");', 'puts("/* b */");'),
        ("js", 'fetch("https://a")', 'fetch("https://b")'),
        ("js", "return\nx", "return x"),
        ("js", "f(`a // b`)", "f(`a // c`)"),
        ("java", 's = "a b";', 's = "ab";'),
        ("python", "print 7 // 2", "print 7 // 3"),
        ("bash", "echo a -b", "echo a-b"),
        ("bash", "echo $#", "echo $# $1"),
        ("ruby", '"a#{x}"', '"a#{y}"'),
        ("haskell", "f x --> y", "f x --> z"),
        ("yaml", "a:\n  b: 1\nc: 2", "a:\n  b: 1\n  c: 2"),
        ("", "n--; x = 1", "n--; x = 2"),
        ("", "ls src/*.c; rm a;", "ls src/*.c; rm b;"),
        ("", "a // b", "a // c"),
        ("", "#define N 5", "#define N 6"),
        ("", "#define N 5\nf(N)", "#define N 6\nf(N)"),
    ],
)
def test_programs_that_differ(tag: str, first: str, second: str) -> None:
    assert not same(fenced(tag, first), fenced(tag, second))


def test_the_question_tells_the_language_that_a_fence_does_not() -> None:
    first, second = fenced("", "int f(); // one"), fenced("", "int f();")
    assert same(first, second, "Write a C++ function.")
    assert not same(first, second, "Write a function.")
    assert not same(first, second, "Is it C++ or Haskell?")
