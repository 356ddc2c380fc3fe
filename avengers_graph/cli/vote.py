"""``avengers-graph vote``: JSON lines of samples to JSON lines of verdicts, no model asked."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from avengers_graph.errors import ConfigError
from avengers_graph.voting import Verdict, vote

_LISTS = ("weights", "ranks", "labels")


def vote_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[FILE]",
            help='JSON lines of {"question", "samples", "kind"?, "weights"?, "ranks"?, "labels"?}; '
            "- reads standard input.",
        ),
    ] = "-",
    run_code: Annotated[
        bool,
        typer.Option(
            "--run-code",
            help="Group programs by what they return on the question's examples. "
            "Runs the models' code in a limited process.",
        ),
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Let JSON objects win field by field.")
    ] = False,
) -> None:
    """Vote over samples; one JSON line out for each line in."""
    with _opened(source) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                verdict = _verdict(line, number, run_code=run_code, merge=merge)
                typer.echo(json.dumps(verdict.to_dict(), ensure_ascii=False))


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    try:
        if source == "-":
            yield sys.stdin
        else:
            with Path(source).open(encoding="utf-8") as file:
                yield file
    except BrokenPipeError:
        raise  # the reader of our output is gone; the input is fine
    except OSError as error:
        raise ConfigError(f"cannot read {source!r}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source!r} is not UTF-8 text; save it as UTF-8") from error


def _verdict(line: str, number: int, *, run_code: bool, merge: bool) -> Verdict:
    """The verdict of one line.

    Raises:
        ConfigError: the line cannot be used; names the line, the value and the remedy.
    """
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"line {number} is no JSON ({error}); write one object with `samples` a line"
        ) from error
    if not isinstance(item, Mapping) or not isinstance(item.get("samples"), list):
        raise ConfigError(
            f"line {number} has no list `samples`; write "
            '{"question": "...", "samples": ["...", "..."], "kind": "auto"}'
        )
    question, kind = item.get("question"), item.get("kind", "auto")
    if question is not None and not isinstance(question, str):
        raise ConfigError(
            f"line {number}: `question` is {question!r:.80}; give a text or leave it out"
        )
    if not isinstance(kind, str):
        raise ConfigError(
            f"line {number}: `kind` is {kind!r:.80}; give a kind's name or leave it out"
        )
    try:
        lists = _lists(item)
        return vote(
            item["samples"],
            question=question,
            kind=kind,
            run_code=run_code,
            merge=merge,
            weights=lists.get("weights"),
            ranks=lists.get("ranks"),
            labels=lists.get("labels", ()),
        )
    except ConfigError as error:
        raise ConfigError(f"line {number}: {error}") from error


def _lists(item: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """The optional lists of a line, checked for what they hold."""
    found: dict[str, Sequence[Any]] = {}
    for name in _LISTS:
        value = item.get(name)
        if value is None:
            continue
        wanted = str if name == "labels" else int if name == "ranks" else (int, float)
        if not isinstance(value, list) or not all(
            isinstance(entry, wanted) and not isinstance(entry, bool) for entry in value
        ):
            of = "texts" if name == "labels" else "whole numbers" if name == "ranks" else "numbers"
            raise ConfigError(f"`{name}` is {value!r:.80}; give a list of {of}")
        found[name] = value
    return found
