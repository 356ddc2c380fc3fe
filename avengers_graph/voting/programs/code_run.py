"""What programs do: candidates run on the examples of the question, in a limited process.

Off unless asked for. Each program runs in its own interpreter, isolated (``-I``), with an
empty environment and a temporary working directory, under limits of CPU time, memory, output,
file size, open files and, unless it runs as root, who is exempt from that one, processes; an
audit hook refuses to write files, start processes or open sockets. It reads what the caller may
read. The process group is killed in the end, with whatever the program started in it. This
contains accidents and casual mischief; it is no sandbox against a determined attacker, who gets
round the hook, so run untrusted models' code in a container.
"""

import ast
import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Hashable
from pathlib import Path

SECONDS = 2
"""CPU time of one program over all examples."""
WALL_SECONDS = 5.0
MEMORY_BYTES = 512 * 1024**2
MAX_EXAMPLES = 20
MAX_OUTPUT = 100_000
"""Bytes of output read back; a program that writes more is stopped, and did not load."""

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
            if len(found) == MAX_EXAMPLES:
                break
            if _is_call(match["call"].strip()):
                found.setdefault(match["call"].strip())
    return tuple(found)


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
            output = _exchange(process, request.encode())
        finally:
            _stop(process)
    if output is None:
        return None
    try:
        results = json.loads(output)
    except (ValueError, RecursionError):
        return None
    return tuple(str(result) for result in results) if isinstance(results, list) else None


def _exchange(process: "subprocess.Popen[bytes]", request: bytes) -> bytes | None:
    """What the program writes until it closes its output; None for too much or too late.

    Reads no more than ``MAX_OUTPUT``: ``Popen.communicate`` would keep whatever comes.
    """
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise ValueError("the program was started without pipes")
    deadline = time.monotonic() + WALL_SECONDS
    received = b""
    os.set_blocking(stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(stdin, selectors.EVENT_WRITE)
        selector.register(stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            for ready, _ in selector.select(left):
                if ready.fileobj is stdin:
                    try:
                        request = request[os.write(stdin.fileno(), request) :]
                    except BrokenPipeError:
                        request = b""
                    if not request:
                        selector.unregister(stdin)
                        stdin.close()
                elif chunk := os.read(stdout.fileno(), 65_536):
                    received += chunk
                    if len(received) > MAX_OUTPUT:
                        return None
                else:
                    return received
    return None


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the program and whatever it started: the group is its own session.

    The group is signalled before its leader is waited for, which keeps the number from being
    given to another, and also when the leader has ended: its children may have not.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
