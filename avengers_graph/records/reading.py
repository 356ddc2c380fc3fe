"""``read_records``: any of the published formats, recognised by what a file holds."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from avengers_graph.errors import RecordsError
from avengers_graph.records.items import load_object
from avengers_graph.records.llmrouterbench import is_result, read_llmrouterbench, result_files
from avengers_graph.records.record import Record, check_together
from avengers_graph.records.routerbench import read_routerbench
from avengers_graph.records.rows import SCORE_TYPES, Row, read_json_rows

_Reader = Callable[[Path, str], Iterator[Row]]

FORMATS: Mapping[str, _Reader] = {
    "json": lambda path, score_type: read_json_rows(path, score_type=score_type),
    "routerbench": lambda path, _: read_routerbench(path),
    "llmrouterbench": lambda path, _: read_llmrouterbench(path),
}
"""Readers by name. ``json`` holds our own lines, RouterDC and both Avengers formats, which
share one stream and differ in their keys (``rows.SHAPES``)."""

_PEEK = 4096
"""Characters looked at in one go for the first that is not blank."""
_PICKLES = {".pkl", ".pickle", ".joblib"}


def read_records(
    paths: str | Path | Iterable[str | Path], *, score_type: str = "auto"
) -> list[Record]:
    """Records of one or several files, in file order.

    A file that does not say its data set gets its base name without the extension.

    Args:
        paths: Files, or folders in LLMRouterBench's layout.
        score_type: One of ``SCORE_TYPES``; only RouterDC files need it.

    Raises:
        RecordsError: one line naming file, line, value and remedy. Experts may be missing
            on some queries; an expert that is named but never scored is an error.
    """
    if score_type not in SCORE_TYPES:
        raise RecordsError(f"score type {score_type!r} is unknown; use one of {SCORE_TYPES}")
    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    if not files:
        raise RecordsError("no records file given; name at least one")
    records: list[Record] = []
    places: list[str] = []
    named: dict[str, str] = {}
    for file in files:
        for row in FORMATS[_format_of(file)](file, score_type):
            records.append(row.record)
            places.append(row.where)
            for name in row.names:
                named.setdefault(name, row.where)
    scored = set(check_together(records, where=", ".join(map(str, files)), places=places))
    for name in sorted(set(named) - scored):
        raise RecordsError(
            f"{named[name]}: expert {name!r} has no score on any query; "
            "score it on some, or take its name out"
        )
    return records


def _format_of(path: Path) -> str:
    if path.is_dir():
        if not result_files(path):
            raise RecordsError(f"{path}: the folder holds no .json result file")
        return "llmrouterbench"
    if path.suffix.lower() in _PICKLES:
        raise RecordsError(
            f"{path}: pickled files can run code and are not read; export it as CSV or JSON"
        )
    if path.suffix.lower() == ".csv":
        return "routerbench"
    return "llmrouterbench" if _is_result_file(path) else "json"


def _is_result_file(path: Path) -> bool:
    """Whether a JSON file is one object over several lines, or a result on one line."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            # A list may be hundreds of megabytes on one line, and its first character tells it.
            if _first_character(file) != "{":
                return False
            file.seek(0)
            first = next((line for line in file if line.strip()), "")
    except (OSError, UnicodeDecodeError):
        return False  # the reader names the cause
    try:
        return is_result(json.loads(first))
    except RecursionError:
        return False  # the reader names the cause
    except ValueError:
        return first.strip() == "{" and is_result(load_object(path))


def _first_character(file: TextIO) -> str:
    """The first character that is not blank; empty where there is none."""
    while piece := file.read(_PEEK):
        if text := piece.lstrip():
            return text[0]
    return ""
