"""math-verify's judgement, in grading, on what our reader does not read: integrals, sums, limits.

Symbolic evaluation cannot be bounded from within, least of all off the main thread, so it runs in
one worker process: started when first needed, limited in memory, asked one pair at a time, killed
when it takes too long, and given nothing of this process's environment. What it cannot settle in
time counts as different. Votes never wait for it: there such expressions compare by their text.
"""

import atexit
import json
import os
import re
import selectors
import subprocess
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import IO

ANSWER_SECONDS = 3.0
"""Wall time for one pair."""
START_SECONDS = 20.0
"""Wall time for the worker to load, once."""
MAX_LENGTH = 120
"""Longer expressions are not asked about."""

_SCRIPT = Path(__file__).with_name("verify_worker.py")
_ASKED = re.compile(r"\\(?:int|sum|prod|lim)(?![a-zA-Z])")
_HEAVY = re.compile(
    r"\d{3}|!|\^\s*\{[^{}]*\^|\^\s*\{?\s*\d\d|\\(?:int|sum|prod|lim)(?![a-zA-Z]).*\\(?:int|sum|prod|lim)(?![a-zA-Z])"
)
"""Large numbers, factorials, towers of powers, nested operators."""
_KNOWN = re.compile(
    r"\\(?:int|sum|prod|lim|frac|dfrac|sqrt|infty|to|left|right|cdot|times|pi|sin|cos|tan|ln|log|"
    r"exp|,|;|!)(?![a-zA-Z])"
)


def askable(text: str) -> bool:
    """Whether a text is a small, well-formed expression of the sort asked about."""
    if len(text) > MAX_LENGTH or _HEAVY.search(text) or text.count("{") != text.count("}"):
        return False
    return "\\" not in _KNOWN.sub("", text)


@lru_cache(maxsize=1024)
def verified(a: str, b: str) -> bool:
    """Whether math-verify holds two expressions for equal; False when it cannot tell in time."""
    if not (_ASKED.search(a) or _ASKED.search(b)) or not (askable(a) and askable(b)):
        return False
    return _WORKER.ask(a, b)


class _Worker:
    """The worker process, its pipes and the one lock around them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False

    def ask(self, a: str, b: str) -> bool:
        with self._lock:
            process = self._started()
            if not self._ready:
                self._ready = self._line(process, START_SECONDS) == b"ready"
                if not self._ready:
                    self._stop()
                    return False
            try:
                os.write(_descriptor(process.stdin), json.dumps([a, b]).encode() + b"\n")
            except BrokenPipeError:
                self._stop()
                return False
            answer = self._line(process, ANSWER_SECONDS)
            if answer is None:
                # It is still busy, or gone: a new one loads while nobody waits for it.
                self._stop()
                self._started()
            return answer == b"true"

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._ready = False
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
            )
        return self._process

    def _line(self, process: "subprocess.Popen[bytes]", seconds: float) -> bytes | None:
        """One line of the worker's output; None when it does not come in time."""
        deadline = time.monotonic() + seconds
        descriptor = _descriptor(process.stdout)
        received = b""
        # Not select.select, which refuses the high descriptors of a busy server.
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                chunk = os.read(descriptor, 4096)
                if not chunk:
                    return None
                received += chunk
        return received.strip()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def close(self) -> None:
        """End the worker with the process that started it."""
        self._stop()

    def forget(self) -> None:
        """After a fork, in the child: process and pipes are the parent's, the lock may be held."""
        process, self._process, self._lock = self._process, None, threading.Lock()
        if process is not None:
            # Without reaping or killing it, and without closing it twice when it is collected.
            process.returncode = 0
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _descriptor(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise ValueError("the worker was started without pipes")
    return pipe.fileno()


_WORKER = _Worker()
atexit.register(_WORKER.close)
os.register_at_fork(after_in_child=_WORKER.forget)
