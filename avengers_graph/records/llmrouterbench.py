"""LLMRouterBench's result tree: ``<dataset>/<split>/<model>/<timestamp>.json``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avengers_graph.errors import RecordsError
from avengers_graph.records.items import load_object
from avengers_graph.records.record import Record, check_record
from avengers_graph.records.rows import Row, numbers

_Key = tuple[str, str, str]
"""Data set, split, and index as text."""


@dataclass(slots=True)
class _Joined:
    """One query while its models' files are read."""

    query: str
    where: str
    reference: str | None
    scores: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def is_result(value: dict[str, Any]) -> bool:
    """Whether a JSON object is one model's result file."""
    return isinstance(value.get("records"), list) and "performance" in value


def result_files(folder: Path) -> list[Path]:
    """Every file of the tree at or above ``folder``'s results, sorted."""
    return sorted(path for path in folder.rglob("*.json") if path.is_file())


def read_llmrouterbench(files: Iterable[Path]) -> Iterator[Row]:
    """Queries joined over models by data set, split and index, in order of first sight.

    Of several files of one model the one with the greatest name, the newest timestamp,
    counts; files with ``"demo": true`` are skipped.

    Raises:
        RecordsError: a file is no result file, a value is out of range, or two models'
            files disagree on the query of one index.
    """
    joined: dict[_Key, _Joined] = {}
    for path, value in _newest(files):
        dataset, split, model = path.resolve().parts[-4:-1]
        for number, item in enumerate(value["records"], start=1):
            where = f"{path}, record {number}"
            if not isinstance(item, dict) or "index" not in item:
                raise RecordsError(
                    f"{where}: {str(item)[:60]!r} has no index; is the file cut off?"
                )
            _join(joined, (dataset, split, str(item["index"])), model, item, where)
    for (dataset, split, index), entry in joined.items():
        record = Record(
            query=entry.query,
            dataset=dataset,
            scores=entry.scores,
            costs=entry.costs,
            reference=entry.reference,
            id=f"{split}/{index}",
        )
        check_record(record, where=entry.where)
        yield Row(entry.where, record, frozenset(entry.names))


def _newest(files: Iterable[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The result file that counts for each folder, with its content."""
    folders: dict[Path, list[Path]] = {}
    for path in files:
        folders.setdefault(path.resolve().parent, []).append(path)
    for candidates in folders.values():
        for path in sorted(candidates, key=lambda p: p.name, reverse=True):
            value = load_object(path)
            if not is_result(value):
                raise RecordsError(
                    f"{path}: no LLMRouterBench result: it needs performance and a list of records"
                )
            if value.get("demo") is not True:
                yield path, value
                break


def _join(
    joined: dict[_Key, _Joined], key: _Key, model: str, item: dict[str, Any], where: str
) -> None:
    query = str(item.get("origin_query") or item.get("prompt") or "")
    entry = joined.get(key)
    if entry is None:
        truth = item.get("ground_truth")
        entry = joined[key] = _Joined(query, where, None if truth is None else str(truth))
    if entry.query != query:
        raise RecordsError(
            f"{where}: index {key[2]!r} asks {query[:40]!r}, but {entry.where} asks "
            f"{entry.query[:40]!r}; keep files of one version of the data set"
        )
    if model in entry.names:
        raise RecordsError(f"{where}: index {key[2]!r} comes twice for {model!r}; keep one")
    entry.names.add(model)
    entry.scores.update(numbers({model: item.get("score")}, where, "score"))
    entry.costs.update(numbers({model: item.get("cost")}, where, "cost"))
