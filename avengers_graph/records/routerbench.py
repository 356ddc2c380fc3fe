"""RouterBench's CSV: a column of scores, of responses and of costs for each model."""

import ast
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from avengers_graph.errors import RecordsError
from avengers_graph.records.items import not_utf8
from avengers_graph.records.record import Record, check_names
from avengers_graph.records.rows import Row

_COST = "|total_cost"
_RESPONSE = "|model_response"
_NEEDED = ("sample_id", "prompt", "eval_name")
_NO_MODEL = (*_NEEDED, "oracle_model_to_route_to", "", "Unnamed: 0", "index")
"""Columns known to be none of a model: the format's own, and the numbers of a saved frame."""
LONGEST_CELL = 1 << 27
"""Characters of one cell; responses outgrow the csv module's default of 131,072."""
_TRUTH = {"True": 1.0, "False": 0.0}


def read_routerbench(path: Path) -> Iterator[Row]:
    """Rows of one CSV file, read as a stream.

    A model has a column of scores, and beside it a column of responses, of costs, or both.
    ``sample_id`` does not become the record's id: the published files hold some samples on several
    lines, each line with the scores of other models.

    Raises:
        RecordsError: names file and line.
    """
    allow_long_cells()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(path, csv.reader(file, strict=True))
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except OSError as error:
        raise RecordsError(
            f"cannot read {str(path)!r} ({error.strerror}); check the path"
        ) from error


def allow_long_cells() -> None:
    """Raise the csv module's limit, where it is lower, to ``LONGEST_CELL``, and leave it there.

    It is one limit for the process: set back by one reader, it would end another that still
    reads.
    """
    if csv.field_size_limit() < LONGEST_CELL:
        csv.field_size_limit(LONGEST_CELL)


def _rows(path: Path, lines: Any) -> Iterator[Row]:
    try:
        header: list[str] = next(lines, [])
        models = _models(path, header)
        others = [
            (at, name)
            for at, name in enumerate(header)
            if name not in models and name not in _NO_MODEL and "|" not in name
        ]
        for cells in lines:
            if not any(cell.strip() for cell in cells) and len(cells) < 2:
                continue  # an empty line, as editors leave at the end
            where = f"{path}:{lines.line_num}"
            if len(cells) != len(header):
                raise RecordsError(
                    f"{where}: {len(cells)} cells under {len(header)} column names; "
                    "is the file cut off?"
                )
            for at, name in others:
                if _may_be_score(cells[at]):
                    raise RecordsError(
                        f"{where}: column {name!r} holds {cells[at]!r} as a model's scores would, "
                        f"but there is no '{name}{_RESPONSE}' or '{name}{_COST}'; add one of "
                        "these, or take the column out"
                    )
            yield _row(where, dict(zip(header, cells, strict=True)), models)
    except csv.Error as error:
        raise RecordsError(
            f"{path}:{lines.line_num}: not valid CSV ({error}); is the file cut off?"
        ) from error


def _models(path: Path, header: list[str]) -> list[str]:
    missing = [name for name in _NEEDED if name not in header]
    named = [
        name.removesuffix(end)
        for end in (_COST, _RESPONSE)
        for name in header
        if name.endswith(end)
    ]
    models = list(dict.fromkeys(named))
    if missing or not models:
        raise RecordsError(
            f"{path}:1: no RouterBench CSV: it needs the columns {list(_NEEDED)} and '<model>' "
            f"with '<model>{_RESPONSE}' or '<model>{_COST}' for each model, but has {header[:6]}"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise RecordsError(f"{path}:1: columns {twice} come twice; give each model its own name")
    unscored = [name for name in models if name not in header]
    if unscored:
        raise RecordsError(
            f"{path}:1: models {unscored} have costs or responses but no column of scores; add it, "
            "or take their columns out"
        )
    check_names(models, where=f"{path}:1")
    return models


def _row(where: str, cells: Mapping[str, str], models: list[str]) -> Row:
    record = Record(
        query=_joined(cells["prompt"]),
        dataset=cells["eval_name"],
        scores=_numbers(where, {name: cells[name] for name in models}, "score"),
        costs=_numbers(where, {name: cells.get(name + _COST, "") for name in models}, "cost"),
    )
    return Row(where, record, frozenset(models))


def _numbers(where: str, cells: Mapping[str, str], what: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, cell in cells.items():
        if not cell.strip():
            continue
        try:
            found[name] = _TRUTH[cell] if cell in _TRUTH else float(cell)
        except ValueError as error:
            raise RecordsError(
                f"{where}: {what} of expert {name!r} is {cell!r}; give a number"
            ) from error
    return found


def _may_be_score(cell: str) -> bool:
    try:
        return cell in _TRUTH or 0 <= float(cell) <= 1
    except ValueError:
        return False


def _joined(cell: str) -> str:
    """The prompt's turns as one text; the column holds printed Python lists of strings."""
    if not cell.startswith("["):
        return cell
    try:
        turns = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return cell
    if isinstance(turns, list) and all(isinstance(turn, str) for turn in turns):
        return "\n".join(turns)
    return cell
