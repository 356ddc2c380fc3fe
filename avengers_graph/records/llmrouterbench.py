"""LLMRouterBench's result tree: ``<dataset>/<split>/<model>/<timestamp>.json``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avengers_graph.errors import RecordsError
from avengers_graph.records.items import load_object
from avengers_graph.records.record import Record
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
    """Every JSON file of the tree below ``folder``, sorted; what is hidden is left out.

    Links to files and to folders are followed, but go by their own names: a downloaded tree may
    be made of links into a store.

    Raises:
        RecordsError: a link leads nowhere, or a folder cannot be read.
    """
    return sorted(_json_files(folder, within=frozenset()))


def _json_files(folder: Path, *, within: frozenset[Path]) -> Iterator[Path]:
    """As ``result_files``, unsorted; ``within`` are the folders above, which a link may lead to."""
    here = folder.resolve()
    if here in within:
        return
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise RecordsError(
            f"cannot read {str(folder)!r} ({error.strerror}); check its permissions"
        ) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _json_files(entry, within=within | {here})
        elif entry.suffix == ".json":
            if not entry.exists():
                raise RecordsError(
                    f"{entry}: the link leads to {str(entry.readlink())!r}, which is not there; "
                    "download the file again"
                )
            yield entry


def read_llmrouterbench(place: Path) -> Iterator[Row]:
    """Queries joined over models by data set, split and index, in order of first sight.

    Of several files of one model the one with the greatest name, the newest timestamp,
    counts; files with ``"demo": true`` are skipped, and so is what holds no ``records`` in a
    folder, such as a summary. A newest run that is empty or cut short is an error: an older one
    in its stead would pass for it.

    Args:
        place: One result file, or a folder of them on any level of the tree.

    Raises:
        RecordsError: a file is no result file or not complete, a value is out of range, two
            models' files disagree on the query of one index, or results lie on different levels.
    """
    if ".." in place.parts:  # what lies above is no name
        place = place.resolve() if place.is_dir() else place.parent.resolve() / place.name
    joined: dict[_Key, _Joined] = {}
    for path, value in _of_folder(place) if place.is_dir() else _of_file(place):
        dataset, split, model = _named_by(path)
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
        yield Row(entry.where, record, frozenset(entry.names))


def _named_by(path: Path) -> tuple[str, str, str]:
    """Data set, split and model: the folders that the file lies in, by the names it was found by.

    Where the path is a link, its target's folders would be those of a store.
    """
    folders = path.absolute().parts[1:-1]
    if len(folders) < 3:
        raise RecordsError(
            f"{path}: a result is told by the folders it lies in, {_LAYOUT}; put it into these"
        )
    dataset, split, model = folders[-3:]
    return dataset, split, model


def _of_file(path: Path) -> Iterator[_Result]:
    value = load_object(path)
    _check_result(path, value)
    if value.get("demo") is not True:
        _check_complete(path, value)
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
            _check_complete(path, value)
            yield path, value
            break
    if first is None:
        raise RecordsError(f"{top}: no LLMRouterBench result in the folder ({_LAYOUT})")


def _check_result(path: Path, value: dict[str, Any]) -> None:
    if not is_result(value):
        raise RecordsError(
            f"{path}: no LLMRouterBench result: it needs performance and a list of records"
        )


def _check_complete(path: Path, value: dict[str, Any]) -> None:
    """Refuse a run that says to have other records than it holds, or holds none."""
    held, said = len(value["records"]), value.get("counts")
    if held and (said == held or not isinstance(said, int | float)):
        return
    what = f"counts is {said!r}, but records are {held}" if held else "the run holds no records"
    raise RecordsError(
        f"{path}: {what}; run it again, or take the file out to use an older run or none of "
        "this model"
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
