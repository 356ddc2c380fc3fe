"""What Chroma leaves on disk goes, and nothing else does."""

import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex, RankingSettings
from avengers_graph.routing.client import DATABASE
from avengers_graph.routing.folders import remove_unnamed_folders
from tests.routing.conftest import TopicEmbeddings

KNN = RankingSettings(n_clusters=4, partitions=1, scorer="knn")


def folders(place: Path) -> set[str]:
    return {item.name for item in place.iterdir() if item.is_dir()}


def graph(place: Path, *, file: str = "header.bin") -> str:
    """A folder such as Chroma leaves; its name."""
    name = str(uuid4())
    (place / name).mkdir()
    (place / name / file).write_bytes(b"x")
    return name


@pytest.fixture
def place(tmp_path: Path, records: list[Record], embeddings: TopicEmbeddings) -> Path:
    where = tmp_path / "an index #1"
    ClusterIndex.fit(records, embeddings, settings=KNN, path=where)
    return where


def test_a_removed_generation_leaves_no_folder_and_the_other_one_works(
    place: Path, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    old, before = ClusterIndex.open(place), folders(place)
    new = ClusterIndex.fit(records, embeddings, settings=KNN, path=place)
    fresh = folders(place) - before
    assert before
    assert fresh
    new.remove_generation(old.generation)
    assert folders(place) == (before | fresh) & _named(place)
    third = ClusterIndex.fit(records, embeddings, settings=KNN, path=place)
    third.remove_generation(new.generation)
    assert folders(place) <= _named(place)
    vector = embeddings.embed_query(records[0].query)
    for index in (third, ClusterIndex.open(place)):
        assert index.evidence(vector, index.nearest(vector)).predictions["knn"].shape == (3,)


def _named(place: Path) -> set[str]:
    with sqlite3.connect(place / DATABASE) as database:
        return {row[0] for row in database.execute("select id from segments")}


def test_only_search_graphs_without_a_name_go(place: Path) -> None:
    kept, left = folders(place), graph(place)
    foreign = graph(place, file="letters.txt")
    (place / "notes").mkdir()
    (place / str(uuid4())).write_text("a file")
    assert remove_unnamed_folders(place) == [left]
    assert folders(place) == {*kept, foreign, "notes"}


@pytest.mark.parametrize("statement", ["drop table segments", "delete from segments", None])
def test_in_doubt_nothing_goes(place: Path, statement: str | None) -> None:
    before = folders(place) | {graph(place)}
    if statement is None:
        (place / DATABASE).unlink()
    else:
        database = sqlite3.connect(place / DATABASE)
        database.execute(statement)
        database.commit()
        database.close()
    assert remove_unnamed_folders(place) == []
    assert folders(place) == before
    assert (place / DATABASE).exists() == (statement is not None)
