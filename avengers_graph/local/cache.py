"""The folder for joined weights and server logs, and files written there whole or not at all."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from avengers_graph.errors import LocalModelError

CACHE_VARIABLE = "AVENGERS_CACHE"

OnProgress = Callable[[str, float | None], None]
"""Called with what is going on and how much of it is done (0 to 1, None when unknown)."""

_BLOCK = 1 << 22
_REPORT_EVERY = 0.25  # seconds
_STALE_AFTER = 3600.0  # seconds without a write, after which a partial file belongs to nobody


def cache_folder(name: str) -> Path:
    """The subfolder ``name`` of the user's cache, created if need be.

    ``AVENGERS_CACHE`` overrides where the cache is.

    Raises:
        LocalModelError: the folder cannot be made.
    """
    import platformdirs

    chosen = os.environ.get(CACHE_VARIABLE)
    root = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("avengers-graph"))
    folder = root.expanduser() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalModelError(
            f"cannot create the cache folder {str(folder)!r} ({error.strerror}); "
            f"set {CACHE_VARIABLE} to a folder you can write to"
        ) from error
    return folder


def join_parts(
    parts: Sequence[Path], target: Path, *, sha256: str, on_progress: OnProgress | None = None
) -> None:
    """Write the concatenation of ``parts`` to ``target``, if its hash is ``sha256``.

    The bytes go to a temporary file beside the target that takes the final name last, so
    that a kill, a full disk or a wrong part never leaves a damaged file under that name.

    Raises:
        LocalModelError: a part cannot be read, the disk is full, or the hash is another.
    """
    total = sum(part.stat().st_size for part in parts)
    _sweep(target.parent)
    free = shutil.disk_usage(target.parent).free
    if free < total:
        raise LocalModelError(
            f"{target.parent} has {free / 1e6:.0f} MB free and {target.name} needs "
            f"{total / 1e6:.0f} MB; free some space or set {CACHE_VARIABLE} to another disk"
        )
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".partial")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _digest_of(
                parts, total=total, on_progress=on_progress, doing="joining", copy=file.write
            )
            file.flush()
            os.fsync(file.fileno())
        if digest != sha256:
            raise LocalModelError(_wrong_hash(parts[0], digest, sha256))
        partial.chmod(0o644)  # mkstemp makes it private; a cache may be shared
        partial.replace(target)
    except OSError as error:
        raise LocalModelError(
            f"cannot write {str(target)!r} ({error.strerror}); free some space or set "
            f"{CACHE_VARIABLE} to another folder"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    _remember(target, sha256)


def verify(path: Path, *, sha256: str, on_progress: OnProgress | None = None) -> None:
    """Check the hash of a file, once: size and modification time stand for it afterwards.

    Raises:
        LocalModelError: the file has another hash, or cannot be read.
    """
    if _is_remembered(path, sha256):
        return
    try:
        digest = _digest_of(
            [path], total=path.stat().st_size, on_progress=on_progress, doing="checking"
        )
    except OSError as error:
        raise LocalModelError(f"cannot read {str(path)!r} ({error.strerror})") from error
    if digest != sha256:
        raise LocalModelError(_wrong_hash(path, digest, sha256))
    _remember(path, sha256)


def _wrong_hash(path: Path, digest: str, expected: str) -> str:
    return (
        f"the weights from {str(path)!r} have SHA-256 {digest[:12]}… and not {expected[:12]}…: "
        "they are damaged or another file; install or download them again"
    )


def _digest_of(
    paths: Sequence[Path],
    *,
    total: int,
    on_progress: OnProgress | None,
    doing: str,
    copy: Callable[[bytes], object] | None = None,
) -> str:
    """SHA-256 over the bytes of ``paths`` in order, each block handed to ``copy`` on the way."""
    digest = hashlib.sha256()
    done, reported = 0, time.monotonic()
    for block in _blocks(paths):
        digest.update(block)
        if copy is not None:
            copy(block)
        done += len(block)
        if on_progress is not None and time.monotonic() - reported > _REPORT_EVERY:
            reported = time.monotonic()
            on_progress(f"{doing} weights, {total / 1e6:.0f} MB", done / total)
    return digest.hexdigest()


def _blocks(paths: Sequence[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block


def _sweep(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for partial in folder.glob("*.partial"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - partial.stat().st_mtime > _STALE_AFTER:
                partial.unlink()


def _note_of(path: Path) -> Path:
    """Where it is noted that ``path`` was verified."""
    key = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
    return cache_folder("verified") / f"{key[:32]}.json"


def _stamp(path: Path, sha256: str) -> dict[str, str | int]:
    stat = path.stat()
    return {
        "path": str(path.absolute()),
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "sha256": sha256,
    }


def _remember(path: Path, sha256: str) -> None:
    note = _note_of(path)
    fresh = note.with_suffix(f".{os.getpid()}")
    # Not being able to note it costs a second hash next time, nothing else.
    with contextlib.suppress(OSError):
        fresh.write_text(json.dumps(_stamp(path, sha256)), encoding="utf-8")
        fresh.replace(note)


def _is_remembered(path: Path, sha256: str) -> bool:
    try:
        noted = json.loads(_note_of(path).read_text(encoding="utf-8"))
        return bool(noted == _stamp(path, sha256))
    except (OSError, ValueError):
        return False
