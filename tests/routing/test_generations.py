"""Generations and the pointer: readers see the old index or the new one, never half of one."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from avengers_graph.errors import ClusterIndexError, IndexNotFoundError
from avengers_graph.records import Record
from avengers_graph.routing import ClusterIndex, generations
from avengers_graph.routing.client import open_client
from avengers_graph.settings.config import IndexPlace
from tests.routing.conftest import TopicEmbeddings, planted

ROOT = Path(__file__).parents[2]


def client_of(place: IndexPlace) -> Any:
    return open_client(place, create=False)


def child(place: IndexPlace, body: str) -> "subprocess.Popen[str]":
    """A process of its own with ``place`` and the planted records at hand."""
    code = f"""
        import os, signal, sys
        sys.path.insert(0, {str(ROOT)!r})
        from avengers_graph.settings.config import IndexPlace
        from avengers_graph.routing import ClusterIndex, store
        from tests.routing.conftest import TopicEmbeddings, planted
        place = IndexPlace.model_validate_json({place.model_dump_json()!r})
    """
    program = textwrap.dedent(code) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )


def test_a_new_fit_is_seen_by_latest_and_the_old_one_goes_on(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    old = ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    assert old.latest() is old
    new = ClusterIndex.fit(records, embeddings, n_clusters=6, path=place)
    assert old.latest().generation == new.generation == ClusterIndex.open(place).generation
    assert (len(old.nearest([0.1] * 24, k=9)), len(old.latest().nearest([0.1] * 24, k=9))) == (4, 6)
    listed = new.generations()
    assert [(item.name, item.current) for item in listed] == [
        (old.generation, False),
        (new.generation, True),
    ]
    assert (listed[1].n_clusters, listed[1].n_queries, listed[1].n_experts) == (6, 120, 3)


def test_rollback_and_removal(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    old = ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    new = ClusterIndex.fit(records, embeddings, n_clusters=6, path=place)
    assert new.rollback(old.generation).n_clusters == 4
    assert ClusterIndex.open(place).generation == old.generation
    assert ClusterIndex.open(place, generation=new.generation).n_clusters == 6
    with pytest.raises(ClusterIndexError, match="is in service"):
        old.remove_generation(old.generation)
    old.remove_generation(new.generation)
    assert [item.name for item in old.generations()] == [old.generation]
    assert len(client_of(place).list_collections()) == 1 + len(generations.PARTS)
    for call in (old.rollback, old.remove_generation):
        with pytest.raises(IndexNotFoundError, match="no generation"):
            call(new.generation)


def test_a_fit_that_fails_while_writing_leaves_nothing(
    place: IndexPlace,
    records: list[Record],
    embeddings: TopicEmbeddings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)

    def interrupted(stage: str, done: int, total: int) -> None:
        if stage == "storing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ClusterIndex.fit(records, embeddings, n_clusters=6, progress=interrupted, path=place)
    assert ClusterIndex.open(place).generation == old.generation
    assert len(client_of(place).list_collections()) == 1 + len(generations.PARTS)


def test_a_fit_killed_while_writing_leaves_the_old_one_and_is_cleaned_up(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    old = ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    killed = child(
        place,
        """
        def die(stage, done, total):
            if stage == "storing" and done:
                os.kill(os.getpid(), signal.SIGKILL)
        store._WRITE = 40
        ClusterIndex.fit(planted(), TopicEmbeddings(), n_clusters=6, progress=die, path=place)
        """,
    )
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert len(client_of(place).list_collections()) > 1 + len(generations.PARTS)
    assert ClusterIndex.open(place).generation == old.generation
    new = ClusterIndex.fit(records, embeddings, n_clusters=5, path=place)
    assert len(client_of(place).list_collections()) == 1 + 2 * len(generations.PARTS)
    assert [item.name for item in new.generations()] == [old.generation, new.generation]


def test_a_fit_that_still_runs_elsewhere_is_left_alone(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    slow = child(
        place,
        """
        def wait(stage, done, total):
            if stage == "storing" and not done:
                print("storing", flush=True)
                sys.stdin.readline()
        ClusterIndex.fit(planted(), TopicEmbeddings(), n_clusters=6, progress=wait, path=place)
        """,
    )
    assert slow.stdout is not None
    assert slow.stdin is not None
    assert slow.stdout.readline() == "storing\n"
    ClusterIndex.fit(records, embeddings, n_clusters=5, path=place)
    slow.communicate("go on\n", timeout=120)
    assert slow.returncode == 0
    assert ClusterIndex.open(place).n_clusters == 6


def test_a_reader_in_another_process_sees_the_new_generation(
    place: IndexPlace, records: list[Record], embeddings: TopicEmbeddings
) -> None:
    ClusterIndex.fit(records, embeddings, n_clusters=4, path=place)
    reader = child(
        place,
        """
        index = ClusterIndex.open(place)
        print(len(index.nearest([0.1] * 24, k=9)), flush=True)
        for line in sys.stdin:
            print(len(index.nearest([0.1] * 24, k=9)), flush=True)
            index = index.latest()
            print(len(index.nearest([0.1] * 24, k=9)), flush=True)
        """,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "4\n"
    ClusterIndex.fit(planted(40), embeddings, n_clusters=6, path=place)
    out, _ = reader.communicate("next\n", timeout=120)
    assert out.split() == ["4", "6"]
