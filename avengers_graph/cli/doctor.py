"""``avengers-graph doctor``: what is wrong, and what to do about it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

import typer

from avengers_graph.cli.options import Config, Json
from avengers_graph.errors import AvengersError
from avengers_graph.wording import counted

if TYPE_CHECKING:
    from avengers_graph.settings.config import AvengersConfig
    from avengers_graph.settings.expert import Expert

PACKAGES = (
    "langchain-core",
    "langgraph",
    "langchain-openai",
    "chromadb",
    "sentence-transformers",
    "scikit-learn",
    "torch",
)
PATIENCE = 10.0
"""Seconds an endpoint has to list its models."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    detail: str
    """What was found; where it is wrong, what to do."""


def doctor_command(config: Config = None, as_json: Json = False) -> None:
    """Check versions, config, keys, endpoints and index, and say what to do.

    Exit status 1 when anything is wrong.

    Example: avengers-graph doctor --config avengers.yaml
    """
    from rich.console import Console
    from rich.markup import escape

    findings = []
    console = Console()
    for finding in _look(config):
        findings.append(finding)
        if not as_json:
            mark = "[green]ok[/green]  " if finding.ok else "[red]FAIL[/red]"
            console.print(
                f"{mark} {escape(finding.what)}: {escape(finding.detail)}",
                highlight=False,
                soft_wrap=True,
            )
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _look(config: Any) -> Iterator[Finding]:
    from avengers_graph.settings.config import config_path, load_config

    for package in PACKAGES:
        yield _version(package)
    path = config_path(config)
    if config is None and not path.exists():
        yield Finding("config", True, f"no {path} here; pass --config to check one")
        return
    try:
        settings = load_config(path)
    except AvengersError as error:
        yield Finding("config", False, str(error))
        return
    yield Finding("config", True, f"{path}: {counted(len(settings.experts), 'expert')}")
    yield _checked("strategy", partial(_strategy, settings))
    for expert in settings.experts:
        yield _checked(f"expert {expert.name}", partial(_endpoint, expert))
    yield _checked("index", partial(_index, settings))


def _version(package: str) -> Finding:
    try:
        return Finding(package, True, metadata.version(package))
    except metadata.PackageNotFoundError:
        return Finding(package, False, f"not installed; pip install {package}")


def _checked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except AvengersError as error:
        return Finding(what, False, str(error))


def _strategy(settings: "AvengersConfig") -> str:
    """Look up the strategy that requests follow by default.

    Raises:
        ConfigError: there is none of that name.
    """
    from avengers_graph.plans import make_plan

    default = settings.defaults
    plan = make_plan(
        default.strategy,
        samples=default.samples,
        top_experts=default.top_experts,
        own=settings.plans,
    )
    return f"{default.strategy}, {len(plan.rounds)} rounds"


def _endpoint(expert: "Expert") -> str:
    """Ask the endpoint which models it has.

    Raises:
        ExpertError: unreachable, no OpenAI-compatible endpoint, or without the model.
        MissingKeyError: its key is not set.
    """
    import openai

    from avengers_graph.errors import ExpertError, ExpertResponseError
    from avengers_graph.experts.chat_openai import api_key
    from avengers_graph.experts.failures import as_expert_error

    key = api_key(expert)
    hasty = expert.model_copy(update={"timeout": PATIENCE})
    try:
        with openai.OpenAI(
            base_url=expert.base_url, api_key=key, timeout=PATIENCE, max_retries=0
        ) as client:
            listed = client.models.list()
            names = [getattr(model, "id", None) for model in getattr(listed, "data", None) or []]
    except openai.OpenAIError as error:
        raise as_expert_error(error, hasty, secrets=[key]) from error
    except (ValueError, TypeError, AttributeError):
        names = []  # the client raises these on a body that is no list of models
    if not any(isinstance(name, str) for name in names):
        raise ExpertResponseError(
            f"{expert.base_url} answered, but with no list of models; check base_url, it usually "
            "ends in /v1"
        )
    if expert.model_name not in names and len(names) > 1:
        raise ExpertError(f"{expert.base_url} has no model {expert.model_name!r}; it has {names}")
    return f"{expert.base_url} serves {', '.join(map(str, names[:5]))}"


def _index(settings: "AvengersConfig") -> str:
    """Open the index with the configured embedder.

    Raises:
        ClusterIndexError: missing, damaged, or of another embedder.
        EmbeddingError: the embedder cannot be loaded.
    """
    from avengers_graph.routing import open_index

    index, _ = open_index(settings.index, embedding=settings.embedding.model)
    unknown = [expert.name for expert in settings.experts if expert.name not in index.experts]
    note = f"; no scores yet for {', '.join(unknown)}, ranked last" if unknown else ""
    clusters, experts = counted(index.n_clusters, "cluster"), counted(len(index.experts), "expert")
    return f"{clusters}, scores of {experts}{note}"
