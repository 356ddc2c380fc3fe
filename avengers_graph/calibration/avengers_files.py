"""Artefacts of the Avengers authors' own code, as an index of ours.

``ranking_*.json`` holds each cluster's scores, ``ranking_centers_*.npy`` the centres, and
``map_*.json`` the models' names. Their pickled normaliser only scales vectors to length 1, which
we do anyway; it is not read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avengers_graph.errors import ConfigError, RecordsError
from avengers_graph.records import check_names
from avengers_graph.records.items import load_object
from avengers_graph.routing import RankingSettings
from avengers_graph.routing.matrix import DatasetMeans
from avengers_graph.routing.model import ClusterTable, FittedModel, LinearModel, Vectors
from avengers_graph.routing.novelty import Novelty

Floats = NDArray[np.float64]

DATASET = "avengers"
"""Name of the one data set that artefacts stand for; they do not say more."""
SCORERS_OF_TABLES = ("cluster", "reciprocal-rank")
_MOST = 2**53
"""Largest count that is accepted: beyond it floats skip whole numbers."""
_ROUNDING = 0.00501
"""How far an accuracy may be from correct / total: it may be written with two digits."""


def read_avengers_files(folder: Path, *, scorer: str = "cluster") -> FittedModel:
    """The fitted model that a folder of the authors' artefacts describes.

    Args:
        scorer: ``cluster``, or ``reciprocal-rank`` for the authors' own order; the artefacts
            hold nothing for other scorers.

    Raises:
        ConfigError: it is another scorer.
        RecordsError: a file is missing, or the files do not fit together.
    """
    if scorer not in SCORERS_OF_TABLES:
        raise ConfigError(
            f"artefacts hold scores by cluster only; the scorer is one of {SCORERS_OF_TABLES}, "
            f"not {scorer!r}"
        )
    ranking = load_object(_only(folder, "ranking_*.json"))
    centres = _centres(_only(folder, "ranking_centers_*.npy"))
    if sorted(ranking) != sorted(str(row) for row in range(len(centres))):
        raise RecordsError(
            f"{folder}: the ranking has clusters {sorted(ranking)[:4]}..., the centres "
            f"{len(centres)} rows; keep files of one run"
        )
    tables = [_scores(folder, ranking[str(row)], row) for row in range(len(centres))]
    ids = sorted({model for table in tables for model in table})
    names = _names(folder, ids)
    order = sorted(range(len(ids)), key=lambda at: names[ids[at]])
    columns = [ids[at] for at in order]
    counts = np.array([[table.get(m, (0, 0))[1] for m in columns] for table in tables], float)
    right = np.array([[table.get(m, (0, 0))[0] for m in columns] for table in tables], float)
    sizes = np.array([_size(folder, ranking[str(row)], row) for row in range(len(centres))])
    return _model(tuple(names[m] for m in columns), centres, sizes, counts, right, scorer=scorer)


def _model(
    experts: tuple[str, ...],
    centres: Vectors,
    sizes: Any,
    counts: Floats,
    right: Floats,
    *,
    scorer: str,
) -> FittedModel:
    size, dim = centres.shape
    unknown = np.full((size, len(experts)), np.nan)
    global_counts = counts.sum(axis=0)
    global_means = right.sum(axis=0) / np.maximum(global_counts, 1)
    return FittedModel(
        settings=RankingSettings(
            n_clusters=size, partitions=1, prior="global", scorer=scorer, back_off=False
        ),
        experts=experts,
        datasets=(DATASET,),
        clusters=ClusterTable(
            centroids=centres,
            partition=np.zeros(size, dtype=np.int64),
            labels=tuple(f"cluster {row}" for row in range(size)),
            sizes=sizes.astype(np.int64),
            counts=counts,
            means=right / np.maximum(counts, 1),
            expected=np.where(counts > 0, global_means, 0.0),
            costs=unknown,
            latencies=unknown,
        ),
        dataset_means=DatasetMeans(
            means=global_means[None],
            counts=global_counts[None],
            overall=global_means,
            single=global_means,
        ),
        dataset_classifier=LinearModel(np.zeros((1, dim), dtype=np.float32), np.zeros(1)),
        ridge=LinearModel(np.zeros((len(experts), dim), dtype=np.float32), np.zeros(len(experts))),
        global_means=global_means,
        global_counts=global_counts,
        global_costs=unknown[0],
        global_latencies=unknown[0],
        # The artefacts do not hold the distances between queries.
        novelty=Novelty(np.empty((0, dim), dtype=np.float32), near=0.0, far=1.0),
    )


def _scores(folder: Path, cluster: Any, row: int) -> dict[str, tuple[float, float]]:
    """Right answers and questions of each model in one cluster."""
    found: dict[str, tuple[float, float]] = {}
    try:
        for model, entry in cluster["scores"].items():
            total = _number(entry["total"])
            if "correct" in entry:
                right = _number(entry["correct"])
            else:
                right = _number(entry["accuracy"]) * total
            if not 0 <= right <= total:
                raise ValueError(f"{right:g} right of {total:g} questions")
            if total and "accuracy" in entry:
                share = _number(entry["accuracy"])
                # A fraction, or in percent.
                if min(abs(share - right / total), abs(share / 100 - right / total)) > _ROUNDING:
                    raise ValueError(f"accuracy {share:g}, but {right:g} right of {total:g}")
            found[model] = (right, total)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RecordsError(
            f"{folder}: cluster {row} of the ranking has unusable scores "
            f"({type(error).__name__}: {error}); each model needs correct and total"
        ) from error
    if not found:
        raise RecordsError(f"{folder}: cluster {row} of the ranking scores no model")
    return found


def _number(value: Any) -> float:
    """``value`` where it is a finite number.

    Raises:
        TypeError: it is none.
        ValueError: it is not finite, or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not -_MOST <= value <= _MOST:
        raise ValueError("a number is not finite or has over 15 digits")
    return float(value)


def _size(folder: Path, cluster: Mapping[str, Any], row: int) -> int:
    """Queries of one cluster."""
    try:
        total = _number(cluster.get("total", 0))
    except (TypeError, ValueError) as error:
        raise RecordsError(
            f"{folder}: the total of cluster {row} of the ranking is no number of queries ({error})"
        ) from error
    if total < 0:
        raise RecordsError(
            f"{folder}: the total of cluster {row} of the ranking is {total:g}; it must be a "
            "number of queries"
        )
    return int(total)


def _names(folder: Path, ids: list[str]) -> dict[str, str]:
    """Each model's name; the map is id to name or name to id, as both occur."""
    files = sorted(folder.glob("map_*.json"))
    if not files:
        return {model: model for model in ids}
    if len(files) > 1:
        raise RecordsError(f"{folder}: {len(files)} files map_*.json; keep the one of this run")
    mapping = {str(key): str(value) for key, value in load_object(files[0]).items()}
    turned = {value: key for key, value in mapping.items()}
    if not all(model in mapping for model in ids):
        named = list(mapping.values())
        if twice := [model for model in ids if named.count(model) > 1]:
            raise RecordsError(f"{files[0]}: the models {twice[:5]} have two names; keep one each")
    for candidate in (mapping, turned):
        if all(model in candidate for model in ids):
            names = {model: candidate[model] for model in ids}
            if len(set(names.values())) < len(names):
                raise RecordsError(f"{files[0]}: two models share a name; give each its own")
            check_names(names.values(), where=str(files[0]))
            return names
    missing = [model for model in ids if model not in mapping and model not in turned]
    raise RecordsError(f"{files[0]}: the models {missing[:5]} of the ranking are not in the map")


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise RecordsError(
            f"{folder}: {len(found)} files {pattern}; put exactly one there, of one run"
        )
    return found[0]


def _centres(path: Path) -> Vectors:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RecordsError(f"{path}: no plain NumPy array ({error}); is it cut off?") from error
    if array.dtype.kind not in "fiu":
        raise RecordsError(f"{path}: an array of {array.dtype}; centres are real numbers")
    if array.ndim != 2 or not array.size:
        raise RecordsError(f"{path}: shape {array.shape}; it must be (clusters, dim)")
    with np.errstate(over="ignore"):
        centres = np.asarray(array, dtype=np.float32)
    if not np.isfinite(centres).all():
        raise RecordsError(f"{path}: a centre is not finite, or beyond what a float32 holds")
    return centres
