"""Answers, one JSON line at a time, whether two LaTeX expressions are equal.

Started by ``second_opinion`` as a script of its own; it may be killed at any moment.
"""

import json
import logging
import resource
import sys

MEMORY_BYTES = 2 * 1024**3


def main() -> None:
    """Load math-verify, say so, then answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    from math_verify import parse, verify

    # The first parse builds the grammar's tables.
    parse("$\\int_0^1 x dx$", parsing_timeout=None)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        first, second = (parse(f"${text}$", parsing_timeout=None) for text in json.loads(line))
        same = bool(first and second and verify(first, second, timeout_seconds=None))
        sys.stdout.write("true\n" if same else "false\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
