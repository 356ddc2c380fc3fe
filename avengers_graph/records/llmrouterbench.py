"""LLMRouterBench's result tree: ``<dataset>/<split>/<model>/<timestamp>.json``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avengers_graph.errors import RecordsError
from avengers_graph.records.items import load_object
from avengers_graph.records.record import Record, check_record
from avengers_graph.records.rows import Row, numbers

_LAYOUT = "<dataset>/<split>/<model>/<timestamp>.json"

_Key = tuple[str, str, str]
"""Data set, split, and index as text."""
_Result = tuple[Path, dict[str, Any]]
"""A result file and its content."""


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
    """Every JSON file of the tree below ``folder``, sorted; what is hidden is left out."""
    found = (path for path in folder.rglob("*.json") if path.is_file())
    return sorted(
        p for p in found if not any(_is_hidden(part) for part in p.relative_to(folder).parts)
    )


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def read_llmrouterbench(place: Path) -> Iterator[Row]:
    """Queries joined over models by data set, split and index, in order of first sight.

    Of several files of one model the one with the greatest name, the newest timestamp,
    counts; files with ``"demo": true`` are skipped, and so is what holds no ``records`` in a
    folder, such as a summary.

    Args:
        place: One result file, or a folder of them on any level of the tree.

    Raises:
        RecordsError: a file is no result file, a value is out of range, two models' files
            disagree on the query of one index, or results lie on different levels.
    """
    joined: dict[_Key, _Joined] = {}
    for path, value in _of_folder(place) if place.is_dir() else _of_file(place):
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


def _of_file(path: Path) -> Iterator[_Result]:
    value = load_object(path)
    _check_result(path, value)
    if value.get("demo") is not True:
        yield path, value


def _of_folder(top: Path) -> Iterator[_Result]:
    """The result that counts for each folder below ``top``."""
    folders: dict[Path, list[Path]] = {}
    for path in result_files(top):
        folders.setdefault(path.parent, []).append(path)
    first: Path | None = None
    for folder, candidates in folders.items():
        for path in sorted(candidates, reverse=True):
            value = load_object(path)
            if "records" not in value:
                continue
            _check_result(path, value)
            if value.get("demo") is True:
                continue
            first = first or folder
            if len(folder.parts) != len(first.parts):
                raise RecordsError(
                    f"{path} lies on another level than the results in {first}: is it "
                    f"{_LAYOUT}? Move it, or give a folder with results of one level"
                )
            yield path, value
            break
    if first is None:
        raise RecordsError(f"{top}: no LLMRouterBench result in the folder ({_LAYOUT})")


def _check_result(path: Path, value: dict[str, Any]) -> None:
    if not is_result(value):
        raise RecordsError(
            f"{path}: no LLMRouterBench result: it needs performance and a list of records"
        )


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
