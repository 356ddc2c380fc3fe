"""The program of one model server: started by LocalServers, ended when its parent is gone.

Run as a file, not as a module, so that it imports nothing but the server itself. It prints
one line, ``listening URL``, on its standard output; everything else, llama.cpp's own log
included, goes to standard error. It ends when standard input reaches its end, which the
operating system also brings about when the parent is killed. The key that clients must show
comes in an environment variable, since arguments are visible to every user of the machine.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
from types import FrameType
from typing import TextIO

KEY_VARIABLE = "AVENGERS_LOCAL_SERVER_KEY"

_PARENT_CHECK = 1.0  # seconds


def main() -> int:
    arguments = _parser().parse_args()
    key = os.environ.pop(KEY_VARIABLE)
    # llama.cpp must not write into the channel on which the parent reads the address.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    ended = threading.Event()
    threading.Thread(target=_wait_for_end_of_input, args=(ended,), daemon=True).start()
    if arguments.llama_server:
        return _serve_with_binary(arguments, key, channel, ended)
    return _serve_here(arguments, key, channel, ended)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="One model behind an OpenAI-compatible server.")
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--name", required=True, help="name that requests carry as model")
    parser.add_argument("--slots", type=int, required=True, help="requests decoded together")
    parser.add_argument("--context", type=int, required=True, help="tokens for each slot")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--llama-server", help="path of a llama-server to use")
    return parser


def _wait_for_end_of_input(ended: threading.Event) -> None:
    # Not sys.stdin: its lock, held by this thread, would abort the interpreter's shutdown.
    while os.read(0, 1024):
        pass
    ended.set()


def _parent_is_there(ended: threading.Event, parent: int) -> bool:
    """False after a wait in which the parent went away or asked for the end."""
    # A fork of the parent may keep our standard input open after its death: look both ways.
    return not ended.wait(_PARENT_CHECK) and os.getppid() == parent


def _serve_here(
    arguments: argparse.Namespace, key: str, channel: TextIO, ended: threading.Event
) -> int:
    import xllamacpp

    parent = os.getppid()
    params = xllamacpp.CommonParams()
    params.model.path = arguments.model
    params.model_alias = {arguments.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.n_parallel = arguments.slots
    params.n_ctx = arguments.context * arguments.slots
    params.cpuparams.n_threads = arguments.threads
    params.cpuparams_batch.n_threads = arguments.threads
    params.cache_ram_mib = 0  # by default up to 8 GB of old prompts would be kept
    params.ui = False
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        # llama.cpp has logged the reason; a traceback would push it out of the log's end.
        print(error, file=sys.stderr)
        return 1
    print(f"listening {server.listening_address}", file=channel, flush=True)
    while _parent_is_there(ended, parent):
        pass
    return 0


def _serve_with_binary(
    arguments: argparse.Namespace, key: str, channel: TextIO, ended: threading.Event
) -> int:
    parent = os.getppid()
    port = _free_port()
    command = [
        arguments.llama_server,
        *("--model", arguments.model),
        *("--alias", arguments.name),
        *("--host", "127.0.0.1"),
        *("--port", str(port)),
        *("--parallel", str(arguments.slots)),
        *("--ctx-size", str(arguments.context * arguments.slots)),
        *("--threads", str(arguments.threads)),
        *("--threads-batch", str(arguments.threads)),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env={**os.environ, "LLAMA_API_KEY": key}
    ) as server:

        def stop(_signal: int, _frame: FrameType | None) -> None:
            ended.set()

        signal.signal(signal.SIGTERM, stop)
        print(f"listening http://127.0.0.1:{port}", file=channel, flush=True)
        while server.poll() is None and _parent_is_there(ended, parent):
            pass
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
        return server.wait()


def _free_port() -> int:
    """A port that was free a moment ago: llama-server cannot tell which one it took for 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
