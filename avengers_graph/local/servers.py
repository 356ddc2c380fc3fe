"""Local language models behind OpenAI-compatible servers, for the life of a ``with`` block."""

import itertools
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from avengers_graph.errors import LocalModelError
from avengers_graph.local.cache import OnProgress
from avengers_graph.local.child import Child
from avengers_graph.local.weights import LocalModel, resolve_model
from avengers_graph.settings.expert import Capability, Expert

Backend = Literal["auto", "xllamacpp", "llama-server"]

_SUPPORTS: frozenset[Capability] = frozenset({"system", "n", "json_schema", "logprobs"})
_TIMEOUT = 180.0  # seconds for one request; a busy small machine is slow, not broken
_POLL = 0.05  # seconds between two looks at a starting server
_count = itertools.count(1)


class LocalServers:
    """Starts one server process per model and stops them all at the end of the block.

    Each server decodes on one thread (two spin against each other under load), listens on a
    free port of 127.0.0.1 and asks for a key made for this start. The key is in the
    environment variable that each expert's ``api_key_env`` names, until the block ends.

    Args:
        models: what resolve_model() takes: names, paths, hub files or packages.
        parallel: requests each server decodes together, and so the largest ``n``.
        context: tokens of prompt and answer for each of them; memory grows with both. An
            answer ends at a quarter of it unless the request sets ``max_tokens``.
        threads: decoding threads per server.
        timeout: seconds for all servers to become healthy.
        backend: ``auto`` takes xllamacpp when it is installed, else a ``llama-server`` on PATH.
        on_progress: called with what is going on, and how much of it is done (0 to 1) where known.
    """

    def __init__(
        self,
        models: Sequence[str],
        *,
        parallel: int = 8,
        context: int = 2048,
        threads: int = 1,
        timeout: float = 180.0,
        backend: Backend = "auto",
        on_progress: OnProgress | None = None,
    ) -> None:
        if not models:
            raise LocalModelError("no local model was named; name one or two")
        if parallel < 1 or context < 1 or threads < 1:
            raise LocalModelError(
                f"parallel={parallel!r}, context={context!r} and threads={threads!r} "
                "must each be 1 or more"
            )
        self._wanted = list(models)
        self._parallel = parallel
        self._context = context
        self._threads = threads
        self._timeout = timeout
        self._backend = backend
        self._on_progress = on_progress
        self._key_variable = f"AVENGERS_LOCAL_KEY_{next(_count)}"
        self._owner = 0
        self._children: dict[str, Child] = {}
        self._experts: list[Expert] = []

    @property
    def experts(self) -> list[Expert]:
        """One expert per model, in the order they were named; empty outside the block."""
        return list(self._experts)

    @property
    def processes(self) -> Mapping[str, int]:
        """Process id of each running server, by model name."""
        return {name: child.pid for name, child in self._children.items()}

    @property
    def logs(self) -> Mapping[str, Path]:
        """Log file of each running server, by model name."""
        return {name: child.log for name, child in self._children.items()}

    def __enter__(self) -> Self:
        """Start the servers and wait until each answers.

        Raises:
            LocalModelError: weights are missing, or a server does not come up; its message
                holds the end of the server's log. No server is left behind.
        """
        if self._children:
            raise LocalModelError("these servers are running already; leave the block first")
        self._owner = os.getpid()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the servers; harmless when there are none."""
        # A fork inherits this object but not the right to stop its parent's servers.
        if self._owner == os.getpid():
            for child in self._children.values():
                child.ask_to_end()
            for child in self._children.values():
                child.end()
            os.environ.pop(self._key_variable, None)
        self._children = {}
        self._experts = []

    def _start(self) -> None:
        binary = _find_binary(self._backend)
        models = [resolve_model(name, on_progress=self._on_progress) for name in self._wanted]
        names = _distinct_names(models)
        key = secrets.token_urlsafe(32)
        os.environ[self._key_variable] = key
        self._report(f"starting {', '.join(names)}", 0.0)
        for name, model in zip(names, models, strict=True):
            self._children[name] = Child.start(
                name,
                model.path,
                key=key,
                slots=self._parallel,
                context=self._context_of(model),
                threads=self._threads,
                binary=binary,
            )
        self._wait_until_healthy()
        self._experts = [
            Expert(
                name=name,
                model=name,
                base_url=f"{self._children[name].address}/v1",
                api_key_env=self._key_variable,
                supports=_supports(model),
                max_concurrency=self._parallel,
                timeout=_TIMEOUT,
                context_length=self._context_of(model),
                # A small model may ramble to the end of its context.
                max_tokens=max(1, self._context_of(model) // 4),
                server="llama.cpp",
                tool_turns="words",
            )
            for name, model in zip(names, models, strict=True)
        ]

    def _context_of(self, model: LocalModel) -> int:
        """Tokens per slot: no more than the model was trained for."""
        return min(self._context, model.spec.context_length) if model.spec else self._context

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + self._timeout
        waiting = list(self._children.values())
        while waiting:
            ready = [child for child in waiting if child.is_healthy()]
            waiting = [child for child in waiting if child not in ready]
            for child in ready:
                done = 1 - len(waiting) / len(self._children)
                self._report(f"{child.name} is serving", done)
            if waiting and time.monotonic() > deadline:
                child = waiting[0]
                raise LocalModelError(
                    f"the server of {child.name!r} was not ready within {self._timeout:g} s; "
                    f"raise the timeout or see {child.log} ({child.log_tail()})"
                )
            if waiting:
                time.sleep(_POLL)

    def _report(self, message: str, done: float | None) -> None:
        if self._on_progress is not None:
            self._on_progress(message, done)


def _supports(model: LocalModel) -> frozenset[Capability]:
    return _SUPPORTS | {"tools"} if model.spec and model.spec.tools else _SUPPORTS


def _find_binary(backend: Backend) -> str | None:
    """Path of the llama-server to run, None to serve with xllamacpp."""
    if backend != "llama-server" and find_spec("xllamacpp") is not None:
        return None
    binary = shutil.which("llama-server") if backend != "xllamacpp" else None
    if binary is None:
        missing = {"auto": "neither xllamacpp nor a llama-server on PATH"}.get(backend, backend)
        raise LocalModelError(
            f"no local model server was found ({missing}); "
            "install one with: pip install 'avengers-graph[local]'"
        )
    return binary


def _distinct_names(models: Sequence[LocalModel]) -> list[str]:
    names = [model.name for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LocalModelError(f"local models {twice} are named twice; name each once")
    return names
