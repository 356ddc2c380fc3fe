"""Strategies as data: which experts, how many samples, when to stop. Pure functions."""

from avengers_graph.plans.rounds import Ask, asks_for, planned_samples
from avengers_graph.plans.stopping import STOP_RULES, Standing, plan_is_done
from avengers_graph.plans.strategies import STRATEGIES, make_plan

__all__ = [
    "STOP_RULES",
    "STRATEGIES",
    "Ask",
    "Standing",
    "asks_for",
    "make_plan",
    "plan_is_done",
    "planned_samples",
]
