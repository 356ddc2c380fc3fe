"""Generated pairs of answers: values that differ must not merge, spellings of one value must.

Each module of this package holds the generators of one family of answers and a tuple
``FAMILIES`` of rows; ``ALL`` is all of them. ``test_pairs.py`` and the benchmark
``benchmarks/voting_merges.py`` walk the same rows.
"""

from importlib import import_module
from pkgutil import iter_modules

from tests.voting.pairs.family import Family

ALL: tuple[Family, ...] = tuple(
    family
    for module in sorted(module.name for module in iter_modules(__path__))
    if module != "family"
    for family in import_module(f"{__name__}.{module}").FAMILIES
)

__all__ = ["ALL", "Family"]
