"""Experts without scores: in which order while there is no index, and now and then beside one."""

import logging
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from itertools import count
from types import MappingProxyType
from typing import Literal

import numpy as np

from avengers_graph.routing.ranking import in_order, ranked_row, traded_off, within_cost
from avengers_graph.types import ClusterHit, RankedExpert

LOGGER = logging.getLogger(__name__)

Unranked = Literal["equal", "given", "turns"]
RECORDS_MAKE_IT = "routing begins with records (avengers-graph collect, then fit)"
EVEN = 0.5
"""Score of every expert that nothing is known of, and of all others."""


class NoIndex:
    """Stands where an index would: it knows no cluster and no score. One for each graph."""

    def __init__(self) -> None:
        self._turns = count()
        self._said = False

    def clusters(self) -> list[ClusterHit]:
        """None; the log says so, once."""
        if not self._said:
            self._said = True
            LOGGER.warning("there is no index: no cluster is looked up; %s", RECORDS_MAKE_IT)
        return []

    def rank(
        self,
        candidates: Sequence[str],
        *,
        unranked: Unranked = "equal",
        alpha: float = 1.0,
        expected_costs: Mapping[str, float] | None = None,
        default_cost: float | None = None,
        max_cost: float | None = None,
    ) -> list[RankedExpert]:
        """``candidates``, all at the same score, in the order that ``unranked`` names.

        ``equal`` orders by ``alpha`` and cost as ``rank_experts`` does, and leaves the rest as
        listed; ``given`` keeps the list; ``turns`` begins with the next one at every request.

        Args:
            expected_costs: USD per query of experts with a price.
            default_cost: USD per query of all others.
            max_cost: USD per query; dearer experts are left out.

        Raises:
            ConfigError: a cost is needed and not known, or nobody is within ``max_cost``.
        """
        why = f"no index: {_WHY[unranked]}; {RECORDS_MAKE_IT}"
        costs = expected_costs or {}
        rows = [
            ranked_row(name, EVEN, cost=costs.get(name, default_cost), why=why)
            for name in candidates
        ]
        rows = within_cost(rows, max_cost)
        if unranked == "equal":
            return in_order(rows, traded_off(np.zeros(len(rows)), rows, alpha=alpha))
        first = next(self._turns) % len(rows) if unranked == "turns" and rows else 0
        return [*rows[first:], *rows[:first]]


_WHY: Mapping[Unranked, str] = MappingProxyType(
    {
        "equal": "all experts rank equally",
        "given": "experts are asked in the order given",
        "turns": "experts take turns",
    }
)


def explored(
    ranked: list[RankedExpert], *, scored: Collection[str], share: float, key: str
) -> list[RankedExpert]:
    """``ranked``, or in a ``share`` of the requests an expert without scores before all others.

    Whether, and which one where there are several, is drawn from a digest of ``key``: what has
    the same key is drawn alike, in any process, so that a repeated request goes where it went.

    Args:
        scored: Names of the experts that the index has scores of.
        share: In [0, 1]; 0 leaves all as it is.
    """
    unscored = [expert for expert in ranked if expert["name"] not in scored]
    digest = sha256(key.encode("utf-8", "backslashreplace")).digest()
    if not unscored or int.from_bytes(digest[:8]) >= share * 2**64:
        return ranked
    chosen = unscored[int.from_bytes(digest[8:16]) % len(unscored)]
    why = f"explored: no score of it yet, and {share:.0%} of the requests try such an expert first"
    others = [expert for expert in ranked if expert is not chosen]
    return [RankedExpert(**{**chosen, "why": why}), *others]
