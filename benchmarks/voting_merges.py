"""How many answers the vote confuses: false and missed merges of generated pairs.

    python -m benchmarks.voting_merges [--pairs 1000] [--seed 0] [--show 0] [FAMILY ...]

A row for each family of ``tests/voting/pairs``: of a thousand pairs of different answers, how
many the vote counts as one; of a thousand spellings of one answer, how many it counts as two.
The same seed draws the same pairs.
"""

import argparse
from collections.abc import Iterable
from random import Random

from tests.voting.pairs import ALL, Family


def false_merges(family: Family, *, pairs: int, seed: int) -> list[tuple[str, str]]:
    """The pairs of different answers that merge."""
    random = Random(f"{family.name} {seed}")
    drawn = (family.differ(random) for _ in range(pairs))
    return [pair for pair in drawn if family.merges(*pair)]


def missed_merges(family: Family, *, pairs: int, seed: int) -> list[tuple[str, str]] | None:
    """The pairs of spellings that do not merge; None where the family has none."""
    if family.alike is None:
        return None
    random = Random(f"{family.name} {seed}")
    drawn = (family.alike(random) for _ in range(pairs))
    return [pair for pair in drawn if not family.merges(*pair)]


def per_thousand(found: Iterable[object] | None, pairs: int) -> str:
    """A count as a rate; a dash where nothing was drawn."""
    return "-" if found is None else f"{1000 * len(list(found)) / pairs:.1f}"


def main() -> None:
    """Print one row per family, and the first confused pairs where they are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="part of a family's name")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0, help="confused pairs to print of each sort")
    asked = parser.parse_args()
    chosen = [f for f in ALL if not asked.families or any(n in f.name for n in asked.families)]
    width = max((len(family.name) for family in chosen), default=0) + 2
    print(f"per 1,000 pairs{'':<{max(0, width - 3)}}{'false merges':>14}{'missed merges':>15}")
    for family in chosen:
        merged = false_merges(family, pairs=asked.pairs, seed=asked.seed)
        split = missed_merges(family, pairs=asked.pairs, seed=asked.seed)
        rates = f"{per_thousand(merged, asked.pairs):>14}{per_thousand(split, asked.pairs):>15}"
        print(f"{family.name:<{width}}{family.kind:<10}{rates}")
        for pair in (*merged[: asked.show], *(split or ())[: asked.show]):
            print(f"    {pair[0]!r}  {pair[1]!r}")


if __name__ == "__main__":
    main()
