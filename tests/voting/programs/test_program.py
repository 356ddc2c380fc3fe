"""When two Python programs are the same but for their names."""

import pytest

from avengers_graph.voting import Answer, equivalent


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


STDIN = "n = int(input())\ndef f(x):\n    return x * 2\n{}\n"


def test_what_a_program_prints_of_its_input_is_the_program() -> None:
    assert not same(STDIN.format("print(f(n))"), STDIN.format("print(f(n) + 1)"))
    guarded = "if __name__ == '__main__':\n    print(f(n))"
    assert same(STDIN.format("print(f(n))"), STDIN.format(guarded))
    assert same("def f(x): return x\nprint(f(1))", "def f(x): return x\nprint(f(2))")


def test_tests_beside_a_function_do_not_matter() -> None:
    function = "def add(a, b): return a + b\n"
    tests = "def test_add():\n    assert add(1, 2) == 3\n"
    cases = "class TestAdd(TestCase):\n    def test_it(self): self.assertEqual(add(1, 2), 3)"
    assert same(function, function + tests)
    assert same(function, function + cases)
    assert not same(tests, tests.replace("3", "4"))
