"""The authors' artefacts become an index that routes as they say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avengers_graph.calibration.avengers_files import read_avengers_files
from avengers_graph.errors import (
    ClusterIndexError,
    ConfigError,
    IndexMismatchError,
    RecordsError,
)
from avengers_graph.routing import ClusterIndex, rank_experts
from tests.routing.conftest import TopicEmbeddings


def cell(correct: int, total: int) -> dict[str, Any]:
    return {"correct": correct, "total": total, "accuracy": correct / max(total, 1)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ranking = {
        "0": {"total": 40, "scores": {"m1": cell(30, 40), "m2": cell(10, 40)}, "ranking": []},
        "1": {"total": 20, "scores": {"m1": cell(2, 20), "m2": cell(18, 20)}, "ranking": []},
    }
    (tmp_path / "ranking_x.json").write_text(json.dumps(ranking))
    (tmp_path / "map_x.json").write_text(json.dumps({"m1": "zoe", "m2": "abe"}))
    np.save(tmp_path / "ranking_centers_x.npy", np.eye(2, 24))
    return tmp_path


@pytest.mark.parametrize("mapping", [{"m1": "zoe", "m2": "abe"}, {"zoe": "m1", "abe": "m2"}])
def test_artefacts_route(folder: Path, mapping: dict[str, str]) -> None:
    (folder / "map_x.json").write_text(json.dumps(mapping))
    model = read_avengers_files(folder)
    ClusterIndex.from_model(model, TopicEmbeddings(), path=folder / "index")
    index = ClusterIndex.open(folder / "index", embeddings=TopicEmbeddings())
    assert (index.experts, index.n_queries) == (("abe", "zoe"), 60)
    for row, best in enumerate(("zoe", "abe")):
        vector = np.eye(2, 24)[row]
        (hit,) = index.nearest(vector)
        assert hit["id"] == row
        assert (
            rank_experts(index.evidence(vector, [hit]), candidates=index.experts)[0]["name"] == best
        )
    assert index.scores(0)["zoe"].mean == 0.75
    assert index.model.global_scores()["abe"].mean == pytest.approx(28 / 60)


def test_without_a_map_the_ids_are_the_names(folder: Path) -> None:
    (folder / "map_x.json").unlink()
    assert read_avengers_files(folder).experts == ("m1", "m2")


def one_cluster(**cell_of_m1: Any) -> str:
    return json.dumps({"0": {"total": 40, "scores": {"m1": cell_of_m1}}})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "map_y.json",
            b'{"m1": "abe", "m2": "zoe"}',
            r"2 files map_\*\.json; keep the one of this",
        ),
        ("map_x.json", b'{"m1": "a", "m1": "b", "m2": "c"}', r"the names \['m1'\] come twice"),
        ("map_x.json", b'{"a": "m1", "b": "m1", "c": "m2"}', r"models \['m1'\] have two names"),
        ("map_x.json", b"[" * 100_000, r"map_x\.json: not valid JSON"),
        ("ranking_x.json", one_cluster(correct=1, total=10**400), "over 15 digits"),
        ("ranking_x.json", one_cluster(correct="1", total="2"), "'2' is no number"),
        ("ranking_x.json", one_cluster(correct=True, total=1), "True is no number"),
        (
            "ranking_x.json",
            one_cluster(correct=5, total=20, accuracy=0.9),
            "accuracy 0.9, but 5 right of 20",
        ),
        ("ranking_x.json", one_cluster(total=20), "KeyError: 'accuracy'"),
    ],
)
def test_a_file_that_cannot_be_taken_is_one_line(
    folder: Path, name: str, content: bytes | str, message: str
) -> None:
    np.save(folder / "ranking_centers_x.npy", np.eye(2 if name.startswith("map") else 1, 24))
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RecordsError, match=message) as caught:
        read_avengers_files(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("centres", "message"),
    [
        (np.full((2, 24), "a"), "an array of <U1; centres are real numbers"),
        (np.eye(2, 24) * 1j, "an array of complex128"),
        (np.eye(2, 24) * np.nan, "a centre is not finite"),
        (np.eye(2, 24) * 1e300, "beyond what a float32 holds"),
    ],
)
def test_centres_are_real_and_finite(folder: Path, centres: Any, message: str) -> None:
    np.save(folder / "ranking_centers_x.npy", centres)
    with pytest.raises(RecordsError, match=message):
        read_avengers_files(folder)


@pytest.mark.parametrize("accuracy", [0.83, 82.5])
def test_a_byte_order_mark_and_accuracies_as_people_write_them_are_fine(
    folder: Path, accuracy: float
) -> None:
    ranking = json.loads((folder / "ranking_x.json").read_text())
    ranking["0"]["scores"]["m1"] = {"correct": 33, "total": 40, "accuracy": accuracy}
    text = json.dumps(ranking)
    (folder / "ranking_x.json").write_text(text, encoding="utf-8-sig")
    assert read_avengers_files(folder).clusters.means[0, 1] == pytest.approx(33 / 40)
    (folder / "ranking_x.json").write_text(
        text.replace('"total": 40, "scores"', '"total": -1, "scores"')
    )
    with pytest.raises(RecordsError, match="the total of cluster 0 of the ranking is -1"):
        read_avengers_files(folder)


def test_files_that_do_not_fit_together(folder: Path) -> None:
    model = read_avengers_files(folder)
    with pytest.raises(IndexMismatchError, match="24 dimensions"):
        ClusterIndex.from_model(model, TopicEmbeddings(dim=8), path=folder / "index")
    (folder / "map_x.json").write_text('{"other": "one"}')
    with pytest.raises(RecordsError, match="are not in the map"):
        read_avengers_files(folder)
    (folder / "map_x.json").write_text('{"m1": "same", "m2": "same"}')
    with pytest.raises(RecordsError, match="share a name"):
        read_avengers_files(folder)
    np.save(folder / "ranking_centers_x.npy", np.eye(3))
    with pytest.raises(RecordsError, match="keep files of one run"):
        read_avengers_files(folder)
    (folder / "ranking_centers_x.npy").write_bytes(b"cut")
    with pytest.raises(RecordsError, match="no plain NumPy array"):
        read_avengers_files(folder)
    (folder / "ranking_x.json").write_text("{")
    with pytest.raises(RecordsError, match="not valid JSON"):
        read_avengers_files(folder)


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ({"total": "many", "scores": {"m1": cell(1, 2)}}, "total of cluster 0"),
        ({"total": None, "scores": {"m1": cell(1, 2)}}, "total of cluster 0"),
        ({"total": -4, "scores": {"m1": cell(1, 2)}}, "total of cluster 0"),
        ({"total": 2, "scores": {}}, "scores no model"),
        ({"total": 2, "scores": {"m1": {"total": float("inf"), "accuracy": 0.5}}}, "unusable"),
    ],
)
def test_unusable_figures_are_refused_by_cluster(
    folder: Path, cluster: dict[str, Any], words: str
) -> None:
    ranking = json.loads((folder / "ranking_x.json").read_text())
    (folder / "ranking_x.json").write_text(json.dumps({**ranking, "0": cluster}))
    with pytest.raises(RecordsError, match=words):
        read_avengers_files(folder)


def test_the_authors_own_order_can_be_had(folder: Path) -> None:
    assert (
        read_avengers_files(folder, scorer="reciprocal-rank").settings.scorer == "reciprocal-rank"
    )
    with pytest.raises(ConfigError, match="not 'ridge'"):
        read_avengers_files(folder, scorer="ridge")


def test_a_generation_that_cannot_be_read_back_is_not_served(folder: Path) -> None:
    good = read_avengers_files(folder)
    ClusterIndex.from_model(good, TopicEmbeddings(), path=folder / "index")
    served = ClusterIndex.open(folder / "index").generation
    damaged = replace(good, clusters=replace(good.clusters, counts=np.full((2, 2), np.inf)))
    with pytest.raises(ClusterIndexError):
        ClusterIndex.from_model(damaged, TopicEmbeddings(), path=folder / "index")
    left = ClusterIndex.open(folder / "index")
    assert left.generation == served
    assert [item.name for item in left.generations()] == [served]
