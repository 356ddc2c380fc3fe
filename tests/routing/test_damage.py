"""What is missing, damaged or foreign is said in one line; opening never creates anything."""

import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from avengers_graph.errors import (
    ClusterIndexError,
    IndexDamagedError,
    IndexMismatchError,
    IndexNotFoundError,
)
from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex, RankingSettings, generations
from avengers_graph.routing.client import DATABASE, chroma_errors
from avengers_graph.settings.config import IndexPlace
from tests.routing.conftest import TopicEmbeddings, free_port, planted


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed index, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("original") / "index"
    settings = RankingSettings(n_clusters=200, partitions=1, scorer="knn")
    index = ClusterIndex.fit(planted(500), TopicEmbeddings(), settings=settings, path=folder)
    index._client.close()  # type: ignore[attr-defined]
    return folder


@pytest.fixture
def copied(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "index")


def test_the_copy_is_sound(copied: Path) -> None:
    assert ClusterIndex.open(copied).n_clusters == 200


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError, match="avengers-graph fit RECORDS --index"):
        ClusterIndex.open(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexNotFoundError, match="is a file"):
        ClusterIndex.fit([Record("q", "d", {"a": 1})], TopicEmbeddings(), path=tmp_path / "file")
    with pytest.raises(ClusterIndexError, match="not both or neither"):
        ClusterIndex.open()
    with pytest.raises(IndexNotFoundError, match="chroma run"):
        ClusterIndex.open(host="127.0.0.1", port=free_port())


class NoEmbeddings(TopicEmbeddings):
    """Fails the test that comes as far as embedding."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError("embedded before the place was checked")


def test_a_place_that_cannot_be_written_fails_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    records = [Record("q", "d", {"a": 1})]
    with pytest.raises(ClusterIndexError, match=r"cannot write an index to .* \(Not a directory\)"):
        ClusterIndex.fit(records, NoEmbeddings(), path=tmp_path / "file" / "index")
    with pytest.raises(IndexNotFoundError, match="is a file"):
        ClusterIndex.fit(records, NoEmbeddings(), path=tmp_path / "file")
    with pytest.raises(IndexNotFoundError, match="chroma run"):
        ClusterIndex.fit(records, NoEmbeddings(), host="127.0.0.1", port=free_port())
    with pytest.raises(AssertionError, match="embedded before"):
        ClusterIndex.fit(records, NoEmbeddings(), path=tmp_path / "new" / "index")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write whatever the permissions say")
def test_a_read_only_index_asks_for_permission_not_for_a_new_fit(copied: Path) -> None:
    for item in (copied / DATABASE, copied):
        item.chmod(item.stat().st_mode & ~0o222)
    for call in (ClusterIndex.open, ClusterIndex.open, refit):
        with pytest.raises(ClusterIndexError, match="give write permission on the directory"):
            call(copied)
    copied.chmod(0o755)


@pytest.mark.parametrize(
    "said",
    [
        "error returned from database: (code: 8) attempt to write a readonly database",
        "Permission denied (os error 13)",
    ],
)
def test_what_chroma_may_not_write_is_not_called_damaged(said: str) -> None:
    from chromadb.errors import InternalError

    with (
        pytest.raises(ClusterIndexError, match=r"at here .* give write permission") as caught,
        chroma_errors(IndexPlace(path=Path("here"))),
    ):
        raise InternalError(said)
    assert not isinstance(caught.value, IndexDamagedError)


def test_a_chroma_directory_without_an_index(tmp_path: Path) -> None:
    import chromadb

    client = chromadb.PersistentClient(str(tmp_path))
    client.create_collection("something-else")
    where = re.escape(str(tmp_path))
    with pytest.raises(IndexNotFoundError, match=rf"no index at {where}; .* --index {where}$"):
        ClusterIndex.open(tmp_path)


@pytest.mark.integration
def test_a_chroma_server_without_an_index(chroma_server: int) -> None:
    options = rf"--host 127\.0\.0\.1 --port {chroma_server}$"
    with pytest.raises(IndexNotFoundError, match=rf"avengers-graph fit RECORDS {options}"):
        ClusterIndex.open(host="127.0.0.1", port=chroma_server)


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_a_database_that_is_none(copied: Path, content: bytes) -> None:
    (copied / DATABASE).write_bytes(content)
    for call in (ClusterIndex.open, refit):
        with pytest.raises(IndexDamagedError, match="is damaged"):
            call(copied)
    assert (copied / DATABASE).read_bytes() == content


def refit(path: Path) -> ClusterIndex:
    return ClusterIndex.fit([Record("q", "d", {"a": 1})], TopicEmbeddings(), path=path)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_a_truncated_database(copied: Path, share: float) -> None:
    database = copied / DATABASE
    size = int(share * database.stat().st_size)
    database.write_bytes(database.read_bytes()[:size])
    with pytest.raises(IndexDamagedError, match="is damaged"):
        ClusterIndex.open(copied)


@pytest.mark.parametrize("first", [100, 4096, 8192])
def test_pages_overwritten(copied: Path, first: int) -> None:
    database = copied / DATABASE
    content = bytearray(database.read_bytes())
    content[first:] = b"\xff" * (len(content) - first)
    database.write_bytes(bytes(content))
    with pytest.raises(IndexDamagedError, match="is damaged"):
        ClusterIndex.open(copied)


def test_a_database_that_another_process_writes_is_not_called_damaged(copied: Path) -> None:
    with closing(sqlite3.connect(copied / DATABASE, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert ClusterIndex.open(copied).n_clusters == 200


def test_a_deleted_search_folder(copied: Path) -> None:
    folders = [item for item in copied.iterdir() if item.is_dir()]
    assert folders, "Chroma keeps HNSW in folders; without them this test says nothing"
    for folder in folders:
        shutil.rmtree(folder)
    with pytest.raises(IndexDamagedError):
        ClusterIndex.open(copied)


def change(path: Path, statement: str) -> None:
    database = sqlite3.connect(path / DATABASE)
    database.execute(statement)
    database.commit()
    database.close()


def test_altered_scores(copied: Path) -> None:
    change(
        copied,
        """update embedding_metadata set string_value =
        replace(string_value, '"means": [', '"means": [0.123, ') where key = 'scores'""",
    )
    with pytest.raises(IndexDamagedError, match="damaged"):
        ClusterIndex.open(copied)


def test_another_schema_version(copied: Path) -> None:
    change(copied, "update embedding_metadata set int_value = 99 where key = 'schema'")
    with pytest.raises(IndexMismatchError, match="schema version 99"):
        ClusterIndex.open(copied)


def test_a_collection_is_missing(original: Path, copied: Path) -> None:
    import chromadb

    client = chromadb.PersistentClient(str(copied))
    name = generations.current(client, IndexPlace(path=copied))
    client.delete_collection(generations.collection_name(name, "queries"))
    with pytest.raises(IndexDamagedError, match="lacks its collection"):
        ClusterIndex.open(copied)
