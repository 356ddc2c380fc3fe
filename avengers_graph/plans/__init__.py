"""Strategies as data: which experts, how many samples, when to stop. Pure functions."""
