"""Strategies as data: which experts, how many samples, when to stop. Pure functions."""

from avengers_graph.plans.plan import (
    STOP_RULES,
    Ask,
    Peers,
    Plan,
    PlannedCall,
    PlannedRound,
    Standing,
    StopRule,
    asks_for,
    plan_is_done,
    planned_samples,
)
from avengers_graph.plans.strategies import STRATEGIES, checked_plans, make_plan

__all__ = [
    "STOP_RULES",
    "STRATEGIES",
    "Ask",
    "Peers",
    "Plan",
    "PlannedCall",
    "PlannedRound",
    "Standing",
    "StopRule",
    "asks_for",
    "checked_plans",
    "make_plan",
    "plan_is_done",
    "planned_samples",
]
