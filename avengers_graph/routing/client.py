"""Chroma, opened in a directory or behind a server, without creating anything by chance."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pydantic import ValidationError

from avengers_graph.errors import ClusterIndexError, IndexDamagedError, IndexNotFoundError, describe
from avengers_graph.settings.config import IndexPlace

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

DATABASE = "chroma.sqlite3"
_FIT = "run: avengers-graph fit RECORDS"
_UNWRITABLE = (
    "readonly database",
    "unable to open database file",
    "Permission denied",
    "Read-only file system",
)
"""What Chroma says where it may not write."""

_opened: "WeakValueDictionary[tuple[str, int], Any]" = WeakValueDictionary()
"""Open indexes by place, generation and the process that opened them."""
_first_opened_in: int | None = None
"""Process in which an embedded Chroma was first opened."""


def place_of(
    path: str | Path | IndexPlace | None, host: str | None = None, port: int = 8000
) -> IndexPlace:
    """Where an index is, from the keywords of ``ClusterIndex``.

    Raises:
        ClusterIndexError: they name no place, or two.
    """
    if isinstance(path, IndexPlace):
        return path
    try:
        return IndexPlace(path=None if path is None else Path(path), host=host, port=port)
    except ValidationError as error:
        raise ClusterIndexError(describe(error)) from error


def open_client(place: IndexPlace, *, create: bool) -> "ClientAPI":
    """A Chroma client on a directory or a server.

    Args:
        create: Whether a missing directory is made; without it, it is an error.

    Raises:
        IndexNotFoundError: nothing is there, or no Chroma server answers.
        IndexDamagedError: the directory holds a damaged database.
        ClusterIndexError: the database may not be written, or this process was forked from one
            that uses Chroma.
    """
    if place.path is None:
        return _server(place)
    database = place.path / DATABASE
    if database.exists():
        _check_database(database)
    elif not create:
        raise IndexNotFoundError(f"no index in {str(place)!r}; {_FIT} {place.options}")
    elif place.path.exists() and not place.path.is_dir():
        raise IndexNotFoundError(f"{str(place)!r} is a file; give a directory for the index")
    _refuse_after_fork()
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(
        path=str(place.path.resolve()), settings=Settings(anonymized_telemetry=False)
    )


def check_place(place: IndexPlace) -> None:
    """Fail before the work, not after it, where no index could be written. Makes nothing.

    Raises:
        ClusterIndexError: the directory may not be written.
        IndexNotFoundError: no Chroma server answers, or the path is a file.
        IndexDamagedError: the directory holds a damaged database.
    """
    if place.path is None:
        _server(place)
        return
    try:
        if place.path.exists() and not place.path.is_dir():
            raise IndexNotFoundError(f"{str(place)!r} is a file; give a directory for the index")
        if (place.path / DATABASE).exists():
            _check_database(place.path / DATABASE)
        # Permission bits alone tell too little: a whole file system may be read-only.
        above = place.path.absolute()
        with TemporaryFile(dir=next(p for p in (above, *above.parents) if p.exists())):
            pass
    except OSError as error:
        raise ClusterIndexError(
            f"cannot write an index to {str(place)!r} ({error.strerror}); "
            "give write permission there, or choose another directory with --index"
        ) from error


@contextmanager
def chroma_errors(place: IndexPlace) -> Iterator[None]:
    """Chroma's own errors as an index that is damaged, read-only or cannot be reached."""
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    try:
        yield
    except (ChromaError, HTTPError) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if any(words in said for words in _UNWRITABLE):
            raise _unwritable(str(place), said) from error
        raise IndexDamagedError(
            f"Chroma cannot serve the index at {place} ({said}); "
            "open it again, restore it, or fit again"
        ) from error


def remember(index: Any, place: IndexPlace, generation: str) -> None:
    """Let forked children find an open index, as long as somebody holds it."""
    _opened[_key(place, generation), os.getpid()] = index


def inherited(place: IndexPlace, generation: str) -> Any | None:
    """The index a parent process had open there; None where this process was not forked.

    Chroma's threads do not survive a fork; what an index holds in memory does.
    """
    for (key, opener), index in _opened.items():
        if key == _key(place, generation) and opener != os.getpid():
            return index
    return None


def _key(place: IndexPlace, generation: str) -> str:
    return f"{place.resolved()} {generation}"


def _refuse_after_fork() -> None:
    """Say so where opening an embedded Chroma would hang.

    Raises:
        ClusterIndexError: this is the child of a process that used it.
    """
    global _first_opened_in
    if _first_opened_in not in (None, os.getpid()):
        raise ClusterIndexError(
            "this process was forked from one that uses Chroma, and would hang; start workers "
            "with multiprocessing.get_context('spawn'), or open the index on a Chroma server"
        )
    _first_opened_in = os.getpid()


def _server(place: IndexPlace) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    try:
        return chromadb.HttpClient(
            host=place.host or "",
            port=place.port,
            settings=Settings(anonymized_telemetry=False),
        )
    except (ValueError, ChromaError, HTTPError, OSError) as error:
        raise IndexNotFoundError(
            f"no Chroma server answers at {place} ({' '.join(str(error).split())}); "
            f"start one with: chroma run {place.options}"
        ) from error


def _check_database(database: Path) -> None:
    """Refuse what Chroma cannot open, before Chroma opens it: a damaged file may end its process.

    Raises:
        IndexDamagedError: SQLite finds the file damaged, or no database.
        ClusterIndexError: the file may not be read or written.
    """
    if not os.access(database, os.R_OK | os.W_OK):
        # Chroma would fail too, and after that on every further try in this process.
        raise _unwritable(str(database.parent), f"no permission to write {database.name}")
    said = _quick_check(database)
    if said != "ok":
        raise IndexDamagedError(
            f"{str(database)!r} is damaged ({said}); "
            f"restore it, or delete the directory and {_FIT} --index {database.parent}"
        )


def _quick_check(database: Path) -> str:
    """What SQLite says of a database file: ``ok``, or what is wrong with it."""
    if not database.stat().st_size:
        return "the file is empty"  # to SQLite that is a sound database without tables
    try:
        # Opened for writing: what a killed process left half written is rolled back.
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as held:
            return str(held.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        # Another process is writing, and a writer has found the file sound.
        return "ok" if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)


def _unwritable(where: str, said: str) -> ClusterIndexError:
    return ClusterIndexError(
        f"Chroma may not write to the index at {where} ({said}), and it has to even to read it; "
        "give write permission on the directory and all in it, or copy it to where you may write"
    )
