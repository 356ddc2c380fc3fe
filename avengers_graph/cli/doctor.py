"""``avengers-graph doctor``: what is wrong, and what to do about it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avengers_graph.cli.options import START_AN_INDEX, Config, Json
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    detail: str
    """What was found; where it is wrong, what to do."""


def doctor_command(
    config: Config = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help="Ask each expert for what it can do (tools, JSON, images, ...), with some ten "
            "requests of 1 to 16 tokens, and say where the config differs.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check versions, config, keys, endpoints and index, and say what to do.

    Each expert is asked for one token, from the configured model with the configured key. Exit
    status 1 when anything is wrong.

    Examples: avengers-graph doctor --config avengers.yaml
              avengers-graph doctor --probe
    """
    from rich.console import Console
    from rich.markup import escape

    findings = []
    console = Console()
    with Console(stderr=True).status("checking"):
        for finding in _look(config, probes=probe):
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


def _look(config: Any, *, probes: bool = False) -> Iterator[Finding]:
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
    yield from _experts(settings.experts, probes=probes)
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
    from avengers_graph.settings.precedence import WITHOUT_INDEX, resolve

    default = settings.defaults
    if settings.index is None:
        default = resolve(WITHOUT_INDEX, default)
    plan = make_plan(
        default.strategy,
        samples=default.samples,
        top_experts=default.top_experts,
        own=settings.plans,
    )
    return f"{default.strategy}, {counted(len(plan.rounds), 'round')}"


def _experts(experts: "Sequence[Expert]", *, probes: bool) -> Iterator[Finding]:
    """Ask every expert at the same time; what is found comes in their order."""
    from avengers_graph.endpoints.diagnosis import diagnosed
    from avengers_graph.experts.owned_loop import submit

    answers = [submit(diagnosed(expert)) for expert in experts]
    for expert, answer in zip(experts, answers, strict=True):
        finding = _checked(f"expert {expert.name}", answer.result)
        yield finding
        if probes and finding.ok:
            yield _checked(f"probe {expert.name}", partial(_probed, expert))


def _probed(expert: "Expert") -> str:
    """Ask for what the expert can do.

    Raises:
        ConfigError: the configuration says that it can do what it cannot.
        ExpertError: it does not answer.
    """
    from avengers_graph.endpoints.diagnosis import differences
    from avengers_graph.errors import ConfigError
    from avengers_graph.experts.owned_loop import submit

    found = submit(differences(expert)).result()
    told = "; ".join(difference.told for difference in found)
    if any(difference.is_wrong for difference in found):
        raise ConfigError(told)
    return told or "all is as configured"


def _index(settings: "AvengersConfig") -> str:
    """Open the index with the configured embedder; that there is none is no error.

    Raises:
        ClusterIndexError: missing, damaged, or of another embedder.
        EmbeddingError: the embedder cannot be loaded.
    """
    if settings.index is None:
        return f"none yet, experts rank as unranked: {settings.defaults.unranked}; {START_AN_INDEX}"
    from avengers_graph.routing import open_index

    index, _ = open_index(settings.index, embedding=settings.embedding.model)
    unknown = [expert.name for expert in settings.experts if expert.name not in index.experts]
    note = f"; no scores yet for {', '.join(unknown)}, ranked last" if unknown else ""
    clusters, experts = counted(index.n_clusters, "cluster"), counted(len(index.experts), "expert")
    return f"{clusters}, scores of {experts}{note}"
