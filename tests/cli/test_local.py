"""A command run with local models behind it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import typer

from avengers_graph.cli import local_models
from avengers_graph.cli.local import local_command
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import Expert

SAVES = """
import os, signal, time
try:
    os.kill(os.getppid(), signal.SIGINT)  # as a terminal does: to both
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)  # longer than subprocess.run waits before it kills
    raise SystemExit(7)
"""


@pytest.mark.integration
def test_ctrl_c_leaves_the_command_time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def no_models(models: str, *, console: object) -> Iterator[ExpertPool]:
        yield ExpertPool([Expert(name="alpha", base_url="http://127.0.0.1:9/v1")])

    monkeypatch.setattr(local_models, "local_pool", no_models)
    monkeypatch.setattr(local_models, "demo_index", lambda embeddings, console: SimpleNamespace())
    monkeypatch.setattr("avengers_graph.embedding.load_embeddings", lambda: None)
    with pytest.raises(typer.Exit) as ended:
        local_command([sys.executable, "-c", SAVES])
    assert ended.value.exit_code == 7
