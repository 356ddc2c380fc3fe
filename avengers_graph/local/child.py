"""One running server process, as its parent sees it."""

import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from avengers_graph.errors import LocalModelError
from avengers_graph.local import server_process
from avengers_graph.local.cache import cache_folder

_PATIENCE = 5.0  # seconds for each way of ending a process
_LOGS_KEPT = 20


@dataclass(eq=False)
class Child:
    """A server process, its log and, once the server has announced it, its address."""

    name: str
    log: Path
    process: "subprocess.Popen[str]"
    address: str | None = None
    """``http://127.0.0.1:PORT`` once the server listens."""
    _reader: threading.Thread | None = field(default=None, repr=False)

    @classmethod
    def start(
        cls,
        name: str,
        weights: Path,
        *,
        key: str,
        slots: int,
        context: int,
        threads: int,
        binary: str | None,
    ) -> Self:
        """Start a server for ``weights``; returns at once.

        The child leads a session of its own, so that Ctrl-C in a terminal reaches the
        parent alone, which then stops it in order.
        """
        log = _new_log(name)
        command = [
            *(sys.executable, "-P", server_process.__file__),
            *("--model", str(weights)),
            *("--name", name),
            *("--slots", str(slots)),
            *("--context", str(context)),
            *("--threads", str(threads)),
        ]
        if binary is not None:
            command += ["--llama-server", binary]
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, server_process.KEY_VARIABLE: key},
                start_new_session=True,
            )
        child = cls(name, log, process)
        child._reader = threading.Thread(target=child._read_address, daemon=True)
        child._reader.start()
        return child

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_healthy(self) -> bool:
        """Whether the server answers its health check.

        Raises:
            LocalModelError: the process has ended.
        """
        if self.process.poll() is not None:
            raise LocalModelError(
                f"the server of {self.name!r} ended while starting, with status "
                f"{self.process.returncode} (see {self.log}): {self.log_tail()}"
            )
        if self.address is None:
            return False
        try:
            with _LOOPBACK.open(f"{self.address}/health", timeout=2.0) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def log_tail(self, lines: int = 4) -> str:
        """The last lines of the log, joined into one."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        last = [line.strip() for line in text.splitlines() if line.strip()][-lines:]
        return " | ".join(last) or "its log is empty"

    def ask_to_end(self) -> None:
        """Close the server's standard input, upon which it ends by itself."""
        _close(self.process.stdin)

    def end(self) -> None:
        """Wait for the end, and enforce it on a server that hangs."""
        for insist in (None, self.process.terminate, self.process.kill):
            if insist is not None:
                insist()
            try:
                self.process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                continue
        if self._reader is not None:
            self._reader.join(_PATIENCE)
        _close(self.process.stdout)

    def _read_address(self) -> None:
        stream = self.process.stdout
        if stream is not None:
            word, _, address = stream.readline().strip().partition(" ")
            if word == "listening":
                self.address = address


# A proxy from the environment is of no use on loopback.
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        stream.close()


def _new_log(name: str) -> Path:
    """A fresh log file; the oldest ones are removed."""
    folder = cache_folder("logs")
    for old in sorted(folder.glob("*.log"))[:-_LOGS_KEPT]:
        old.unlink(missing_ok=True)
    started = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    model = re.sub(r"[^\w.-]", "_", name)
    return folder / f"{started}-{os.getpid()}-{model}.log"
