"""A small, bounded reader of mathematics in LaTeX or plain notation.

Expressions are read into trees of bounded size and compared by value: exactly over the
rationals, numerically at fixed points where there are roots, functions or symbols
(equal polynomials agree everywhere, different ones almost nowhere: Schwartz 1980, Zippel
1979). Nothing is simplified symbolically and nothing is evaluated as code, so the time is
bounded by the size of the text. What it does not know, it does not read: such texts
compare by their letters.
"""

from avengers_graph.voting.mathematics.compare import (
    Reading,
    read_expression,
    relates_symbols,
    same_computation,
    same_reading,
)

__all__ = ["Reading", "read_expression", "relates_symbols", "same_computation", "same_reading"]
