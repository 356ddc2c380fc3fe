"""What programs do: candidates run on the examples of the question, in a limited process.

Off unless asked for. Each program runs in its own interpreter, isolated (``-I``), with an
empty environment and a temporary working directory, under limits of CPU time, memory,
file size and open files, and an audit hook that refuses to write files, start processes
or open sockets. This contains accidents and casual mischief; it is no sandbox against a
determined attacker, so run untrusted models' code in a container.
"""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Hashable
from pathlib import Path

SECONDS = 2
"""CPU time of one program over all examples."""
WALL_SECONDS = 5.0
MEMORY_BYTES = 512 * 1024**2
MAX_EXAMPLES = 20
MAX_OUTPUT = 100_000
"""Characters of output read back."""

_DOCTEST = re.compile(r"^[^\S\n]*+>>> (?P<call>[^\n]{1,500})$", re.MULTILINE)
_ASSERTED = re.compile(r"assert\s++(?P<call>\w++\([^\n]{0,400}?\))\s*+==")
_SHOWN = re.compile(
    r"(?<![\w.])(?P<call>[A-Za-z_]\w*\([^\n`]{0,300}?\))\s*+"
    r"(?:==|->|→|=>|#=>|returns?\b|should return\b)"
)

_RUNNER = Path(__file__).with_name("code_runner.py")


def examples_in(question: str) -> tuple[str, ...]:
    """Calls that the question shows, each a literal Python call, at most ``MAX_EXAMPLES``."""
    found: dict[str, None] = {}
    for pattern in (_DOCTEST, _ASSERTED, _SHOWN):
        for match in pattern.finditer(question[:20_000]):
            if _is_call(match["call"].strip()):
                found.setdefault(match["call"].strip())
    return tuple(found)[:MAX_EXAMPLES]


def _is_call(source: str) -> bool:
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return isinstance(tree.body, ast.Call) and isinstance(tree.body.func, ast.Name)


def behaviour(source: str, examples: tuple[str, ...]) -> Hashable | None:
    """What a program returns on the examples; None when it does not even load.

    Args:
        source: Python source.
        examples: calls to make, from ``examples_in``.
    """
    request = json.dumps({"source": source, "calls": examples, "memory": MEMORY_BYTES,
                          "seconds": SECONDS})  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="avengers-code-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(request.encode(), timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            output = b""
        finally:
            _stop(process)
    try:
        results = json.loads(output[:MAX_OUTPUT])
    except ValueError:
        return None
    return tuple(str(result) for result in results) if isinstance(results, list) else None


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the program and whatever it started: the group is its own session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
