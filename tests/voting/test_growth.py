"""One short piece repeated without end: every kind reads it in time that grows with the length.

A search that can split such a run in two ways takes quadratic time: seconds where the limit is
a fraction of one. Each text is tried at parts of its length first, so that a failure is short.
"""

import time
from collections.abc import Callable

import pytest

from avengers_graph.voting import KINDS, extract_answer, infer_kind, vote
from avengers_graph.voting.kinds.code import MAX_LENGTH
from avengers_graph.voting.numbers.numerals import whole_numeral
from avengers_graph.voting.programs.code_run import examples_in
from avengers_graph.voting.structured.written_json import read_json
from avengers_graph.voting.texts.spans import WINDOW
from tests.voting.test_hostile import LIMIT_SECONDS

UNITS = (
    *(" ", "\n", "\t", "\r", " \n", " .", ".", " ,", "a,", "a ", " and ", "a", "1 ", "1,", "11,"),
    *("1/", "\n```", "`", "**", "**a", "$", "$a$", "\\boxed{", "\\text{", "\\frac{1}{", "\\", "{"),
    *("[", "[[a]] ", "[$]", "(", "-", "- a\n", '"', "'", "|", "=", "/*", "not ", "A. ", "½", "_"),
    *("x=1;", "x\n", "answer is ", "0/0/2020 "),
)
FRAMES = (
    ("", ""),
    ("one", "two"),
    ("The answer is one", "two"),
    ("#### 1", "x"),
    ("```", "x"),
    ("```json\n", "x"),
    ("```python\ndef f(x):\n", "x\n```"),
    ("```\n/*", "x\n```"),
    ("def f(x):\n return x\n", "x" + "\n)" * 45),
    ("\\boxed{1", "2}"),
    ("- a", "b\n- c"),
    ("[[a]", "[b]]"),
    ('{"a": [', "1]}"),
    ("-", "yes"),
)
ASKED = (
    ("", ""),
    ("Name the", "x"),
    ("What is 1+", "x"),
    ("class a", "x"),
    ("```python", "x"),
    ("Answer with one of:", "x"),
    ("A) a\nB) b", "x"),
    (">>> f(", "x) == 1"),
)


def taken(read: Callable[[str], object], text: str) -> float:
    """Seconds of CPU time of one reading."""
    start = time.thread_time()
    read(text)
    return time.thread_time() - start


def grown(read: Callable[[str], object], before: str, unit: str, after: str, size: int) -> None:
    """Read the text at parts of its size and at its size, each within the limit."""
    for length in (size // 16, size // 4, size):
        text = before + unit * (length // len(unit)) + after
        seconds = taken(read, text)
        if seconds >= LIMIT_SECONDS:
            # A busy machine stretches CPU time, too; nothing of the text with a blank is cached.
            seconds = taken(read, f"{text} ")
        assert seconds < LIMIT_SECONDS, (before, unit, after, length)


@pytest.mark.parametrize("kind", ["auto", *KINDS])
def test_answers(kind: str) -> None:
    # Longer programs are not parsed, longer texts are clipped.
    size = MAX_LENGTH - 200 if kind == "code" else 2 * WINDOW - 200
    for before, after in FRAMES:
        for unit in UNITS:
            grown(lambda text: extract_answer(text, kind=kind), before, unit, after, size)


def test_texts_beyond_the_window() -> None:
    for unit in UNITS:
        grown(lambda text: vote([text, "7"]), "The answer is 1", unit, "2", 100_000)


@pytest.mark.parametrize("read", [infer_kind, examples_in])
def test_questions(read: Callable[[str], object]) -> None:
    for before, after in ASKED:
        for unit in UNITS:
            grown(read, before, unit, after, 20_000)


def test_units_of_a_number() -> None:
    """Letters without spaces were tried as every number of words."""
    grown(whole_numeral, "5 ", "a", "!", 390)


@pytest.mark.parametrize("depth", [900, 200_000])
@pytest.mark.parametrize("pair", ["[]", "{}", "()", ('{"a":', "}"), "'!", "!!", "-1", "^1"])
def test_nothing_is_too_deep(pair: tuple[str, str], depth: int) -> None:
    opening, closing = pair
    for body in (
        opening * depth,
        opening * depth + "1" + closing * depth,
        "x" + opening * 300 + "1",
    ):
        for text in (body, f"\\boxed{{{body}}}", f"```json\n{body}\n```", f"```python\n{body}```"):
            for kind in ("auto", *KINDS):
                verdict = vote([text, text + " ", text + closing], kind=kind, merge=True)
                assert verdict.winner in (None, 0, 1, 2)
    assert read_json(opening * depth) is None


def test_calls_with_arguments_too_deep_abstain() -> None:
    arguments: dict[str, object] = {}
    for _ in range(5_000):
        arguments = {"a": arguments}
    deep = {"text": "", "tool_calls": [{"name": "f", "args": arguments}]}
    assert vote([deep, deep], kind="tool_calls").answer is None


def test_how_deep_the_caller_stands_does_not_change_an_answer() -> None:
    """A tree whose depth only its length bounds was read from a shallow stack alone."""

    def value(levels: int, factorials: int) -> str | None:
        if levels:
            return value(levels - 1, factorials)
        return vote([f"\\boxed{{1{factorials * '!'}}}"], kind="math").answer

    # Not the same expression twice: what was read is kept.
    assert (value(750, 300) == "1") == (value(0, 301) == "1")
