"""LaTeX commands that say how their content looks, not what it is."""

import re

_WORDS = "text|textbf|textit|textrm|textsf|texttt|textnormal|mbox|hbox"
_STYLES = r"mathrm|mathbf|mathit|mathsf|boldsymbol|bm|rm|bf|operatorname\*?"

DRESSED = re.compile(rf"\\(?:{_WORDS}|{_STYLES})\s?\{{([^{{}}]*)\}}")
"""Any of them around its content, group 1: ``\\text{Paris}``, ``\\mathbf{B}``."""

# Inside a formula the two differ: \\text{m} is a unit, \\mathrm{m} and \\vec{m} are the symbol m.
WORDS = re.compile(rf"\\(?:{_WORDS})\s?\{{([^{{}}]*)\}}")
"""Words within a formula."""
SYMBOLS = re.compile(rf"\\(?:{_STYLES}|vec|hat)\s?\{{([^{{}}]*)\}}")
"""A symbol or the name of a function in another face."""
