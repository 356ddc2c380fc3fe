"""Search graphs that Chroma leaves on disk when it deletes a collection."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from avengers_graph.routing.client import DATABASE

_FILES = {
    "data_level0.bin",
    "header.bin",
    "index_metadata.pickle",
    "length.bin",
    "link_lists.bin",
}
"""All that Chroma writes for one search graph."""
_READ = """
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1], uri=True).execute("select id from segments"):
    print(row[0])
"""
_PATIENCE = 30.0
"""Seconds for reading them; it takes a twentieth of one."""


def remove_unnamed_folders(place: Path) -> list[str]:
    """Delete the folders beside the database that none of its collections has.

    Chroma names each after the segment whose search graph it holds, and never deletes it. The
    folders are listed before the segments: a collection made meanwhile, by this process or
    another, is in the database before its folder is on disk, so what has no name by then has
    none any more. Where anything is in doubt, nothing is deleted.

    Args:
        place: Absolute directory of an embedded Chroma.

    Returns:
        Names of the folders that were deleted, sorted.
    """
    try:
        listed = sorted(item.name for item in place.iterdir() if _is_search_graph(item))
        named = _segments(place / DATABASE)
    except (OSError, subprocess.SubprocessError):
        return []
    if not named:
        return []
    removed = []
    for name in listed:
        if name in named:
            continue
        # A file that somebody still has open may refuse to go; the next call tries again.
        with suppress(OSError):
            for file in (place / name).iterdir():
                file.unlink()
            (place / name).rmdir()
            removed.append(name)
    return removed


def _is_search_graph(item: Path) -> bool:
    try:
        if str(UUID(item.name)) != item.name:
            return False
    except ValueError:
        return False
    return (
        item.is_dir()
        and not item.is_symlink()
        and all(file.name in _FILES for file in item.iterdir())
    )


def _segments(database: Path) -> set[str]:
    """Ids of the segments of all collections, of whatever program.

    Read by a process of its own: Chroma brings its own SQLite, and closing a file in the same
    process would release the locks that it holds on it (sqlite.org/howtocorrupt.html, 2.2.1).

    Raises:
        OSError, subprocess.SubprocessError: it cannot be read.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _READ, f"{database.as_uri()}?mode=ro"],
        capture_output=True,
        text=True,
        check=True,
        timeout=_PATIENCE,
    )
    return set(done.stdout.split())
