"""Runs one program on example calls. Started by ``code_run`` in a process of its own."""

import contextlib
import io
import json
import os
import resource
import sys
from typing import Any

_REFUSED = (
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.kill", "os.killpg",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link",
    "os.symlink", "os.truncate", "os.putenv", "subprocess.Popen", "socket.", "ctypes.",
    "shutil.", "pty.spawn", "signal.pthread_kill",
)  # fmt: skip


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"{event} is not allowed here")
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        writes = isinstance(mode, str) and any(letter in mode for letter in "wax+")
        if writes or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            raise PermissionError("writing files is not allowed here")


def _limit(seconds: int, memory: int) -> None:
    for which, value in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    with contextlib.suppress(ValueError, OSError):
        # Root starts processes all the same: then only the audit hook is in the way.
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def main() -> None:
    """Read the request, run the program, write what each call returned."""
    request = json.loads(sys.stdin.read())
    answer_to = sys.stdout
    _limit(request["seconds"], request["memory"])
    sys.addaudithook(_refuse)
    namespace: dict[str, Any] = {"__name__": "candidate"}
    results: list[str] = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(request["source"], "candidate", "exec"), namespace)
        for call in request["calls"]:
            try:
                value = eval(compile(call, "example", "eval"), namespace)  # noqa: S307
                results.append(repr(value)[:2000])
            except Exception as error:  # noqa: BLE001 - the program's own failure is its result
                results.append(f"raised {type(error).__name__}")
    answer_to.write(json.dumps(results))


if __name__ == "__main__":
    main()
