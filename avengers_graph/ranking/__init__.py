"""Scores of experts near a query, and the order they are asked in. Pure functions."""
