"""How an index was fitted and how its evidence is turned into scores: one plain value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from avengers_graph.errors import ConfigError

PRIORS = ("dataset", "global")


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Settings of one fitted index; cross-validation chooses them, the index stores them."""

    n_clusters: int | None = None
    """Clusters of one partition. None: ``default_clusters`` of the number of queries."""
    partitions: int = 4
    """Partitions averaged, each from its own seed; the first is the one shown."""
    method: str = "kmeans"
    """How queries are clustered, a row of the index's registry of methods."""
    top_clusters: int = 1
    """Nearest clusters mixed in each partition."""
    beta: float = 10.0
    """Those clusters weigh softmax(-beta * Euclidean distance)."""
    shrinkage: float = 20.0
    """Scores that the prior is worth in each cluster, at least 0."""
    prior: str = "dataset"
    """What clusters shrink towards. ``dataset``: each expert's mean on the data sets that the
    query looks like, by a linear classifier. ``global``: its mean on everything."""
    scorer: str = "blend"
    """A row of ``SCORERS``."""
    neighbours: int = 50
    """Validation queries asked by the kNN scorer."""
    penalty: float = 100.0
    """L2 penalty of the ridge scorer, on unit vectors, over a sum of squared errors."""
    blend: Mapping[str, float] = field(
        default_factory=lambda: {"cluster": 0.25, "ridge": 0.5, "prior": 0.25}
    )
    """Weights of scorers in the ``blend`` scorer, at least 0; they are made to sum to 1."""

    back_off: bool = True
    """Whether a query far from every cluster falls back to the global ranking."""

    def __post_init__(self) -> None:
        for name, low in (("partitions", 1), ("top_clusters", 1), ("neighbours", 1)):
            if getattr(self, name) < low:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be {low} or more")
        for name in ("beta", "shrinkage", "penalty"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be 0 or more")
        if self.n_clusters is not None and self.n_clusters < 1:
            raise ConfigError(f"n_clusters is {self.n_clusters!r}; it must be 1 or more")
        if self.prior not in PRIORS:
            raise ConfigError(f"prior {self.prior!r} is unknown; use one of {PRIORS}")
        if min(self.blend.values(), default=0) < 0 or not sum(self.blend.values()) > 0:
            raise ConfigError(f"blend {dict(self.blend)!r} needs weights of 0 or more, not all 0")

    def needs(self, scorer: str) -> bool:
        """Whether the estimate uses ``scorer``, alone or in the blend."""
        if self.scorer == "blend":
            return self.blend.get(scorer, 0) > 0
        return self.scorer == scorer

    def to_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """From ``to_dict``.

        Raises:
            ConfigError: a field is unknown or out of range.
        """
        unknown = sorted(set(raw) - {item.name for item in fields(cls)})
        if unknown:
            raise ConfigError(f"settings {unknown} are unknown; fit the index again")
        return cls(**raw)
