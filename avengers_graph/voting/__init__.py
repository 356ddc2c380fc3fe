"""Answers out of texts, and votes over answers. Pure functions."""
