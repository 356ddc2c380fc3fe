"""Opening Chroma, in a directory or behind a server, without creating anything by chance."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from avengers_graph.errors import ClusterIndexError, IndexDamagedError, IndexNotFoundError
from avengers_graph.routing.forks import refuse_after_fork

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

DATABASE = "chroma.sqlite3"
_FIT = "run: avengers-graph fit RECORDS --index"
_UNWRITABLE = (
    "readonly database",
    "unable to open database file",
    "Permission denied",
    "Read-only file system",
)
"""What Chroma says where it may not write."""


def open_client(path: Path | None, host: str | None, port: int, *, create: bool) -> "ClientAPI":
    """A Chroma client on a directory or a server.

    Args:
        create: Whether a missing directory is made; without it, it is an error.

    Raises:
        IndexNotFoundError: nothing is there, or no Chroma server answers.
        IndexDamagedError: the directory holds a database that is damaged.
    """
    _one_place(path, host)
    return _server(host, port) if path is None else _embedded(path, create=create)


def check_place(
    path: str | Path | None = None, *, host: str | None = None, port: int = 8000
) -> None:
    """Fail before the work, not after it, where no index could be written. Makes nothing.

    Raises:
        ClusterIndexError: it is no place, or not writable.
        IndexNotFoundError: no Chroma server answers, or ``path`` is a file.
        IndexDamagedError: the directory holds a database that is damaged.
    """
    folder = None if path is None else Path(path)
    _one_place(folder, host)
    if folder is None:
        _server(host, port)
        return
    try:
        if folder.exists() and not folder.is_dir():
            raise IndexNotFoundError(f"{str(path)!r} is a file; give a directory for the index")
        if (folder / DATABASE).exists():
            _check_database(folder / DATABASE)
        # Permission bits alone tell too little: a whole file system may be read-only.
        above = folder.absolute()
        with TemporaryFile(dir=next(p for p in (above, *above.parents) if p.exists())):
            pass
    except OSError as error:
        raise ClusterIndexError(
            f"cannot write an index to {str(path)!r} ({error.strerror}); "
            "give write permission there, or choose another directory with --index"
        ) from error


def place_name(path: Path | None, host: str | None, port: int) -> str:
    """The place as messages name it."""
    return str(path) if path is not None else f"{host}:{port}"


def place_of(client: "ClientAPI") -> dict[str, Any]:
    """Where a client's index is, as ``ClusterIndex.open`` takes it."""
    settings = client.get_settings()
    if settings.chroma_server_host is None:
        return {"path": Path(settings.persist_directory)}
    return {"host": settings.chroma_server_host, "port": settings.chroma_server_http_port}


def options_for(client: "ClientAPI") -> str:
    """The options by which a command names where a client's index is."""
    place = place_of(client)
    if "path" in place:
        return f"--index {place['path']}"
    return f"--host {place['host']} --port {place['port']}"


def _one_place(path: Path | None, host: str | None) -> None:
    if (path is None) == (host is None):
        raise ClusterIndexError(
            f"an index is at a path or on a host, not both or neither: path={path!r}, host={host!r}"
        )


def _server(host: str | None, port: int) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    try:
        return chromadb.HttpClient(
            host=host or "", port=port, settings=Settings(anonymized_telemetry=False)
        )
    except (ValueError, ChromaError, HTTPError, OSError) as error:
        raise IndexNotFoundError(
            f"no Chroma server answers at {host}:{port} ({' '.join(str(error).split())}); "
            f"start one with: chroma run --host {host} --port {port}"
        ) from error


def _embedded(path: Path, *, create: bool) -> "ClientAPI":
    database = path / DATABASE
    if database.exists():
        _check_database(database)
    elif not create:
        raise IndexNotFoundError(f"no index in {str(path)!r}; {_FIT} {path}")
    elif path.exists() and not path.is_dir():
        raise IndexNotFoundError(f"{str(path)!r} is a file; give a directory for the index")
    refuse_after_fork()
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(
        path=str(path.resolve()), settings=Settings(anonymized_telemetry=False)
    )


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
            f"restore it, or delete the directory and {_FIT} {database.parent}"
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


@contextmanager
def chroma_errors(where: str) -> Iterator[None]:
    """Chroma's own errors as an index that is damaged, read-only or cannot be reached."""
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    try:
        yield
    except (ChromaError, HTTPError) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if any(words in said for words in _UNWRITABLE):
            raise _unwritable(where, said) from error
        raise IndexDamagedError(
            f"Chroma cannot serve the index at {where} ({said}); "
            "open it again, restore it, or fit again"
        ) from error
