"""Generations of an index, and the one pointer that says which is served.

A fit writes its collections under a new generation and moves the pointer last. A fit that was
killed leaves collections without a pointer to them; the next fit removes those.
"""

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from avengers_graph.errors import IndexDamagedError, IndexMismatchError, IndexNotFoundError
from avengers_graph.settings.config import IndexPlace

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

SCHEMA = 2
"""Version of what is stored and where; raised when an older reader would misread it."""
CATALOGUE = "avengers-catalogue"
PREFIX = "avengers-"
PARTS = ("clusters", "queries", "vectors")
"""Collections of one generation: centroids, validation queries, and linear models' weights."""
POINTER = "current"
_MANIFEST = "generation:"
_NO_VECTOR = np.zeros((1, 1), dtype=np.float32)
"""Chroma wants a vector with every record; the catalogue's are never searched."""
_ABANDONED = timedelta(days=1)
"""Age at which an unfinished fit counts as dead, wherever it ran."""
_SESSION = secrets.token_hex(8)
"""Distinguishes this process from an earlier one with the same process id."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One finished fit."""

    name: str
    created: str
    """UTC time, ISO 8601."""
    n_clusters: int
    n_queries: int
    n_experts: int
    current: bool


@contextmanager
def new_generation(client: "ClientAPI") -> Iterator[str]:
    """Name of a generation to write in the block; what dead fits left is removed first.

    A generation that the block does not put in service is discarded where the block fails.
    """
    discard_leftovers(client)
    # Sorts by time, and no other process picks the same.
    name = f"{datetime.now(UTC):%Y%m%dt%H%M%S%f}-{secrets.token_hex(3)}"
    try:
        yield name
    except BaseException:
        # Ctrl-C too: whatever the reason, half a generation is of no use to anybody.
        if not any(item.current for item in finished(client) if item.name == name):
            discard(client, name)
        raise


def collection_name(generation: str, part: str) -> str:
    """Name of one of the collections of a generation."""
    return f"{PREFIX}{generation}-{part}"


def create_part(
    client: "ClientAPI", generation: str, part: str, *, searched: int, links: int = 16
) -> "Collection":
    """An empty collection in L2 space.

    Args:
        searched: Vectors that a query looks at (HNSW's ef); as many as are stored makes the
            search exact.
        links: Neighbours of each vector in the search graph; twice as many make writing three
            times slower and misses rarer.
    """
    return client.create_collection(
        collection_name(generation, part),
        configuration={
            "hnsw": {
                "space": "l2",
                "ef_search": searched,
                "ef_construction": 6 * links,
                "max_neighbors": links,
            }
        },
        metadata={
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "session": _SESSION,
            "started": datetime.now(UTC).isoformat(),
        },
        embedding_function=None,
    )


def open_part(client: "ClientAPI", generation: str, part: str) -> "Collection":
    """One of the collections of a generation.

    Raises:
        IndexDamagedError: it is not there.
    """
    from chromadb.errors import NotFoundError

    name = collection_name(generation, part)
    try:
        return client.get_collection(name, embedding_function=None)
    except (NotFoundError, ValueError) as error:
        raise IndexDamagedError(
            f"generation {generation!r} lacks its collection {name!r}; "
            "roll back to another generation or fit again"
        ) from error


def finish(client: "ClientAPI", generation: str, manifest: dict[str, Any]) -> None:
    """Note that a generation is complete; ``point_to`` puts it in service."""
    catalogue = client.get_or_create_collection(CATALOGUE, embedding_function=None)
    catalogue.upsert(
        ids=[_MANIFEST + generation],
        embeddings=_NO_VECTOR,
        documents=[json.dumps(manifest, ensure_ascii=False, sort_keys=True)],
    )


def point_to(client: "ClientAPI", generation: str) -> None:
    """Serve ``generation`` from now on; it must be finished."""
    catalogue = client.get_or_create_collection(CATALOGUE, embedding_function=None)
    catalogue.upsert(
        ids=[POINTER],
        embeddings=_NO_VECTOR,
        metadatas=[{"generation": generation, "schema": SCHEMA}],
    )


def current(client: "ClientAPI", place: IndexPlace) -> str:
    """Name of the generation in service.

    Raises:
        IndexNotFoundError: nothing was ever fitted there.
        IndexMismatchError: it was written by another schema version.
    """
    found = _read(client, POINTER)
    if not found or not found["metadatas"]:
        raise IndexNotFoundError(
            f"no index at {place}; run: avengers-graph fit RECORDS {place.options}"
        )
    metadata = found["metadatas"][0]
    if metadata.get("schema") != SCHEMA:
        raise IndexMismatchError(
            f"the index at {place} has schema version {metadata.get('schema')!r}, this program "
            f"reads {SCHEMA}; fit it again, or use the version that wrote it"
        )
    return str(metadata["generation"])


def manifest(client: "ClientAPI", generation: str) -> dict[str, Any]:
    """What was recorded when the generation was finished.

    Raises:
        IndexNotFoundError: there is no such generation.
        IndexDamagedError: the record is unreadable.
    """
    found = _read(client, _MANIFEST + generation)
    if not found or not found["documents"]:
        known = [item.name for item in finished(client)]
        raise IndexNotFoundError(f"no generation {generation!r}; there are {known}")
    try:
        value = json.loads(found["documents"][0])
    except (TypeError, ValueError) as error:
        raise IndexDamagedError(
            f"the record of generation {generation!r} is unreadable; fit again"
        ) from error
    if not isinstance(value, dict):
        raise IndexDamagedError(f"the record of generation {generation!r} is {value!r}; fit again")
    return value


def finished(client: "ClientAPI") -> list[Generation]:
    """Finished generations, oldest first."""
    found = _read(client, None)
    if not found:
        return []
    served = ""
    listed: dict[str, dict[str, Any]] = {}
    for key, document, metadata in zip(
        found["ids"], found["documents"], found["metadatas"], strict=True
    ):
        if key == POINTER:
            served = str(metadata["generation"])
        elif key.startswith(_MANIFEST):
            listed[key.removeprefix(_MANIFEST)] = json.loads(document)
    return [
        Generation(
            name=name,
            created=str(value["created"]),
            n_clusters=int(value["n_clusters"]),
            n_queries=int(value["n_queries"]),
            n_experts=len(value["experts"]),
            current=name == served,
        )
        for name, value in sorted(listed.items())
    ]


def remove(client: "ClientAPI", generation: str) -> None:
    """Delete one generation's record, then its collections.

    Raises:
        IndexNotFoundError: there is no such generation.
    """
    manifest(client, generation)
    discard(client, generation)


def discard(client: "ClientAPI", generation: str) -> None:
    """Delete a generation's record, if it has one, then whatever collections it has."""
    if _read(client, _MANIFEST + generation):
        catalogue = client.get_collection(CATALOGUE, embedding_function=None)
        catalogue.delete(ids=[_MANIFEST + generation])
    present = {item.name for item in client.list_collections()}
    for part in PARTS:
        if collection_name(generation, part) in present:
            client.delete_collection(collection_name(generation, part))


def discard_leftovers(client: "ClientAPI") -> list[str]:
    """Delete the collections of fits that died, and say which generations those were.

    A fit that still runs is left alone: its process is alive, or it runs on another machine,
    and it started less than a day ago.
    """
    # In this order: what another fit finishes in between then counts as finished.
    present = client.list_collections()
    complete = {item.name for item in finished(client)}
    dead: set[str] = set()
    for item in present:
        generation, _, part = item.name.removeprefix(PREFIX).rpartition("-")
        ours = item.name.startswith(PREFIX) and part in PARTS
        if ours and generation not in complete and not _alive(item.metadata or {}):
            dead.add(generation)
    for generation in sorted(dead):
        discard(client, generation)
    return sorted(dead)


def _read(client: "ClientAPI", key: str | None) -> Any:
    from chromadb.errors import NotFoundError

    try:
        catalogue = client.get_collection(CATALOGUE, embedding_function=None)
    except (NotFoundError, ValueError):
        return None
    return catalogue.get(ids=None if key is None else [key], include=["documents", "metadatas"])


def _alive(metadata: Any) -> bool:
    """Whether the process that made a collection may still be writing."""
    started = datetime.fromisoformat(str(metadata.get("started") or "1970-01-01T00:00:00+00:00"))
    if datetime.now(UTC) - started > _ABANDONED:
        return False
    if metadata.get("host") != socket.gethostname():
        return True
    pid = int(metadata.get("pid") or 0)
    if pid == os.getpid():
        return bool(metadata.get("session") == _SESSION)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
