"""The strategies of the paper, each a function from two numbers to a plan.

A new strategy is one function here and one row in ``STRATEGIES``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from avengers_graph.errors import ConfigError
from avengers_graph.values import Plan, PlannedRound


def split_evenly(samples: int, experts: int) -> list[list[int]]:
    """``[[rank, samples], ...]``; what does not divide goes to the better-ranked experts."""
    share, left = divmod(samples, experts)
    counts = [share + (rank < left) for rank in range(experts)]
    return [[rank, count] for rank, count in enumerate(counts) if count]


def direct(*, samples: int, top_experts: int) -> Plan:
    """The best expert, asked once."""
    return _one_round("direct", [[0, 1]])


def self_consistency(*, samples: int, top_experts: int) -> Plan:
    """The best expert, asked ``samples`` times (Wang et al. 2022; the paper's default)."""
    return _one_round("self-consistency", [[0, samples]])


def multi_model(*, samples: int, top_experts: int) -> Plan:
    """The best ``top_experts``, sharing the samples."""
    return _one_round("multi-model", split_evenly(samples, top_experts))


def _one_round(name: str, calls: list[list[int]]) -> Plan:
    only = PlannedRound(calls=calls, temperature=None, stop=None)
    return Plan(name=name, weighting="uniform", rounds=[only])


STRATEGIES: Mapping[str, Callable[..., Plan]] = MappingProxyType(
    {
        "direct": direct,
        "self-consistency": self_consistency,
        "multi-model": multi_model,
    }
)


def make_plan(strategy: str, *, samples: int, top_experts: int) -> Plan:
    """The plan of a named strategy.

    Raises:
        ConfigError: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise ConfigError(f"unknown strategy {strategy!r}; choose one of {', '.join(STRATEGIES)}")
    return STRATEGIES[strategy](samples=samples, top_experts=top_experts)
