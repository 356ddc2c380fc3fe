"""``avengers-graph local``: run any command with local models behind it."""

import os
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from avengers_graph.experts.pool import ExpertPool


def local_command(
    command: Annotated[
        list[str], typer.Argument(help="The command and its arguments.", show_default=False)
    ],
    models: Annotated[
        str, typer.Option(help="default, large (a third one), or names with commas.")
    ] = "default",
) -> None:
    """Start local models, and run COMMAND with AVENGERS_CONFIG naming them.

    The models and a fitted index are there as long as the command runs; its exit status is
    passed on.

    Examples: avengers-graph local avengers-graph ask "What is 12 * 12?"
              avengers-graph local langgraph dev
              avengers-graph local jupyter lab notebooks/
    """
    from rich.console import Console

    from avengers_graph.cli.local_models import demo_index, local_pool
    from avengers_graph.embedding import load_embeddings
    from avengers_graph.errors import ConfigError
    from avengers_graph.settings.config import CONFIG_VARIABLE

    console = Console(stderr=True)
    with local_pool(models, console=console) as pool, tempfile.TemporaryDirectory() as folder:
        demo_index(load_embeddings(), console=console)
        config = Path(folder) / "avengers.yaml"
        config.write_text(_config_text(pool), encoding="utf-8")
        console.print(f"{', '.join(pool.names)} are serving; running {shlex.join(command)}")
        # Ctrl-C reaches the command too, which may ask or save before it ends: it decides.
        before = signal.signal(signal.SIGINT, lambda number, frame: None)
        try:
            done = subprocess.run(
                command, env={**os.environ, CONFIG_VARIABLE: str(config)}, check=False
            )
        except OSError as error:
            raise ConfigError(f"cannot run {command[0]!r}: {error.strerror}") from error
        finally:
            signal.signal(signal.SIGINT, before)
    # The exit status of a command that a signal ended is the one that shells give.
    raise typer.Exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)


def _config_text(pool: "ExpertPool") -> str:
    """The YAML of a running pool. It names the variable of the servers' key, not the key."""
    import yaml

    from avengers_graph.cli.demo import MAX_TOKENS
    from avengers_graph.cli.local_models import demo_index_folder

    experts = [expert.model_dump(mode="json", exclude_defaults=True) for expert in pool]
    return yaml.safe_dump(
        {
            "index": {"path": str(demo_index_folder())},
            "experts": experts,
            "defaults": {"params": {"max_tokens": MAX_TOKENS}},
        },
        sort_keys=False,
    )
