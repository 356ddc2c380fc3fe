"""From one JSON object to one record: our own lines, RouterDC's, and the Avengers'."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from avengers_graph.errors import RecordsError
from avengers_graph.records.items import Item, read_items
from avengers_graph.records.record import Record, check_record

SCORE_TYPES = ("auto", "choice", "fraction")
"""How RouterDC's scores are read. ``choice``: the probability of the right choice when the
model chose it, else 0, so above 0 means right. ``fraction``: the share of samples that were
right, read as it is. ``auto``: choice if any score of the file is no multiple of 0.1."""


@dataclass(frozen=True, slots=True)
class Row:
    """A checked record, with where it stands and whom it names, scored or not.

    Raises:
        RecordsError: a value of the record cannot be used.
    """

    where: str
    record: Record
    names: frozenset[str]

    def __post_init__(self) -> None:
        check_record(self.record, where=self.where)


@dataclass(frozen=True, slots=True)
class Shape:
    """Keys of one published kind of JSON object."""

    query: str
    scores: str
    own: bool = False


SHAPES: Mapping[str, Shape] = {
    "records": Shape("query", "scores", own=True),
    "routerdc": Shape("question", "scores"),
    "avengers": Shape("query", "records"),
}


def shape_of(item: Mapping[str, Any], where: str) -> str:
    """Name of the row of ``SHAPES`` that ``item`` is written in.

    Raises:
        RecordsError: it is none of them.
    """
    for name, shape in SHAPES.items():
        if shape.query in item and isinstance(item.get(shape.scores), dict):
            return name
    raise RecordsError(
        f"{where}: no record format has the keys {sorted(item)[:8]}; a line needs "
        '"query" and "scores" ("question" and "scores" in RouterDC, "query" and "records" '
        "in Avengers files), the scores being {expert: number}"
    )


def read_json_rows(path: Path, *, score_type: str) -> Iterator[Row]:
    """Rows of a JSON list or of JSON lines, all in the shape of the first.

    Raises:
        RecordsError: names file and line.
    """
    items = read_items(path)
    first = next(items, None)
    if first is None:
        raise RecordsError(f"{path}: the list is empty; pass a file with scored queries")
    name = shape_of(first[1], f"{path}:{first[0]}")
    shape = SHAPES[name]
    rows = (_row(item, path, name, shape) for item in chain([first], items))
    return _as_correctness(rows, score_type) if name == "routerdc" else rows


def numbers(value: Any, where: str, key: str) -> dict[str, float]:
    """``value`` as expert to number, null entries left out, true and false as 1 and 0.

    Raises:
        RecordsError: it is no object, or an entry is neither number nor null, or too large.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RecordsError(f"{where}: {key} is {value!r}; it must be {{expert: number}}")
    found: dict[str, float] = {}
    for name, number in value.items():
        if number is None:
            continue
        if isinstance(number, str) or not isinstance(number, int | float):
            raise RecordsError(f"{where}: {key} of expert {name!r} is {number!r}; give a number")
        try:
            found[name] = float(number)
        except OverflowError as error:
            raise RecordsError(
                f"{where}: {key} of expert {name!r} has over 300 digits; give a smaller number"
            ) from error
    return found


def _row(item: Item, path: Path, name: str, shape: Shape) -> Row:
    line, raw = item
    where = f"{path}:{line}"
    found = shape_of(raw, where)
    if found != name:
        raise RecordsError(f"{where}: a {found} line in a {name} file; keep one format to a file")
    record = Record(
        query=raw[shape.query],
        dataset=path.stem if raw.get("dataset") in (None, "") else raw["dataset"],
        scores=numbers(raw[shape.scores], where, shape.scores),
        costs=numbers(raw.get("costs"), where, "costs") if shape.own else _usage_costs(raw, where),
        latencies=numbers(raw.get("latencies"), where, "latencies") if shape.own else {},
        reference=_text(raw.get("reference")) if shape.own else None,
        id=_text(raw.get("id")) if shape.own else None,
    )
    return Row(where, record, frozenset(raw[shape.scores]))


def _usage_costs(raw: Mapping[str, Any], where: str) -> dict[str, float]:
    """USD per expert from Avengers-Pro's ``usages``; empty in the other formats."""
    usages = raw.get("usages") or {}
    if not isinstance(usages, dict) or not all(isinstance(u, dict) for u in usages.values()):
        raise RecordsError(f"{where}: usages must be {{expert: {{cost, ...}}}}")
    return numbers({name: usage.get("cost") for name, usage in usages.items()}, where, "cost")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _as_correctness(rows: Iterable[Row], score_type: str) -> Iterator[Row]:
    """RouterDC's scores as correctness; ``auto`` needs the whole file before the first row."""
    if score_type == "fraction":
        yield from rows
        return
    held = list(rows)
    if score_type == "choice" or any(_off_tenth(row) for row in held):
        held = [replace(row, record=_chosen(row.record)) for row in held]
    yield from held


def _off_tenth(row: Row) -> bool:
    return any(abs(10 * s - round(10 * s)) > 1e-9 for s in row.record.scores.values())


def _chosen(record: Record) -> Record:
    return replace(record, scores={n: float(s > 0) for n, s in record.scores.items()})
