"""``avengers-graph init``: an ``avengers.yaml`` from the endpoints that there are."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avengers_graph.errors import ConfigError
from avengers_graph.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from avengers_graph.endpoints.drafts import Draft, Place, Survey, Tell
    from avengers_graph.settings.expert import Expert

_IN_WORDS = ("name", "model", "base_url", "api_key_env", "server")
"""Fields of an expert that ``--expert`` takes."""


def init_command(
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[URL]...",
            help="Endpoints, as http://127.0.0.1:11434/v1 or by name: ollama, openai, openrouter. "
            "Without one, the usual ports of local servers are looked at.",
            show_default=False,
        ),
    ] = None,
    expert: Annotated[
        list[str] | None,
        typer.Option(
            help="One expert as name=...,model=...,base_url=...,api_key_env=...; repeatable.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model to take from the endpoints; repeatable.", show_default="all, up to 8"
        ),
    ] = None,
    api_key_env: Annotated[
        str | None,
        typer.Option(
            help="Environment variable that holds the key of the URLs.",
            show_default="the usual one of a known host",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            help="Kind of server behind the URLs: ollama, vllm, lm-studio, llama.cpp, ...",
            show_default="found out",
        ),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe/--no-probe",
            help="Ask each model for what it can do (tools, JSON, images, ...), with some ten "
            "requests of 1 to 16 tokens.",
        ),
    ] = True,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            "--config",
            "-c",
            help="The file to write.",
            show_default="$AVENGERS_CONFIG, else ./avengers.yaml",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented avengers.yaml from the endpoints that there are.

    Each endpoint is asked for its models, and each model for what it can do. An endpoint that
    does not answer is a line in the file. Keys are never written: the file names the environment
    variable that holds a key.

    Examples: avengers-graph init
              avengers-graph init http://127.0.0.1:8000/v1 http://127.0.0.1:11434/v1
              avengers-graph init openrouter --model qwen/qwen-2.5-7b-instruct
              avengers-graph init --expert name=coder,base_url=https://models.example.com/v1,api_key_env=CODER_KEY
    """
    from rich.console import Console

    from avengers_graph.endpoints.config_text import config_text
    from avengers_graph.endpoints.drafts import with_own_names
    from avengers_graph.settings.config import config_path

    file = config_path(output)
    if file.exists() and not force:
        raise ConfigError(f"{file} is there already; keep it, name another with -o, or add --force")
    listed = [_expert_of(text) for text in expert or ()]
    places = list(_places(urls or (), api_key_env=api_key_env, server=server, alone=not listed))
    console = Console(stderr=True)
    with console.status("looking for models") as status:
        surveys = _survey(places, listed, models=model or (), probes=probe, tell=status.update)
    notes = _notes(surveys, given=bool(urls or listed))
    drafts = list(with_own_names(draft for found in surveys for draft in found.drafts))
    if not drafts and not urls:
        raise ConfigError(
            f"no local server answers ({_usual_ports()}); start one, as with `ollama serve`, or "
            "give a URL, a name such as openrouter, or --expert; nothing was written"
        )
    drafts = drafts or [_stand_in(places)]
    _write(file, config_text(drafts, notes))
    for note in notes:
        console.print(f"- {note}", highlight=False, markup=False, soft_wrap=True)
    for draft in drafts:
        _print_draft(draft, console=console)
    typer.echo(f"{counted(len(drafts), 'expert')} in {file}; next: avengers-graph doctor")


def _expert_of(text: str) -> "Expert":
    """The expert of one ``--expert``.

    Raises:
        ConfigError: a part is no field, a field is missing or wrong. A key is not repeated.
    """
    from pydantic import ValidationError

    from avengers_graph.errors import describe
    from avengers_graph.settings.expert import Expert

    fields: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in _IN_WORDS:
            raise ConfigError(
                f"--expert has {name!r:.20}, which is none of {', '.join(_IN_WORDS)}; write "
                "name=NAME,model=MODEL,base_url=URL,api_key_env=VARIABLE with commas between "
                "(the variable that holds the key, never the key)"
            )
        fields[name] = value
    if "name" not in fields and fields.get("model"):
        fields["name"] = fields["model"]
    try:
        return Expert.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(f"--expert: {describe(error)}") from error


def _places(
    urls: Sequence[str], *, api_key_env: str | None, server: str | None, alone: bool
) -> "Iterator[Place]":
    """The endpoints to look at; those of local servers where none is given and ``alone``."""
    from avengers_graph.endpoints.drafts import place_of
    from avengers_graph.settings.servers import local_rows

    given = urls or (local_rows() if alone else ())
    for url in dict.fromkeys(given):
        yield place_of(url, api_key_env=api_key_env, server=server)


def _survey(
    places: "list[Place]",
    experts: "list[Expert]",
    *,
    models: Sequence[str],
    probes: bool,
    tell: "Tell",
) -> "list[Survey]":
    """What every endpoint gives and what every listed expert can do, asked at the same time."""
    import asyncio

    from avengers_graph.endpoints.drafts import survey, survey_of
    from avengers_graph.experts.owned_loop import submit

    async def all_of_them() -> "list[Survey]":
        shown = (survey_of(expert, probes=probes, tell=tell) for expert in experts)
        looked = (survey(place, models=models, probes=probes, tell=tell) for place in places)
        return await asyncio.gather(*shown, *looked)

    work = submit(all_of_them())
    try:
        return work.result()
    finally:
        work.cancel()  # where Ctrl-C came before the end


def _notes(surveys: "list[Survey]", *, given: bool) -> list[str]:
    """What is to be said of the endpoints; of ports where nobody was promised, one line for all."""
    if given:
        return [note for found in surveys for note in found.notes]
    notes = [note for found in surveys if found.reached for note in found.notes]
    return [*notes, f"No answer at other usual ports ({_usual_ports()})"]


def _usual_ports() -> str:
    from avengers_graph.settings.servers import SERVERS, local_rows

    return ", ".join(f"{row} {SERVERS[row].base_url}" for row in local_rows())


def _stand_in(places: "list[Place]") -> "Draft":
    """An expert for the one who starts the server later."""
    from avengers_graph.endpoints.drafts import Draft

    remark = "Nothing could be asked here: put the name of a model that is served into `model`."
    return Draft(places[0].expert("my-model", model="my-model"), (remark,))


def _write(file: Path, text: str) -> None:
    """Write the whole file, or leave what was there.

    Raises:
        ConfigError: it cannot be written.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise ConfigError(f"cannot write {str(file)!r} ({error.strerror})") from error
    finally:
        draft.unlink(missing_ok=True)


def _print_draft(draft: "Draft", *, console: "Console") -> None:
    expert = draft.expert
    able = ", ".join(sorted(expert.supports)) or "text only"
    console.print(
        f"{expert.name}: {expert.model_name} at {expert.base_url} ({able})",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for remark in draft.remarks:
        console.print(f"  {remark}", highlight=False, markup=False, soft_wrap=True)
