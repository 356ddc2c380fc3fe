"""The record itself, and the checks that every reader and every caller's list goes through."""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from avengers_graph.errors import RecordsError


@dataclass(frozen=True, slots=True)
class Record:
    """One validation query with what each expert scored on it."""

    query: str
    dataset: str
    scores: Mapping[str, float]
    """Expert name to score in [0, 1]. An expert that was not asked is absent."""
    costs: Mapping[str, float] = field(default_factory=dict)
    """Expert name to USD spent on this query, at least 0; absent where unknown."""
    latencies: Mapping[str, float] = field(default_factory=dict)
    """Expert name to seconds that this query took, at least 0; absent where unknown."""
    reference: str | None = None
    """The right answer, where the file has it."""
    id: str | None = None
    """Unique within its data set."""


def expert_names(records: Iterable[Record]) -> tuple[str, ...]:
    """Every expert scored anywhere, sorted by name, so that file order does not matter."""
    return tuple(sorted({name for record in records for name in record.scores}))


def check_records(records: Sequence[Record], *, where: str = "records") -> tuple[str, ...]:
    """The experts of records that a caller made: each record is checked, then all together.

    Args:
        where: Named in the message.

    Raises:
        RecordsError: as ``check_record`` and ``check_together``.
    """
    places = [f"{where}, record {number}" for number in range(1, len(records) + 1)]
    for record, place in zip(records, places, strict=True):
        check_record(record, where=place)
    return check_together(records, where=where, places=places)


def check_together(
    records: Sequence[Record], *, where: str, places: Sequence[str]
) -> tuple[str, ...]:
    """The experts of checked records, after checking what no single record can show.

    Args:
        where: Named in the message, such as the files the records came from.
        places: Where each record stands, such as its file and line.

    Raises:
        RecordsError: there is no record, an id comes twice in a data set, or two experts'
            names, with scores or with costs, differ only by case, by surrounding blanks, or by
            how a letter with an accent is encoded.
    """
    if not records:
        raise RecordsError(f"{where}: no record; pass at least one scored query")
    seen: dict[tuple[str, str], str] = {}
    named: dict[str, str] = {}
    for record, place in zip(records, places, strict=True):
        for name in chain(record.scores, record.costs, record.latencies):
            named.setdefault(name, place)
        if record.id is None:
            continue
        key = (record.dataset, record.id)
        if key in seen:
            raise RecordsError(
                f"{place}: id {record.id!r} comes twice in data set {record.dataset!r}, first at "
                f"{seen[key]}; give each record its own id, or leave ids out"
            )
        seen[key] = place
    check_names(named, where=where, places=named)
    return expert_names(records)


def check_record(record: Record, *, where: str) -> None:
    """One record's values: types and ranges.

    Raises:
        RecordsError: names the value and what to do.
    """
    if not isinstance(record.query, str) or not record.query.strip():
        raise RecordsError(f"{where}: query {record.query!r} is empty; give its text or drop it")
    check_unicode(record.query, f"{where}: query")
    if not isinstance(record.dataset, str) or not record.dataset:
        raise RecordsError(f"{where}: dataset {record.dataset!r} must be a name")
    check_unicode(record.dataset, f"{where}: dataset")
    if not record.scores:
        raise RecordsError(f"{where}: no expert has a score; score at least one or drop the record")
    for name, score in record.scores.items():
        check_unicode(name, f"{where}: expert name")
        _check_number(score, f"{where}: score of expert {name!r}", high=1.0)
    for name, cost in record.costs.items():
        _check_number(cost, f"{where}: cost of expert {name!r}", high=None)
    for name, latency in record.latencies.items():
        _check_number(latency, f"{where}: latency of expert {name!r}", high=None)


def check_unicode(text: str, what: str) -> None:
    """Refuse half a surrogate pair: JSON can spell it, but no embedder and no file can take it.

    Args:
        what: Where the text is and what it is, for the message.

    Raises:
        RecordsError: names the character and its position.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RecordsError(
            f"{what} holds {text[error.start]!r}, half a surrogate pair, at character "
            f"{error.start}; write the whole character or take it out"
        ) from error


def check_names(
    names: Iterable[str], *, where: str, places: Mapping[str, str] | None = None
) -> None:
    """Refuse expert names that a person could not tell apart.

    Args:
        where: Named in the message, such as the file.
        places: File and line of each name, where they are known.

    Raises:
        RecordsError: a name is empty, or equals another but for case, surrounding blanks, or
            how a letter with an accent is encoded.
    """
    first: dict[str, str] = {}
    for name in names:
        place = where if places is None else places[name]
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.strip()).casefold())
        if not folded:
            raise RecordsError(f"{place}: an expert's name is {name!r}; give it a name")
        other = first.setdefault(folded, name)
        if other != name:
            before = "" if places is None else f" (at {places[other]})"
            raise RecordsError(
                f"{place}: expert names {other!r}{before} and {name!r} clash; "
                "write one expert's name the same way everywhere"
            )


def _check_number(value: Any, what: str, *, high: float | None) -> None:
    wanted = "in [0, 1]" if high is not None else "0 or more"
    if isinstance(value, str) or not isinstance(value, int | float):
        raise RecordsError(f"{what} is {value!r}; it must be a number {wanted}")
    try:
        number = float(value)
    except OverflowError as error:
        raise RecordsError(f"{what} has over 300 digits; it must be a number {wanted}") from error
    if not math.isfinite(number) or number < 0 or (high is not None and number > high):
        raise RecordsError(f"{what} is {value!r}; it must be {wanted}")
