"""When two Python programs are the same but for their names."""

import pytest

from avengers_graph.voting import Answer, equivalent, extract_answer


def same(a: str, b: str) -> bool:
    return equivalent(Answer(a, "code"), Answer(b, "code"))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            "def f(xs, key):\n    return sorted(xs, key=key)",
            "def f(xs, k):\n    return sorted(xs, key=k)",
        ),
        (
            "async def f(x) -> int:\n    '''Doc.'''\n    return x",
            "async def g(y):\n    return y",
        ),
        (
            "n = 0\ndef f():\n    global n\n    n += 1",
            "m = 0\ndef f():\n    global m\n    m += 1",
        ),
        (
            "def f():\n  x = 0\n  def g():\n    nonlocal x\n    x += 1\n  return g",
            "def f():\n  y = 0\n  def h():\n    nonlocal y\n    y += 1\n  return h",
        ),
        (
            "import numpy as np\ndef f(x): return np.sum(x)",
            "import numpy as n\ndef f(x): return n.sum(x)",
        ),
        (
            "def f(a, b): return a\ndef g(x): return f(a=x, b=1)",
            "def h(c, d): return c\ndef g(x): return h(c=x, d=1)",
        ),
        (
            "def g(x):\n    f = lambda k: k\n    return f(k=x)",
            "def g(x):\n    h = lambda j: j\n    return h(j=x)",
        ),
        (
            "class A:\n    def __init__(self, k): self.x = k\ndef f(): return A(k=1)",
            "class B:\n    def __init__(self, j): self.x = j\ndef f(): return B(j=1)",
        ),
        (
            "class A:\n    def go(self, k): return self.go(k=k)",
            "class A:\n    def go(self, j): return self.go(j=j)",
        ),
        (
            "def f(x):\n  match x:\n    case [a, *b]: return b\n    case {'k': c, **d}: return d",
            "def f(y):\n  match y:\n    case [p, *q]: return q\n    case {'k': r, **s}: return s",
        ),
    ],
)
def test_names_do_not_matter(a: str, b: str) -> None:
    assert same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            "def f(xs, reverse):\n    return sorted(xs, reverse=reverse)",
            "def f(xs, key):\n    return sorted(xs, key=key)",
        ),
        (
            "def f(a, b): return a\ndef g(x): return f(a=x, b=1)",
            "def f(a, b): return a\ndef g(x): return f(b=x, a=1)",
        ),
        (
            "class A:\n    def go(self): return self.on()\n    def on(self): return 1",
            "class A:\n    def go(self): return self.on()\n    def off(self): return 1",
        ),
        (
            "@dataclass\nclass P:\n    x: int\n    y: int",
            "@dataclass\nclass P:\n    x: int",
        ),
        (
            "import numpy as np\ndef f(x): return np.sum(x)",
            "import torch as np\ndef f(x): return np.sum(x)",
        ),
    ],
)
def test_names_of_others_do(a: str, b: str) -> None:
    assert not same(a, b)


def test_comments_of_other_languages_go_and_an_unclosed_one_stays() -> None:
    assert same("int f() { return 1; } // one", "int f() { /* one */ return 1; }")
    assert not same("ls src/*.c; rm a;", "ls src/*.c; rm b;")


def test_prose_behind_a_program_is_no_part_of_it() -> None:
    program = "def f(x):\n    return x + 1"
    answer = extract_answer(f"{program}\n\nIt adds one (to\nthe number.", kind="code")
    assert answer is not None
    assert answer.text == program
