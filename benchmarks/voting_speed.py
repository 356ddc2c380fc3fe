"""How long a vote over 64 samples takes, warm.

    python benchmarks/voting_speed.py

Prints the median and the worst of repeated votes. Every repetition has texts of its own, so
that no cache answers: targets are 2 ms for numbers and choices, 150 ms for LaTeX.
"""

import random
import statistics
import time
from collections.abc import Callable

from avengers_graph.voting import vote

SAMPLES = 64
REPEATS = 40
CHOICE_QUESTION = "Which one?\nA. a red apple\nB. a green pear\nC. a plum\nD. none of these"


def numbers(rng: random.Random, turn: int) -> list[str]:
    """Chains of thought of a few hundred characters that end in a box or a phrase."""
    endings = ("\\boxed{{{n}}}.", "The answer is {n}.", "\n#### {n}", "**{n}**")
    return [
        f"Turn {turn}.{i}: first we add {rng.randint(1, 99)} and {rng.randint(1, 99)}. " * 6
        + rng.choice(endings).format(n=rng.choice([18, 18, 18, 17, 20.5]))
        for i in range(SAMPLES)
    ]


def choices(rng: random.Random, turn: int) -> list[str]:
    """Reasoned choices, named by letter or by text."""
    endings = ("Answer: ({c})", "**{c}.**", "\\boxed{{{c}}}", "the correct option is {c}")
    return [
        f"Turn {turn}.{i}: looking at each option in turn, most fail. " * 5
        + rng.choice(endings).format(c=rng.choice("AABCD"))
        for i in range(SAMPLES)
    ]


def bare_numbers(rng: random.Random, turn: int) -> list[str]:
    """Numbers and nothing else."""
    return [str(rng.randint(turn, turn + 5)) for _ in range(SAMPLES)]


def latex_few(rng: random.Random, turn: int) -> list[str]:
    """LaTeX with a handful of different values in different spellings."""
    a = turn + 2
    forms = (
        f"\\frac{{\\sqrt{{{a}}}}}{{2}}",
        f"\\sqrt{{\\frac{{{a}}}{{4}}}}",
        f"\\frac12\\sqrt{{{a}}}",
        f"\\frac{{{a}x+1}}{{3}}",
        f"{a}x/3+\\frac{{1}}{{3}}",
    )
    return [f"Thus \\boxed{{{rng.choice(forms)}}}." for _ in range(SAMPLES)]


def latex_all_different(rng: random.Random, turn: int) -> list[str]:
    """The worst case: 64 expressions, no two equal, so every pair is compared."""
    return [
        f"Thus \\boxed{{\\frac{{{turn + 2}x^2+\\sqrt{{{i + 2}}}}}{{{i % 7 + 2}}}}}."
        for i in range(SAMPLES)
    ]


def main() -> None:
    """Print one row per sort of sample."""
    rng = random.Random(0)
    cases: list[tuple[str, Callable[[random.Random, int], list[str]], str, str | None]] = [
        ("numbers, bare", bare_numbers, "number", None),
        ("numbers, reasoned", numbers, "number", "How many are there?"),
        ("choices, reasoned", choices, "choice", CHOICE_QUESTION),
        ("numbers, kind auto", numbers, "auto", "How many are there?"),
        ("LaTeX, few values", latex_few, "math", None),
        ("LaTeX, all different", latex_all_different, "math", None),
    ]
    print(f"{'64 samples':<24}{'median ms':>10}{'worst ms':>10}")
    for name, make, kind, question in cases:
        times = []
        for turn in range(-3, REPEATS):
            samples = make(rng, turn + 1000)
            start = time.perf_counter()
            vote(samples, question=question, kind=kind)
            if turn >= 0:
                times.append(1000 * (time.perf_counter() - start))
        print(f"{name:<24}{statistics.median(times):>10.2f}{max(times):>10.2f}")


if __name__ == "__main__":
    main()
