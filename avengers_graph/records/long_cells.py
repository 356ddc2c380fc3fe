"""CSV cells as long as the answers of a model."""

import csv

LONGEST_CELL = 1 << 27
"""Characters of one cell; responses outgrow the csv module's default of 131,072."""


def allow_long_cells() -> None:
    """Raise the csv module's limit, where it is lower, to ``LONGEST_CELL``, and leave it there.

    It is one limit for the process: set back by one reader, it would end another that still
    reads.
    """
    if csv.field_size_limit() < LONGEST_CELL:
        csv.field_size_limit(LONGEST_CELL)
